"""Many seeds at once, against one after the other."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.reduced.iterate import WORTH_ARRAYS
from numerics.reduced.stages.detection import of_run
from numerics.reduced.stages.ensemble import ensemble
from numerics.replay.closed_loop import rank_one_replay

FEW = {"epochs": 70, "batch": 10, "neurons": 20}


@pytest.mark.parametrize("count", [3, WORTH_ARRAYS])
def test_every_run_is_the_one_of_its_seed(count):
    runs = ensemble(range(count), **FEW, backend="python")
    assert runs.overlaps.shape == (70, count, 4)
    for seed in (0, count - 1):
        single = descend(rank_one_replay(seed, **FEW))
        np.testing.assert_allclose(runs.overlaps[:, seed], single.overlaps, atol=1e-10)
        np.testing.assert_allclose(runs.descent.loss[:, seed], single.loss, rtol=1e-9)
        assert runs.stages[seed] == of_run(single)


def test_runs_follow_the_order_of_their_seeds():
    one, other = ensemble((5, 2), **FEW), ensemble((2, 5), **FEW)
    np.testing.assert_array_equal(one.overlaps, other.overlaps[:, ::-1])
    assert np.abs(one.overlaps[:, 0] - one.overlaps[:, 1]).max() > 1e-2


def test_the_radius_is_that_of_the_neurons():
    runs = ensemble((4,), **FEW)
    direct = train(rank_one_replay(4, **FEW))
    np.testing.assert_allclose(np.abs(runs.eigenvalues[:, 0, 0]), direct.spectral_radius, atol=1e-9)


def test_settings_reach_the_protocol():
    runs = ensemble((1,), **FEW, horizon=11, control_penalty=0.2)
    single = train(rank_one_replay(1, **FEW, horizon=11, control_penalty=0.2))
    assert runs.settings == rank_one_replay(1, **FEW, horizon=11, control_penalty=0.2).settings
    np.testing.assert_allclose(runs.descent.loss[:, 0], single.loss, rtol=1e-9)


def test_a_run_that_diverges_is_reported_and_spares_the_others():
    runs = ensemble(range(3), **FEW, clip=np.inf)
    ends = [descend(rank_one_replay(seed, **FEW, clip=np.inf)).status for seed in range(3)]
    assert any(status != "completed" for status in ends)
    assert list(runs.descent.finite_epochs < 70) == [status != "completed" for status in ends]
    assert [s.second is None for s in runs.stages] == [status != "completed" for status in ends]


def test_no_seed_is_refused():
    with pytest.raises(InputError, match="seeds must name at least one seed; found none"):
        ensemble([])
