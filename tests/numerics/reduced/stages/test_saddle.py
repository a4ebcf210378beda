"""The saddle law against the exact descent near the saddle, and the plateau's reading of a run."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.reduced.descent import descend, descend_gram
from numerics.reduced.flow import unpack
from numerics.reduced.population import FACTOR, population_loss
from numerics.reduced.stages.detection import of_run
from numerics.reduced.stages.saddle import SETTLED, Leaving, amplitude, critical_kappa, plateau, speed
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.settings import Settings
from theory.core.learning import WeightSpace
from theory.core.loop import ReducedLoop

NORMS = {"m": 0.3, "z": 0.5, "u": 0.9, "v": 1.1}
SETTINGS = Settings(horizon=20, learning_rate=1e-5, clip=np.inf)


def saddle_gram(zm, read_amplitude, write_amplitude):
    """G with the norms above, m·u = z·v = 0, and small σ_zu, σ_vm; columns m, z, u, v."""
    gram = np.diag([value**2 for value in NORMS.values()])
    gram[0, 1] = gram[1, 0] = zm
    gram[1, 2] = gram[2, 1] = read_amplitude
    gram[0, 3] = gram[3, 0] = write_amplitude
    return gram


def growth(gram, epochs=400):
    """Rate of log σ_vm per epoch over the second half of an exact descent."""
    factors = np.repeat(FACTOR[None], epochs, axis=0)
    path = descend_gram(ReducedLoop(), WeightSpace(), gram, factors, SETTINGS, backend="python").overlaps(WeightSpace())
    half = path[epochs // 2 :]
    return float(np.polyfit(np.arange(len(half)), np.log(np.abs(half[:, 2])), 1)[0]), path


def balanced(zm, size, sign):
    """The saddle's own direction, σ_zu/√(‖u‖²+‖z‖²) = ± σ_vm/‖m‖."""
    read, write = np.hypot(NORMS["u"], NORMS["z"]), NORMS["m"]
    return saddle_gram(zm, size * read, sign * size * write)


def kappa_slope(zm):
    """∂L/∂κ on the axis by a central difference."""
    losses = [population_loss(np.array([zm, k, 1.0, 0.0]), SETTINGS)[0] for k in (1e-6, -1e-6)]
    return float(losses[0] - losses[1]) / 2e-6


def axis_minimum():
    grid = -np.linspace(0.01, 0.2, 20_001)
    points = np.stack([grid, *np.zeros((3, grid.size))], axis=-1)
    return float(grid[np.argmin(population_loss(points, SETTINGS)[0])])


@pytest.mark.parametrize("sign", [1, -1])
def test_descent_leaves_the_saddle_at_the_law_s_rate(sign):
    """Of the two directions κ > 0 grows and κ < 0 decays, L_κ being negative; errors are O(κ) and O(η)."""
    zm = axis_minimum()
    measured, _ = growth(balanced(zm, 1e-5, sign))
    speed = NORMS["m"] * np.hypot(NORMS["u"], NORMS["z"])
    assert kappa_slope(zm) < 0
    assert measured == pytest.approx(sign * SETTINGS.learning_rate * abs(kappa_slope(zm)) * speed, rel=1e-2)


@pytest.mark.parametrize("sign", [1, -1])
def test_of_the_two_directions_kappa_positive_decays_where_l_kappa_is_positive(sign):
    """On the axis beyond the loss's oscillation L_κ changes sign; there the amplitude |a + b| decays, |a - b| grows."""
    zm = next(z for z in -np.linspace(0.01, 1.0, 400) if kappa_slope(z) > 0)
    measured, _ = growth(balanced(zm, 1e-7, sign), epochs=100)
    assert (measured > 0) == (sign < 0)


@pytest.mark.parametrize("wrong", [NORMS["u"], NORMS["z"], NORMS["v"]])
def test_no_single_norm_gives_the_rate(wrong):
    zm = axis_minimum()
    measured, _ = growth(balanced(zm, 1e-5, 1))
    predicted = SETTINGS.learning_rate * abs(kappa_slope(zm)) * NORMS["m"] * wrong
    assert abs(measured / predicted - 1) > 0.05


def radius(zm, kappa, vu):
    return np.abs(np.roots([1, -(vu + 2), 2 * vu - zm + 1, vu * zm - vu - kappa])).max()


@pytest.mark.parametrize("distance", [0.01, 0.04, 0.1, 0.6])
@pytest.mark.parametrize("vu", [-0.1, 0.0, 0.1])
def test_the_loop_becomes_stable_at_the_critical_kappa(distance, vu):
    found = critical_kappa(-distance, vu)
    assert radius(-distance, found * (1 - 1e-6), vu) > 1
    assert radius(-distance, found * (1 + 1e-6), vu) < 1


