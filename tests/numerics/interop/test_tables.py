"""Runs as tables: every number is where its name says, and a run survives the way there and back."""

import json

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.experiment.observe import ALL_OBSERVERS
from numerics.experiment.tracking.train import train_tracking
from numerics.experiment.train import train
from numerics.interop.tables import from_dataset, to_dataframe, to_dataset
from numerics.reduced.descent import descend
from numerics.replay.closed_loop import full_replay, rank_one_replay
from numerics.replay.results import Run
from numerics.replay.tracking import tracking_replay


@pytest.fixture(scope="module")
def runs():
    replay = rank_one_replay(seed=1, epochs=7, batch=5)
    short = full_replay(seed=1, epochs=3, batch=5, neurons=10, horizon=5)
    wild = rank_one_replay(seed=1, epochs=7, learning_rate=1e300, clip=np.inf)
    return {
        "theory": descend(replay),
        "simulation": train(replay, ALL_OBSERVERS),
        "full": train(short),
        "diverged": descend(wild),
        "tracking": train_tracking(tracking_replay(seed=0, epochs=3, batch=4, neurons=10)),
    }


@pytest.mark.parametrize("kind", ["theory", "simulation", "full", "diverged", "tracking"])
def test_a_run_survives_the_way_through_xarray(runs, kind, tmp_path):
    run = runs[kind]
    back = from_dataset(to_dataset(run))
    assert isinstance(back, Run)
    assert (back.kind, back.status, back.versions) == (run.kind, run.status, run.versions)
    assert back.config == json.loads(json.dumps(run.config)) | {"train": run.config["train"]}
    for found, expected in ((back.history, run.history), (back.weights.arrays(), run.weights.arrays())):
        assert set(found) == set(expected)
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array)


def test_the_dataset_names_epochs_and_overlaps(runs):
    dataset = to_dataset(runs["simulation"])
    assert dataset["loss"].dims == ("epoch",)
    assert dataset.attrs["kind"] == "simulation"
    assert json.loads(dataset.attrs["config"])["seed"] == 1
    assert "numpy" in json.loads(dataset.attrs["versions"])
    assert to_dataset(runs["tracking"])["frequency_loss"].dims == ("epoch", "frequency")
    assert dataset["gains"].dims == ("epoch", "control", "state")
    np.testing.assert_array_equal(dataset["overlaps"].sel(overlap="sigma_vm"), runs["simulation"].overlaps[:, 2])
    np.testing.assert_array_equal(
        to_dataset(runs["theory"])["gram"].sel(product="gram_uv"), runs["theory"].overlaps[:, 3]
    )


def test_the_frame_has_a_column_for_every_number(runs):
    run = runs["theory"]
    frame = to_dataframe(run)
    assert frame.index.name == "epoch"
    np.testing.assert_array_equal(frame["sigma_zu"], run.overlaps[:, 1])
    np.testing.assert_array_equal(frame["gram_mz"], frame["sigma_zm"])
    np.testing.assert_array_equal(frame["gram_zu"], frame["sigma_zu"])
    np.testing.assert_array_equal(frame["eigenvalues_1"], run.history["eigenvalues"][:, 0])
    assert frame.shape == (7, sum(int(np.prod(array.shape[1:])) for array in run.history.values()))
    assert frame.attrs["status"] == "completed"


def test_a_run_that_diverged_at_once_is_an_empty_frame(runs):
    assert to_dataframe(runs["diverged"]).attrs["status"] == runs["diverged"].status
    assert len(to_dataframe(runs["diverged"])) == runs["diverged"].loss.size


def test_a_dataset_that_is_no_run_is_refused(runs):
    dataset = to_dataset(runs["theory"])
    del dataset.attrs["status"]
    with pytest.raises(InputError, match="dataset must be a run result with the entry status; found none"):
        from_dataset(dataset)


@pytest.mark.parametrize(("convert", "name"), [(to_dataset, "xarray"), (to_dataframe, "pandas")])
def test_without_the_library_one_line_says_what_to_install(runs, convert, name, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(InputError, match=rf"{name} must be installed .* pip install 'closedloop-rnn\[data\]'"):
        convert(runs["theory"])
