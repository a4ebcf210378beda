"""Evidence by name: claims receive what they name, gathered once; help and reports say what they rest on."""

import json
from dataclasses import replace

import numpy as np
import pytest

from derivations.check import Check
from derivations.checks import jobs, point
from derivations.checks.jobs import JOBS, rests_on
from derivations.documents.validation import Report, as_json, markdown
from derivations.evidence.derived import Derived
from derivations.evidence.gathering import REQUEST, Evidence, needs
from derivations.evidence.kinds import KINDS, meaning
from derivations.evidence.open_loop import opened
from derivations.evidence.pairs import FEW, first_pairs
from derivations.evidence.stages import ensemble, optimizers
from derivations.result import Result
from derivations.step import Step
from numerics.replay.closed_loop import rank_one_replay
from theory.symbols import kappa, lam


@pytest.mark.parametrize("name", KINDS)
def test_gatherers_ask_for_what_exists(name):
    assert set(needs(KINDS[name])) <= {*REQUEST, *KINDS}
    assert meaning(name).endswith(".")


@pytest.mark.parametrize("job", JOBS)
def test_claims_name_kinds_of_evidence(job):
    for claim in JOBS[job].claims:
        assert set(rests_on(claim)) <= set(KINDS), claim.__name__
        assert not set(needs(claim)) & set(REQUEST), claim.__name__


def test_every_kind_of_evidence_is_asked_for():
    asked = {name for job in JOBS.values() for name in (*job.evidence, job.drawn)}
    further = {name for gatherer in KINDS.values() for name in needs(gatherer)}
    assert set(KINDS) <= asked | further


def test_evidence_is_gathered_once_and_only_if_asked_for():
    calls = []

    def runs(seeds):
        calls.append("runs")
        return [seed + 1 for seed in seeds]

    def total(runs):
        calls.append("total")
        return sum(runs)

    def never():
        raise AssertionError

    def claim(runs, total, free=3):
        return runs, total, free

    found = Evidence({"runs": runs, "total": total, "never": never}, seeds=range(3))
    assert found.answer(claim) == found.answer(claim) == ([1, 2, 3], 6, 3)
    assert calls == ["runs", "total"]


def test_given_evidence_takes_the_place_of_gathered():
    assert Evidence(KINDS, pairs="mine")["pairs"] == "mine"


def test_nothing_is_kept_from_one_validation_to_the_next():
    job = replace(JOBS["stages"], claims=())
    one, other = (job.gathering(2, {}) for _ in range(2))
    assert one["ensemble"] is one["ensemble"]
    assert one["ensemble"] is not other["ensemble"]


def test_lines_say_what_they_rest_on_and_progress_is_told():
    told = []

    def loss(pairs, flow):
        return [Check("a", 1, 1, 0, 0), Check("b", 1, 1, 0, 0)]

    job = replace(JOBS["main"], claims=(loss,))
    evidence = Evidence(KINDS, pairs=None, flow=None)
    lines = job.decide(evidence, lambda *words: told.append(words))
    assert [line.evidence for line in lines] == [("pairs", "flow")] * 2
    assert told == [("checking loss", 0, 1)]


@pytest.mark.parametrize("count", [2, 5])
def test_seeds_reach_the_evidence(monkeypatch, count):
    seen = []
    monkeypatch.setattr("derivations.evidence.stages.exact_runs", lambda seeds: seen.append(list(seeds)))
    ensemble(range(count), None)
    assert seen == [list(range(count))]
    short = {"epochs": 2, "batch": 3, "neurons": 4, "horizon": 5}
    assert [pair.seed for pair in first_pairs(range(count), short, None)] == list(range(min(count, FEW)))
    assert [pair.seed for pair in opened(range(count), None, epochs=2)] == list(range(count))


def test_optimizers_are_run_on_the_first_seeds(monkeypatch):
    asked = []
    monkeypatch.setattr("derivations.evidence.stages.train", lambda replay, observers: asked.append(replay))
    optimizers(range(5), None)
    assert [replay.seed for replay in asked] == [0, 0, 1, 1, 2, 2]
    assert {replay.settings.optimizer for replay in asked} == {"sgd", "adam"}


def test_stages_need_three_seeds(run, tmp_path):
    code, _, err = run("validate", "--stages", "--seeds", 2, "--out", tmp_path / "r")
    assert (code, err.count("\n")) == (2, 1)
    assert "--seeds must be at least 3; found 2" in err


def test_help_says_how_many_seeds_each_job_takes(run):
    told = " ".join(run("validate", "--help")[1].replace("│", " ").split())
    counts = {name: job.seeds for name, job in JOBS.items()}
    assert counts == {"main": 3, "stages": 50, "open-loop": 20, "full": 3, "full-theory": 6, "tracking": 10}
    assert "default: 3; stages 50; open loop 20; full theory 6; tracking 10" in told
    assert "the first three also trained directly" in told


def test_reports_say_what_the_claims_rest_on():
    line = Check("a claim", 1.0, np.nan, np.nan, 0.1, evidence=("pairs",))
    report = Report((line,), range(2), rank_one_replay(0, 1).config(), {"pairs": meaning("pairs")})
    assert "| FAIL | pairs |" in markdown(report)
    assert f"- `pairs`: {meaning('pairs')}" in markdown(report)
    content = json.loads(as_json(report))
    assert content["checks"][0]["evidence"] == ["pairs"]
    assert content["evidence"] == {"pairs": meaning("pairs")}
    assert content["seeds"] == [0, 1]
    assert content["passed"] is False


@pytest.mark.parametrize("job", JOBS)
def test_every_job_describes_its_protocol(job):
    assert JOBS[job].protocol(0).config()["seed"] == 0


def catalogue_of(*steps):
    """A catalogue of one result."""
    return Derived([Result("x", "X", "X.", "here", steps, (steps[0].left,))], 0.0)


def test_identities_count_proofs_and_tell_what_fails():
    proved, wrong = Step.equal("R.", "a", kappa, kappa), Step.equal("R.", "b", kappa, lam)
    named, other = Step.define("R.", "c", lam), Step.define("R.", "d", lam, kappa)
    limit = Step.asymptotic("R.", "e", lam)
    (line,) = point.identities(catalogue_of(proved, named, limit))
    assert line.passed
    assert (line.theory, line.simulation) == (1, 1)
    assert "1 definition, 0 assumptions, 1 asymptotic and 0 numerical lines" in line.claim
    for bad in (wrong, other):
        (line,) = point.identities(catalogue_of(proved, bad))
        assert not line.passed
    assert jobs.MAIN[0] is point.identities