def test_critical_kappa_is_about_half_sigma():
    """|σ|/2 (1 + |σ|/4 - 3σ_vu/2), to third order."""
    for size in (0.01, 0.1):
        law = size / 2 * (1 + size / 4 - 1.5 * size)
        assert abs(critical_kappa(-size, size) - law) < size**3


def test_where_no_kappa_makes_the_loop_stable_there_is_no_critical_one():
    assert np.isnan(critical_kappa(-1.2, 0.0))
    assert np.isfinite(critical_kappa(-1.2, -0.3))


def test_speed_and_amplitude_of_typed_numbers():
    assert speed(0.25, 1.0, 3.0) == pytest.approx(1.0, rel=1e-14)
    assert amplitude(0.2, 0.1, 0.25, 1.0) == pytest.approx((0.2 / 2 + 0.1 / 0.5) / 2, rel=1e-14)
    assert amplitude(0.4, -0.1, 0.25, 1.0) == pytest.approx(0.0, abs=1e-16)


@pytest.fixture(scope="module")
def run():
    found = descend(rank_one_replay(1, epochs=300))
    return found, of_run(found)


def read(run, **changes):
    theory, stages = run
    given = {"overlaps": theory.overlaps, "gram": theory.history["gram"], "norms": theory.history["gradient_norm"]}
    return plateau(**{**given, **changes}, first=stages.first, second=stages.second, settings=Settings())


def test_plateau_begins_shortly_after_stage_one(run):
    assert read(run).length == run[1].second - run[1].first - SETTLED


def test_plateau_reads_norms_and_amplitude_at_its_start(run):
    theory, stages = run
    at = stages.first + SETTLED
    G, (_, zu, vm, _) = unpack(theory.history["gram"][at], 4), theory.overlaps[at]
    found = read(run)
    assert found.speed == pytest.approx(np.sqrt(G[0, 0] * (G[1, 1] + G[2, 2])), rel=1e-12)
    amplitude = abs(zu / np.sqrt(G[1, 1] + G[2, 2]) + vm / np.sqrt(G[0, 0])) / 2
    assert found.start == pytest.approx(amplitude, rel=1e-12)


def test_mean_slope_is_that_of_clipped_numerical_slopes(run):
    theory, stages = run
    span = slice(stages.first + SETTLED, stages.second)
    clip = np.minimum(1, 1 / (theory.history["gradient_norm"][span] + 1e-6))
    numerical = []
    for zm, zu, vm, vu in theory.overlaps[span]:
        losses = [population_loss(np.array([zm, zu * vm + k, 1.0, vu]), Settings())[0] for k in (1e-7, -1e-7)]
        numerical.append(float(losses[0] - losses[1]) / 2e-7)
    assert read(run).slope == pytest.approx(-np.mean(clip * numerical), rel=1e-5)
    assert read(run).slope > 0


def test_clipping_slows_the_plateau(run):
    large = 10 * np.ones_like(run[0].history["gradient_norm"])
    none = np.zeros_like(large)
    assert read(run, norms=none).slope == pytest.approx(10 * read(run, norms=large).slope, rel=1e-5)


def test_the_law_s_length_is_the_time_of_exponential_growth():
    law = Leaving(start=0.01, critical=0.04, slope=2.0, speed=0.5, rate=0.01)
    assert 0.01 * np.exp(0.01 * 2.0 * 0.5 * law.epochs()) == pytest.approx(0.04, rel=1e-14)
    assert law.epochs(4.0) == pytest.approx(law.epochs() / 2, rel=1e-14)


@pytest.mark.parametrize("slope", [0.0, -2.0])
def test_an_amplitude_that_does_not_grow_never_ends_the_plateau(slope):
    law = Leaving(start=0.01, critical=0.04, slope=slope, speed=0.5, rate=0.01)
    assert law.epochs() == np.inf
    assert law.epochs(slope) == np.inf


def test_one_run_lasts_as_long_as_the_law_says(run):
    """The law's κ_c is good to a factor 2, one e-fold of κ, half of one of the amplitude."""
    found = read(run)
    fold = 0.5 / (found.rate * found.slope * found.speed)
    assert abs(found.epochs() - found.length) < fold


@pytest.mark.parametrize(("first", "second"), [(0, 0), (5, 5), (7, 3), (-1, 4), (3, 301)])
def test_a_plateau_without_an_epoch_is_refused(run, first, second):
    theory, _ = run
    with pytest.raises(InputError, match="first and second must satisfy 0 <= first < second <= 300 epochs; found"):
        plateau(theory.overlaps, theory.history["gram"], theory.history["gradient_norm"], first, second, Settings())
