# Two commands do everything: `make validate` runs the main job, `make test` passes the tests.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
OUT    ?= report

# Our matrices are small: more BLAS threads only compete.
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: validate test bench docs clean

$(VENV)/core: pyproject.toml
	@echo 'installing into $(VENV): half a minute or more'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/dev: pyproject.toml
	@echo 'installing into $(VENV): half a minute or more'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/core

$(VENV)/bench: pyproject.toml
	@echo 'installing into $(VENV): half a minute or more'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[bench]'
	@touch $@ $(VENV)/core

validate: $(VENV)/core
	$(BIN)/closedloop validate --out $(OUT)

test: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

bench: $(VENV)/bench
	$(BIN)/python -m benchmarks

docs: $(VENV)/dev
	$(BIN)/python -m derivations.documents.reference site

clean:
	rm -rf $(VENV) $(OUT) site build *.egg-info
