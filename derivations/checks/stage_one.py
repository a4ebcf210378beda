"""Claims about stage 1, the fast fall of the loss, decided on runs."""

import numpy as np

from derivations.check import Check, medians, share, within
from derivations.evidence.axis import HORIZON, AxisLearning
from derivations.wording import counted
from numerics.common.plants import double_integrator
from numerics.common.weights import at_overlaps
from numerics.experiment.observe import leading_eigenvalues
from numerics.experiment.simulate import rollout
from numerics.reduced.population import population_loss
from numerics.reduced.stages.axis import minimiser, valley_law, valleys
from numerics.reduced.stages.ensemble import Ensemble
from numerics.reduced.stages.oscillation import Oscillation, oscillation
from numerics.reduced.stages.resting import Rests, rests, share_right_of
from theory.double_integrator.valleys import first_valleys

STEPS = 600
"""Steps over which an oscillation is watched, at least seven periods."""
LATE = 20
"""Last epochs over which a zigzag is averaged."""
LONG = 10**6
"""Episode length at which laws for long episodes are compared with the exact sum."""
NEURONS = 100
"""Number N of neurons of the protocol."""
REACH = 0.003
"""Largest distance from a valley at which a plateau rests; the ridge of T = 50 is 0.009 away, the next valley 0.02."""


def axis(axis_learning: AxisLearning) -> list[Check]:
    """The quadratic of stage 1, and where σ_zm is driven.

    :param axis_learning: learning from networks on the axis
    """
    rng, plant = np.random.default_rng(5), double_integrator()
    gaps, moduli = [], []
    for sigma in (0.2, 0.05, -0.05, -0.2):
        root = np.sqrt(complex(sigma))
        measured = leading_eigenvalues(plant, at_overlaps(rng, (sigma, 0, 0, 0)))[:2]
        gaps.append(np.abs(np.poly(measured) - np.poly([1 + root, 1 - root])).max())
        moduli.append((abs(1 + root), abs(measured[0])))
    ends = axis_learning.paths[:, -1]
    driven = int(np.sum((ends < 0) & (ends > -0.1)))
    exact, direct = (float(paths[:, -1].mean()) for paths in (axis_learning.paths, axis_learning.direct))
    found, late = valleys(HORIZON), axis_learning.direct[:, -LATE:].mean(axis=1)
    expected = found.downhill(axis_learning.direct[:, 0])
    agreeing = int(np.sum(found.downhill(late) == expected))
    claim = "stage 1: |1 + √σ_zm| at σ_zm = -0.2 against 100 neurons (coefficients of the quadratic at four σ_zm)"
    return [
        Check(claim, *moduli[-1], float(np.max(gaps)), 1e-10),
        share("stage 1: σ_zm from ±0.2 is driven into (-0.1, 0)", driven, ends.size),
        share("stage 1: 100 neurons started on the axis rest in the valley downhill of the start", agreeing, ends.size),
        Check(
            "stage 1: mean σ_zm reached by exact map and direct training (largest difference on the way)",
            exact,
            direct,
            axis_learning.difference,
            1e-8,
            simulation_seconds=axis_learning.seconds,
        ),
    ]


def long_episodes() -> list[Check]:
    """The deepest valley, and the first from either side, of the exact sum for long episodes.

    The valleys lie 2π√(s/T) apart, which is how far the first is from its limit at most, to leading order.
    """
    low, high, found = minimiser(LONG), valley_law(LONG), valleys(LONG).bottoms * LONG
    lines = [
        Check("stage 1: T σ* of the deepest valley, T = 10⁶, law against exact sum", high, low, abs(low - high), 1e-5)
    ]
    for side, limit, first in zip(("right", "left"), map(float, first_valleys()), (found[0], found[-1]), strict=True):
        claim = f"stage 1: T σ of the first valley from the {side}, T = 10⁶: limit against exact sum"
        lines.append(Check(claim, -limit, first, abs(first + limit), 2 * np.pi * np.sqrt(limit / LONG)))
    return lines


