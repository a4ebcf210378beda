"""The spike of the closed-loop test loss in open loop: found, predicted, and absent in closed loop."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.spike import Spike, spike
from numerics.experiment.open_loop import open_loop_replay
from numerics.reduced.descent import descend
from numerics.reduced.open_loop.descent import descend_open_loop
from numerics.reduced.open_loop.predicted_spike import predicted_spike, spike_map, start
from numerics.reduced.population import population_loss
from numerics.reduced.stages.optimum import optimum
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.settings import Settings


def pair(seed):
    """Closed-loop run of a seed and the open-loop run that its final network teaches."""
    closed = rank_one_replay(seed)
    run = descend(closed)
    return run, open_loop_replay(closed, run.weights)


def test_spike_is_the_largest_rise_above_the_running_minimum():
    assert spike(np.array([50.0, 5.0, 2.0, 30.0, 1.0, 10.0])) == Spike(3, 30.0, 15.0)
    assert spike(np.array([3.0, 2.0, 1.0])) == Spike(0, 3.0, 1.0)
    assert spike(np.array([2.0, 1.0, np.inf])).rise == np.inf
    assert not spike(np.array([1.0, 9.9])).found


@pytest.mark.parametrize("loss", [[], [1.0, np.nan]])
def test_losses_without_an_answer_are_refused(loss):
    with pytest.raises(InputError, match="loss must"):
        spike(np.array(loss))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_open_loop_spikes_where_predicted_and_closed_loop_does_not(seed):
    closed, replay = pair(seed)
    found, predicted = spike(descend_open_loop(replay).history["test_loss"]), predicted_spike(replay)
    assert found.rise > 1e3
    assert abs(found.epoch - predicted.epoch) <= 3
    assert np.log10(found.height / predicted.height) == pytest.approx(0, abs=0.1)
    assert not spike(population_loss(closed.overlaps, Settings())[0]).found


def test_prediction_depends_on_the_teacher():
    """With the teacher's sign of the memory reversed the epoch or the height are no longer those of the run."""
    _, replay = pair(1)
    wrong = replay.teacher.updated({"u": -replay.teacher.u})
    other = open_loop_replay(rank_one_replay(1), wrong)
    found, predicted = spike(descend_open_loop(replay).history["test_loss"]), predicted_spike(other)
    assert abs(np.log10(found.height / predicted.height)) > 0.3 or abs(found.epoch - predicted.epoch) > 10


def test_student_of_the_map_starts_as_described():
    teacher = np.array([-0.9, -1.5, -0.7, -0.4])
    weights = start(0.02, teacher)
    zm, zu, vm, vu = (block[0, 0] for block in weights.overlaps().values())
    np.testing.assert_allclose([zm, vu], 0, atol=1e-12)
    assert zu * vm == pytest.approx(0.02**2 * np.sqrt(4 / 3 / 3), rel=1e-9)
    assert start(0.02, teacher * [1, -1, 1, 1]).overlaps()["sigma_vm"][0, 0] == pytest.approx(-vm)


def test_less_memory_at_the_start_means_a_later_and_higher_spike():
    epochs, heights = np.moveaxis(spike_map(np.array([1e-3, 1e-2, 5e-2]), np.array([2.0])), -1, 0)
    assert (np.diff(epochs[0]) < 0).all()
    assert (np.diff(heights[0]) < 0).all()


def test_optimum_without_control_cost_is_an_unstable_filter():
    """Its recurrence alone grows, |σ_vu| > 1: the loop needs its environment to be stable."""
    assert abs(optimum(Settings(horizon=200, control_penalty=0.2)).overlaps[3]) > 1
    assert abs(optimum(Settings(horizon=200, control_penalty=0.25)).overlaps[3]) < 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_spike_in_every_open_loop_run_and_in_no_closed_loop_run(seed):
    closed, replay = pair(seed)
    assert spike(descend_open_loop(replay).history["test_loss"]).found
    assert not spike(population_loss(closed.overlaps, Settings())[0]).found
