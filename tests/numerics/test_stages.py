"""Detection of the stages on spectra made by hand, and the bootstrap against its exact distribution."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from numerics.descent import descend
from numerics.errors import InputError
from numerics.replay import rank_one_replay
from numerics.stages import AXIS_GROWTH, Stages, bootstrap, detect, of_run
from numerics.train import train

T = 50


def spectra(*dominant):
    """Eigenvalue histories with a given dominant one and a small second one."""
    return np.array([[value, 0.1] for value in dominant], dtype=complex)


def pair(growth):
    """A complex eigenvalue with 2 T log|λ| as given."""
    return np.exp(growth / (2 * T)) * np.exp(0.2j)


def test_axis_growth_solves_its_equation():
    assert AXIS_GROWTH * np.exp(AXIS_GROWTH) == pytest.approx(2 * (np.exp(AXIS_GROWTH) - 1), rel=1e-14)


def test_both_ends_in_order():
    history = spectra(1.4, pair(5.0), pair(1.6), pair(1.0), pair(-0.1), pair(0.1), pair(-0.2), pair(-0.3))
    assert detect(history, T) == Stages(2, 6)


def test_a_real_instability_is_stage_one():
    assert detect(spectra(1.001, 1.001, 0.9), T).first is None


@pytest.mark.parametrize(("growth", "first"), [(2 * AXIS_GROWTH * 0.999, 0), (2 * AXIS_GROWTH * 1.001, 1)])
def test_growth_bound_is_twice_that_of_the_axis(growth, first):
    assert detect(spectra(pair(growth), pair(1.0), pair(-1.0)), T).first == first


def test_growth_is_that_of_one_episode():
    history = spectra(pair(4.0), pair(-1.0))
    assert detect(history, T).first is None
    assert detect(history, T // 2).first == 0


def test_never_stable_has_no_second_end():
    stages = detect(spectra(1.2, pair(1.0), pair(0.5)), T)
    assert stages == Stages(1, None)
    assert not stages.found
    assert stages.plateau == slice(1, None)


def test_unstable_at_the_last_epoch_is_not_stable():
    assert detect(spectra(pair(-1.0), pair(-1.0), pair(0.5)), T).second is None


def test_stable_from_the_start():
    stages = detect(spectra(pair(-1.0), pair(-0.5)), T)
    assert stages == Stages(None, 0)
    assert not stages.found


def test_modulus_one_is_not_stable():
    assert detect(spectra(1.0, 0.5), T).second == 1


def test_not_a_number_is_not_stable():
    assert detect(spectra(0.5, np.nan, 0.5), T).second == 2


def test_horizon_of_one_step():
    assert detect(spectra(4.0 + 3.0j, 1.5 + 1.0j, 0.5), 1) == Stages(1, 2)


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