def first_valley(ensemble: Ensemble) -> list[Check]:
    """In which valley the plateau rests: that downhill of the start, which need not be the global minimum."""
    found = rests(ensemble)
    settled = np.where(found.usable, found.valleys.downhill(found.place) == found.predicted, False)
    gained = np.where(np.isnan(found.gain), False, found.valleys.downhill(found.gain) == found.predicted)
    where = np.bincount(found.valleys.downhill(found.place[found.usable]), minlength=found.valleys.bottoms.size)
    told = ", ".join(f"{count} at {bottom:.4f}" for count, bottom in zip(where, found.valleys.bottoms, strict=True))
    ridge = float(found.valleys.ridges[0])
    expected, right = share_right_of(ridge, NEURONS), float(np.mean(found.start > ridge))
    spread = 3 * np.sqrt(expected * (1 - expected) / found.start.size)
    return [
        share(
            f"stage 1: plateaus with 20 epochs at |κ| < 0.002 rest in the valley downhill of the start ({told})",
            int(settled.sum()),
            int(found.usable.sum()),
        ),
        share(
            "stage 1: the gain K(1) of stage 2 is in the valley downhill of the start", int(gained.sum()), gained.size
        ),
        *_places(found),
        within(
            f"stage 1: fraction of networks that start right of the ridge at {ridge:.4f}, 1/(9N) as variance of σ_zm",
            expected,
            right,
            expected - spread,
            expected + spread,
        ),
    ]


def _places(found: Rests) -> list[Check]:
    """How far from the minimum of its valley a plateau rests, valley by valley."""
    lines = []
    for index, bottom in enumerate(found.valleys.bottoms):
        places = found.place[found.usable & (found.predicted == index)]
        if places.size:
            claim = (
                f"stage 1: σ_zm at which {counted(places.size, 'plateau')} of valley {index + 1} from the right rest, "
                "medians (worst)"
            )
            lines.append(medians(claim, np.full(places.size, bottom), places, REACH))
    return lines


def fall(ensemble: Ensemble) -> list[Check]:
    """Both ends are found, and at the end of stage 1 the fall of the loss is over."""
    runs = ensemble
    found = [(i, *s.ends) for i, s in enumerate(runs.stages) if s.found]
    over, falls = 0, []
    for i, first, second in found:
        loss = population_loss(runs.overlaps[: second + 1, i], runs.settings)[0]
        over += bool(loss[first] < 2.5 * np.median(loss[first:]))
        if first:
            falls.append(loss[0] / loss[first])
    least = float(np.min(falls, initial=np.inf))
    claim = f"stage 1 of the {len(falls)} runs that do not start at its end: smallest factor by which the loss falls"
    return [
        share("both ends of stages found from the spectrum", len(found), len(runs.stages)),
        share("stage 1 ends: loss within a factor 2.5 of the median of stage 2", over, len(found)),
        Check(claim, 10.0, least, float(np.maximum(0.0, 10.0 - least)) if falls else np.nan, 0.0),
    ]


def simulated(overlaps: np.ndarray, rng: np.random.Generator) -> Oscillation:
    """The position of a network of 100 neurons at given overlaps, started with a velocity of size one.

    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu
    :param rng: draws the network
    """
    start = np.array([[0.0, 1.0]])
    return oscillation(rollout(double_integrator(), at_overlaps(rng, overlaps), start, STEPS).x[:, 0, 0])


def instability(ensemble: Ensemble) -> list[Check]:
    """Stage 1 ends in an oscillatory instability, in the spectrum and in what 100 neurons do there."""
    runs, rng = ensemble, np.random.default_rng(11)
    ends = [(i, s.ends[0]) for i, s in enumerate(runs.stages) if s.found]
    dominant = np.array([runs.eigenvalues[first, i, 0] for i, first in ends])
    unstable = int(np.sum((np.abs(dominant.imag) > 1e-9) & (np.abs(dominant) > 1)))
    with np.errstate(divide="ignore"):
        period = 2 * np.pi / np.abs(np.angle(dominant))
    growth = np.log(np.abs(dominant)) * period
    seen = [simulated(runs.overlaps[first, i], rng) for i, first in ends]
    growing = sum(s.changes >= 3 and s.growth > 0 for s in seen)
    periods, growths = np.array([(s.period, s.growth) for s in seen]).T
    return [
        share("stage 1 ends in a complex pair outside the unit circle", unstable, len(ends), 0.1),
        share("stage 1 ends: 100 neurons there oscillate with growing amplitude", growing, len(ends), 0.1),
        medians(
            "stage 1 ends: period 2π/arg λ_1 against sign changes of the position, medians (worst relative)",
            period,
            periods,
            0.01,
            relative=True,
        ),
        medians(
            "stage 1 ends: growth per period, log |λ_1| × period against peaks, medians (worst)",
            growth,
            growths,
            0.02,
        ),
    ]


CLAIMS = (axis, long_episodes, first_valley, fall, instability)
