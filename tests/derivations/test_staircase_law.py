"""The law of the staircase: its result, its study's table, and claims that can fail."""

import json

import pytest

from derivations.catalogue import derive
from derivations.checks.staircase import descent, law, word_space
from derivations.results import staircase_law
from derivations.step import Kind
from derivations.studies import acquisition
from derivations.studies.acquisition import Condition, factors, predict, table, verdict
from numerics.replay.tracking_task import TrackingTask
from theory.tracking.staircase import adam_clock, growth, suffered, turning_cosine

GOOD = {"opening": [100, 400, 900, None], "alone": [110, 380, 1000, None], "law": [80, 420, 1000, None]}
TOLD = GOOD | {"measured": [110, 410, 1000, None]}


def passed(lines):
    return [line.passed for line in lines]


def test_everything_called_proved_is_proved():
    steps = derive("staircase-law").steps
    assert all(step.verified for step in steps if step.kind is Kind.PROVED)
    assert [step.kind for step in steps].count(Kind.PROVED) == 6
    assert all(step.holds for step in steps)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("adam_clock", 2 * adam_clock()),
        ("growth", -growth()),
        ("turning_cosine", -turning_cosine()),
        ("suffered", -suffered()),
    ],
)
def test_a_wrong_law_loses_its_mark(name, wrong, monkeypatch):
    monkeypatch.setattr(staircase_law, name, lambda: wrong)
    assert not all(step.holds for step in staircase_law.build().steps)


def test_hits_need_the_factor_and_the_same_silence():
    assert verdict([100, 400, None, 5], [131, 310, None, None]) == (1, 3)
    assert verdict([100, None], [130, 7]) == (1, 2)
    assert factors([100, None, 8], [50, 3, None]) == [2.0]


def test_table_has_a_line_a_run_and_counts_hits():
    records = [{"condition": "c", "seed": 3, **TOLD}, {"condition": "c", "seed": 4, **GOOD}]
    found = table(records)
    assert "| c | 3 | 110, 410, 1000, - | 100, 400, 900, - | 3 of 3 |" in found
    assert "| c | 4 |" not in found
    assert "c: 0.91, 0.90 to 0.98; hits 3 of 3" in found
    assert "c: 1.00, 0.73 to 1.02; hits 2 of 3" in found


def test_claims_hold_and_fail():
    assert passed(word_space([TOLD])) == [True, True]
    assert passed(law([TOLD])) == [True]
    late = TOLD | {"opening": [200, 800, 2000, None], "alone": [200, 800, 2000, None], "law": [300, 900, 2000, None]}
    assert passed(word_space([late])) == [False, False]
    assert passed(law([late])) == [False]


def test_descent_must_acquire_the_same_frequencies_at_the_same_epochs():
    near = {"opening": [300, 1300, None, None], "measured": [305, 1320, None, None]}
    assert passed(descent([near])) == [True]
    assert passed(descent([near | {"measured": [305, None, 1320, None]}])) == [False]
    assert passed(descent([near | {"measured": [340, 1320, None, None]}])) == [False]


def test_study_predicts_before_it_runs_and_goes_on_from_its_file(tmp_path, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(acquisition, "predict", lambda c, s: calls.append(("predict", s)) or dict(GOOD))
    monkeypatch.setattr(
        acquisition, "measure", lambda c, s: calls.append(("measure", s)) or {"measured": TOLD["measured"]}
    )
    path, conditions = tmp_path / "found.json", [Condition("c", (1, 2), 5)]
    path.write_text(json.dumps([{"condition": "c", "seed": 1, "measured": [1, 2, 3, None]}]))
    acquisition._main(path, conditions)
    assert calls == [("predict", 1), ("predict", 2), ("measure", 2)]
    assert json.loads(path.read_text())[0]["measured"] == [1, 2, 3, None]
    assert "| c | 2 |" in capsys.readouterr().out


def test_predictions_need_no_run_and_are_those_of_the_initial_weights():
    short = TrackingTask(duration=3.0)
    condition = Condition("short", (1,), 31, short)
    first, again = predict(condition, 1), predict(condition, 1)
    assert first == again
    assert set(first) == {"opening", "alone", "law"}
    assert all(len(epochs) == 4 for epochs in first.values())
