# Two commands do everything: `make validate` runs the main job, `make test` passes the tests.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
OUT    ?= report

# Our matrices are small: more BLAS threads only compete.
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: validate test bench docs clean

define install
	@echo 'installing into $(VENV): half a minute or more'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '$(1)'
	@touch $@ $(VENV)/core
endef

$(VENV)/core: pyproject.toml
	$(call install,.)

$(VENV)/dev: pyproject.toml
	$(call install,.[dev])

$(VENV)/bench: pyproject.toml
	$(call install,.[bench])

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
