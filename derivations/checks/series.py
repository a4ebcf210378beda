"""Claims about the power series of the eigenvalues in κ: better order by order, until |κ| passes its radius."""

import numpy as np

from derivations.check import Check, medians, share
from derivations.evidence.stages import LATER
from numerics.reduced.stages.convergence import breaking, convergence_ratio, measured_ratio, passing
from numerics.reduced.stages.ensemble import Ensemble
from numerics.reduced.stages.perturbation import ORDERS, errors
from numerics.reduced.stages.saddle import SETTLED


def perturbation(ensemble: Ensemble) -> list[Check]:
    """Every order in κ improves λ_3, λ_1 and |λ_1|² on the plateau; checked where κ is small."""
    runs, lines = ensemble, []
    for name, column in (("λ_3", 0), ("λ_1", 1), ("|λ_1|²", 2)):
        worst = np.zeros(len(ORDERS))
        for i, s in enumerate(runs.stages):
            first, second = s.ends
            span = slice(first, (first + second) // 2 + 1)
            gaps = errors(runs.overlaps[span, i])
            worst = np.maximum(worst, [np.median(gaps[order][:, column]) for order in ORDERS])
        ratio = float((worst[1:] / worst[:-1]).max())
        lines.append(
            Check(
                f"perturbed {name}, orders 0 to 3, first half of stage 2: error ratio per order",
                worst[0],
                worst[-1],
                ratio,
                0.9,
            )
        )
    return lines


def convergence(ensemble: Ensemble) -> list[Check]:
    """Where the series break: at the branch point where the pair meets, after stage 2."""
    runs = ensemble
    inside, rows = 0, []
    for i, s in enumerate(runs.stages):
        if s.found:
            path, (first, second) = runs.overlaps[:, i], s.ends
            plateau = path[min(first + SETTLED, second - 1) : second]
            inside += bool(np.all(convergence_ratio(plateau)[:, 1] < 1))
            after, at = path[second : second + 2 * LATER], path[second]
            rows.append((convergence_ratio(at)[1], measured_ratio(at), passing(after), breaking(after)))
    ratio, measured, passed, broken = np.array(rows).T
    return [
        share("series in κ: |κ| below its radius along all of stage 2", inside, len(rows)),
        medians(
            "series in κ at stabilisation: |κ|/radius against the errors' ratio per order, medians (worst relative)",
            ratio,
            measured,
            0.03,
            relative=True,
        ),
        Check(
            "series in κ at stabilisation: median |κ|/radius, 1/2 to first order in σ_zm",
            0.5,
            float(np.median(ratio)),
            abs(float(np.median(ratio)) - 0.5),
            0.1,
        ),
        medians(
            "series in κ: epochs from stabilisation until |κ| passes the radius and until errors grow, medians (worst)",
            passed,
            broken,
            4,
        ),
    ]


CLAIMS = (perturbation, convergence)
