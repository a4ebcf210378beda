"""Claims about stage 1, the fast fall of the loss, decided on runs."""

import numpy as np

from derivations.check import Check, medians, share
from derivations.evidence.axis import AxisLearning
from numerics.experiment.observe import leading_eigenvalues
from numerics.experiment.simulate import rollout
from numerics.plants import double_integrator
from numerics.population import population_loss
from numerics.stages.axis import minimiser, valley_law
from numerics.stages.ensemble import Ensemble
from numerics.stages.oscillation import Oscillation, oscillation
from numerics.weights import at_overlaps

STEPS = 600
"""Steps over which an oscillation is watched, at least seven periods."""


def axis(axis_learning: AxisLearning) -> list[Check]:
    """The quadratic of stage 1, where σ_zm is driven, and the minimum on the axis.

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
    low, high = minimiser(10**6), valley_law(10**6)
    claim = "stage 1: |1 + √σ_zm| at σ_zm = -0.2 against 100 neurons (coefficients of the quadratic at four σ_zm)"
    return [
        Check(claim, *moduli[-1], float(np.max(gaps)), 1e-10),
        share("stage 1: σ_zm from ±0.2 is driven into (-0.1, 0)", driven, ends.size),
        Check(
            "stage 1: mean σ_zm reached by exact map and direct training (largest difference on the way)",
            exact,
            direct,
            axis_learning.difference,
            1e-8,
            simulation_seconds=axis_learning.seconds,
        ),
        Check("stage 1: T σ* of the deepest valley, T = 10⁶, law against exact sum", high, low, abs(low - high), 1e-5),
    ]


def fall(ensemble: Ensemble) -> list[Check]:
    """Both ends are found, and at the end of stage 1 the fall of the loss is over.

    :param ensemble: exact runs
    """
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
    """Stage 1 ends in an oscillatory instability, in the spectrum and in what 100 neurons do there.

    :param ensemble: exact runs
    """
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


CLAIMS = (axis, fall, instability)
