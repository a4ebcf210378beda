"""What many tests share: the catalogue, a book, a dozen runs in the place of fifty, and verdicts by claim."""

import ast
import inspect
import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from matplotlib.image import imsave

from derivations import catalogue, cli
from derivations.check import Check
from derivations.checks.jobs import JOBS
from derivations.documents import book
from numerics.reduced.stages.ensemble import ensemble

FEW = 12


@pytest.fixture(scope="session")
def results():
    """Every result of the catalogue by name."""
    return {result.name: result for result in catalogue.results()}


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A folder with two figures, one with its numbers."""
    folder = tmp_path_factory.mktemp("figures")
    for number in (2, 4):
        imsave(folder / f"figure{number}.png", np.ones((40, 60, 3)))
    np.savez(folder / "figure4.npz", difference=3e-15)
    return folder


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """A folder with a report in which one claim of three fails."""
    folder = tmp_path_factory.mktemp("report")
    lines = [
        Check("L_2: plant block of P³ (relative)", 1.5, 1.5, 3e-15, 1e-10),
        Check("seed 0: gain k_2 near stabilisation, regression from t = 9", 0.5, 0.5, 1e-12, 1e-8),
        Check("seed 1: gain k_2 near stabilisation, regression from t = 9", 0.5, 0.6, 0.1, 1e-8),
    ]
    content = {"checks": [vars(line) for line in lines]}
    (folder / "report.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def whole(results, pictures, report):
    """The book of the whole catalogue, with figures and a report."""
    return book.compose(list(results.values()), pictures, [report])


@pytest.fixture(scope="session")
def runs():
    """A dozen runs of the protocol."""
    with np.errstate(under="ignore"):
        found = ensemble(range(FEW), epochs=600)
    assert len(found.stages) == FEW
    return found


HOLE = "\0"
"""What stands for a value in a text that is put together."""


def texts(source):
    """Every text in a source; values in it are holes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def said(template, words):
    """Whether a text can hold these words, at least half of their letters outside its holes."""

    @cache
    def best(i, j):
        if i == len(words):
            return 0
        if j == len(template):
            return -np.inf
        if template[j] == HOLE:
            return max(best(i, j + 1), best(i + 1, j))
        return 1 + best(i + 1, j + 1) if template[j] == words[i] else -np.inf

    return any(best(0, start) >= 0.5 * len(words) for start in range(len(template)))


@pytest.fixture(scope="session")
def job_texts():
    """Every text in the modules that decide a job's claims, by job."""

    def of(job):
        modules = {inspect.getmodule(claim) for claim in job.claims}
        studies = {m for module in modules for m in vars(module).values() if inspect.ismodule(m)}
        ours = [m for m in (*modules, *studies) if m.__name__.startswith("derivations")]
        return sorted({text for module in ours for text in texts(inspect.getsource(module))})

    return {name: of(job) for name, job in JOBS.items()}


@pytest.fixture(scope="session")
def decides(job_texts):
    """Whether there is a line of ``validate`` with these words: decides("JOB: words")."""

    def found(entry):
        job, words = entry.split(": ", 1)
        return any(words in text for text in job_texts[job]) or any(said(text, words) for text in job_texts[job])

    return found


@pytest.fixture(scope="session")
def outcome():
    """Verdicts by claim."""
    return lambda checks: {check.claim: check.passed for check in checks}


@pytest.fixture(scope="session")
def line():
    """The one check whose claim contains a word."""

    def find(checks, word):
        (found,) = [check for check in checks if word in check.claim]
        return found

    return find


class Other:
    """Runs with other overlaps, eigenvalues, losses or stages."""

    def __init__(self, runs, loss=None, **changes):
        for name in ("stages", "overlaps", "eigenvalues", "descent", "settings"):
            setattr(self, name, changes.get(name, getattr(runs, name)))
        if loss is not None:
            self.descent = replace(runs.descent, loss=loss)


@pytest.fixture(scope="session")
def other():
    """Make runs that differ from given ones: other(runs, stages=…)."""
    return Other


@pytest.fixture
def run(capsys):
    """Run the command; returns exit code, stdout and stderr."""

    def runner(*words):
        with pytest.raises(SystemExit) as exit_:
            cli.main([str(word) for word in words])
        out, err = capsys.readouterr()
        return exit_.value.code, out, err

    return runner
