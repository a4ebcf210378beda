"""Stage 3 as a continuation: exactly the same run from a later epoch, or an error."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.weights import at_overlaps
from numerics.experiment.train import loss_and_gradient, train
from numerics.reduced.descent import descend
from numerics.reduced.stages.detection import of_run
from numerics.reduced.stages.naive import naive_descent
from numerics.reduced.stages.optimum import gap
from numerics.reduced.stages.refinement import continued, refine
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.settings import Settings, paper_penalty

REPLAY = rank_one_replay(2, epochs=40, batch=10, neurons=20)


@pytest.mark.parametrize("epoch", [0, 1, 17, 39])
def test_continuation_is_the_rest_of_the_same_run(epoch):
    whole, rest = train(REPLAY), descend(continued(REPLAY, epoch))
    np.testing.assert_allclose(rest.loss, whole.loss[epoch:], rtol=1e-10)
    np.testing.assert_allclose(rest.weights.stack, whole.weights.stack, atol=1e-11)


def test_continuation_off_by_one_epoch_is_another_run():
    shifted = replace(continued(REPLAY, 17), x0=REPLAY.x0[16:39])
    assert np.abs(descend(shifted).loss / train(REPLAY).loss[17:] - 1).max() > 1e-3


def test_changed_settings_act_from_the_first_epoch_on():
    later = continued(REPLAY, 30, control_penalty=0.7)
    assert later.settings == replace(REPLAY.settings, control_penalty=0.7)
    plain, dear = (descend(continued(REPLAY, 30, control_penalty=b)).loss[0] for b in (0.0, 0.7))
    assert dear > plain


def test_continuation_after_the_last_epoch_is_refused():
    with pytest.raises(InputError):
        continued(REPLAY, 40)


def test_continuation_of_a_run_that_diverged_is_refused():
    wild = replace(REPLAY, settings=replace(REPLAY.settings, clip=np.inf, learning_rate=1.0))
    assert not descend(replace(wild, x0=wild.x0[:30])).completed
    with pytest.raises(InputError, match="diverged"):
        continued(wild, 30)


@pytest.mark.parametrize("penalty", [0.0, 2.0])
def test_refinement_is_the_same_three_ways_at_its_first_epoch(penalty):
    stage = refine(REPLAY, 35, penalty, train)
    assert stage.penalty == penalty
    assert stage.theory.config["control_penalty"] == stage.simulation.config["control_penalty"] == penalty
    np.testing.assert_allclose(stage.theory.loss, stage.simulation.loss, rtol=1e-10)
    np.testing.assert_allclose(stage.naive_overlaps[0], stage.theory.overlaps[0], atol=1e-14)
    assert stage.naive_loss[0] == pytest.approx(stage.theory.loss[0], rel=1e-10)


def test_simulation_is_left_out_on_request():
    assert refine(REPLAY, 38, 0.0).simulation is None


def test_refinement_of_a_leaky_run_starts_all_ways_from_the_same_loss_or_is_refused():
    leaky = replace(REPLAY, settings=replace(REPLAY.settings, leak=0.5))
    with suppress(InputError):
        stage = refine(leaky, 3, 0.0)
        assert stage.naive_loss[0] == pytest.approx(stage.theory.loss[0], rel=1e-10)


def overlap_loss(point, x0, settings):
    """The loss of a network of 12 neurons placed at the overlaps."""
    plant = REPLAY.plant
    return loss_and_gradient(plant, at_overlaps(np.random.default_rng(0), point, 12), x0, settings)[0]


@pytest.mark.parametrize("clip", [np.inf, 1e-2])
def test_naive_step_is_the_plain_gradient_in_the_overlaps(clip, rng):
    settings = Settings(horizon=8, learning_rate=0.1, clip=clip, control_penalty=0.3)
    x0, point, step = rng.normal(size=(6, 2)), np.array([-0.5, 0.4, 0.6, -0.3]), 1e-5
    slope = [
        (overlap_loss(point + row, x0, settings) - overlap_loss(point - row, x0, settings)) / (2 * step)
        for row in step * np.eye(4)
    ]
    factor = np.linalg.cholesky(x0.T @ x0 / 6)
    run = naive_descent(point, np.repeat(factor[None], 2, axis=0), settings)
    expected = -0.1 * min(1.0, clip / np.linalg.norm(slope)) * np.array(slope)
    np.testing.assert_allclose(run.overlaps[1] - run.overlaps[0], expected, rtol=2e-4)
    assert run.loss[0] == pytest.approx(overlap_loss(point, x0, settings), rel=1e-12)
    assert run.status == "completed"
    again = naive_descent(run.overlaps[1], factor[None], settings)
    np.testing.assert_array_equal(run.final, again.final)


@pytest.mark.parametrize(("rate", "epoch"), [(1e100, 1), (1e308, 0)])
def test_a_naive_descent_that_leaves_the_floats_says_so(rate, epoch):
    settings = Settings(horizon=50, learning_rate=rate, clip=np.inf)
    run = naive_descent(np.array([-0.5, 0.4, 0.6, -0.3]), np.repeat(np.eye(2)[None], 4, axis=0), settings)
    assert run.status == f"diverged at epoch {epoch}"
    assert run.overlaps.shape == (1, 4)
    assert run.loss.shape == (1,)
    assert np.isfinite(run.final).all()
    assert (np.abs(run.final).max() > 1e90) == (epoch == 1)


def tenth(replay):
    """The same batches, each ten times, at a tenth of the learning rate."""
    settings = replace(replay.settings, learning_rate=replay.settings.learning_rate / 10)
    return replace(replay, x0=np.repeat(replay.x0, 10, axis=0), settings=settings)


@pytest.mark.parametrize(("beta", "before", "after"), [(0.0, (0.15, 0.3), (0.15, 0.3)), (5.0, (5e-3, 0.03), (0, 5e-4))])
def test_what_is_left_with_a_control_cost_is_the_zigzag_and_without_one_the_way_itself(beta, before, after):
    """Smaller steps along the same way end at the optimum with a cost, and as far from it as before without."""
    replay = rank_one_replay(2)
    second = of_run(descend(replay)).second
    later = continued(replay, second, control_penalty=paper_penalty(beta))
    for run, (low, high) in ((later, before), (tenth(later), after)):
        assert low < gap(descend(run)) < high
