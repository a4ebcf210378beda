"""Detection of the stages on spectra made by hand, and the bootstrap against its exact distribution."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from numerics.common.errors import InputError
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.reduced.stages.detection import AXIS_GROWTH, SETTLED_SWING, Stages, bootstrap, detect, of_run, swing
from numerics.replay.closed_loop import rank_one_replay

T = 50


def spectra(*pairs):
    """Eigenvalue histories with given first and second eigenvalues."""
    return np.array(pairs, dtype=complex)


def axis(scaled):
    """The pair 1 ± √σ_zm at T σ_zm = -scaled."""
    root = np.sqrt(complex(-scaled / T))
    return 1 + root, 1 - root


def far(value):
    """A dominant eigenvalue beside one at rest."""
    return value, 0.1


STABLE, UNSTABLE = far(0.9), axis(1.6)


def test_axis_growth_solves_its_equation():
    assert AXIS_GROWTH * np.exp(AXIS_GROWTH) == pytest.approx(2 * (np.exp(AXIS_GROWTH) - 1), rel=1e-14)


def test_bound_is_twice_the_least_mean_square_on_the_axis():
    s = np.linspace(0.1, 5, 100_001)
    least = ((np.exp(s) - 1) / s**2).min()
    assert abs(SETTLED_SWING / least - 1) < 1e-8


@pytest.mark.parametrize("sigma", [-0.08, -0.03, 0.02, 0.3])
def test_swing_is_the_mean_square_position_of_the_stepped_loop(sigma):
    x, y, total = 0.0, 1.0, 0.0
    for _ in range(T):
        total += x**2
        x, y = x + y, y + sigma * x
    root = np.sqrt(complex(sigma))
    assert swing(spectra((1 + root, 1 - root)), T)[0] == pytest.approx(total / T, rel=1e-12)


def test_swing_of_two_real_roots_is_that_of_their_powers():
    t = np.arange(T)
    expected = np.mean(((0.9**t - 0.3**t) / 0.6) ** 2)
    assert swing(spectra((0.9, 0.3)), T)[0] == pytest.approx(expected, rel=1e-12)


def test_both_ends_in_order():
    history = spectra(axis(-0.1), axis(6.0), axis(1.6), axis(1.2), STABLE, UNSTABLE, STABLE, STABLE)
    assert detect(history, T) == Stages(2, 6)


@pytest.mark.parametrize(("scaled", "first"), [(0.30, 1), (0.60, 0), (3.0, 0), (5.0, 1)])
def test_stage_one_ends_near_the_valley_from_either_side(scaled, first):
    assert detect(spectra(axis(scaled), UNSTABLE, STABLE), T).first == first


def test_a_real_pair_near_one_is_stage_one_and_far_apart_is_not():
    """The definition asks for the swing, not for an oscillation."""
    assert detect(spectra((1.001, 0.999), STABLE), T).first == 1
    assert detect(spectra(far(1.001), STABLE), T) == Stages(0, 1)


def test_swing_is_over_one_episode():
    history = spectra(axis(6.0), STABLE)
    assert detect(history, T).first == 1
    assert detect(history, T // 3).first == 0


def test_never_stable_has_no_second_end():
    stages = detect(spectra(far(1.2), UNSTABLE, UNSTABLE), T)
    assert stages == Stages(1, None)
    assert not stages.found
    assert stages.plateau == slice(1, None)


def test_unstable_at_the_last_epoch_is_not_stable():
    assert detect(spectra(STABLE, STABLE, UNSTABLE), T).second is None


def test_stable_from_the_start():
    stages = detect(spectra(STABLE, STABLE), T)
    assert stages == Stages(0, 0)
    assert stages.found


def test_modulus_one_is_not_stable():
    assert detect(spectra(far(1.0), STABLE), T).second == 1


def test_not_a_number_is_not_stable():
    assert detect(spectra(STABLE, (np.nan, np.nan), STABLE), T).second == 2
    assert detect(spectra((np.inf, np.inf), (np.nan, 1.0), STABLE), T).first == 2


def test_horizon_of_one_step():
    """Nothing has moved yet: there is no fall to wait for."""
    assert detect(spectra(far(4.0), far(1.5), STABLE), 1) == Stages(0, 2)


def test_stages_of_both_kinds_of_run_agree():
    replay = rank_one_replay(0, epochs=70, batch=20, neurons=20)
    theory, simulation = descend(replay), train(replay)
    assert of_run(theory) == of_run(simulation)
    assert of_run(theory).second == theory.stabilisation() == simulation.stabilisation()


@pytest.mark.parametrize("make", [descend, train])
def test_a_run_that_diverges_has_no_stable_end(make):
    run = make(rank_one_replay(0, epochs=30, clip=np.inf))
    assert not run.completed
    assert of_run(run).second is None


@pytest.mark.parametrize("make", [descend, train])
def test_a_run_that_diverges_at_once_has_no_stages(make):
    replay = rank_one_replay(0, epochs=2, batch=3)
    with np.errstate(over="ignore"):
        run = make(replace(replay, x0=1e200 * replay.x0))
    assert run.status == "diverged at epoch 0"
    assert not of_run(run).found


def test_bootstrap_interval_is_the_exact_one_of_the_median():
    """The median of n resamples is at most the k-th smallest with probability P(Bin(n, k/n) ≥ (n+1)/2)."""
    values, n = np.arange(1.0, 102.0), 101
    below = 1 - binom.cdf((n + 1) / 2 - 1, n, np.arange(1, n + 1) / n)
    low, high = (values[np.searchsorted(below, level)] for level in (0.025, 0.975))
    found = bootstrap(np.random.default_rng(1).permutation(values), np.random.default_rng(0), 40_000)
    assert (found.median, found.count) == (51, 101)
    assert (found.low, found.high) == (low, high)


def test_bootstrap_of_one_value_is_that_value():
    found = bootstrap([3.0], np.random.default_rng(0))
    assert (found.low, found.median, found.high, found.count) == (3, 3, 3, 1)


def test_one_run_is_told_without_an_interval():
    rng = np.random.default_rng(0)
    assert bootstrap([17.0], rng).told("epochs") == "17 epochs (one run)"
    assert bootstrap([17.0, 17.0], rng).told("epochs") == "median 17 epochs, 95 % interval 17 to 17"
    assert bootstrap([2 / 3], rng).told(digits=3) == "0.667 (one run)"


def test_bootstrap_is_a_function_of_its_generator():
    values = np.random.default_rng(2).normal(size=30)
    one, two = (bootstrap(values, np.random.default_rng(5)) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("values", "samples", "message"),
    [
        ([], 5, "values must hold at least one"),
        ([1.0, np.nan], 5, "values must be finite"),
        ([1.0], 0, "samples must be at least 1"),
    ],
)
def test_bootstrap_of_nothing_is_refused(values, samples, message, rng):
    with pytest.raises(InputError, match=message):
        bootstrap(values, rng, samples)
