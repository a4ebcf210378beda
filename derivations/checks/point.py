"""Checks of the theory at given weights: spectrum, losses, gradients."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from derivations.check import Check
from derivations.checks.witness import complex_step, flat, project, reduced_gradient
from derivations.evidence.derived import Derived
from derivations.evidence.pairs import Pair, timed
from derivations.step import Kind
from derivations.wording import counted
from numerics.common.plants import double_integrator
from numerics.common.spectrum import joint_matrix
from numerics.common.weights import Weights
from numerics.experiment.observe import leading_eigenvalues
from numerics.experiment.train import loss_and_gradient
from numerics.reduced.evaluate import short_term
from numerics.reduced.gains import cubic_coefficients, fast_root
from numerics.reduced.long_term import long_term
from numerics.reduced.spectra import joint_eigenvalues


def identities(derived: Derived) -> list[Check]:
    """Every equation of the catalogue that is said to be proved is, and nothing else that is tested fails.

    :param derived: the results
    """
    steps = [step for result in derived.results for step in result.steps]
    kinds = Counter(step.kind for step in steps)
    failed = sum(not (step.verified if step.kind is Kind.PROVED else step.holds) for step in steps)
    others = f"{counted(kinds[Kind.DEFINITION], 'definition')}, {counted(kinds[Kind.ASSUMPTION], 'assumption')}"
    words = f"{kinds[Kind.ASYMPTOTIC]} asymptotic and {kinds[Kind.NUMERICAL]} numerical lines"
    claim = f"symbolic identities exactly zero (count); beside them {others}, {words}"
    proved = kinds[Kind.PROVED]
    return [Check(claim, proved, proved - failed, failed, 0, derived.seconds)]


def spectrum(networks: Sequence[Weights]) -> list[Check]:
    """The (N+2)-dimensional joint matrix has the roots of the cubic and otherwise zeros, 1-γ with leak.

    :param networks: networks of the runs and random ones
    """
    plant = double_integrator()
    leading, slow = timed(lambda: [leading_eigenvalues(plant, w)[:3] for w in networks])
    cubics, fast = timed(lambda: [cubic_coefficients(flat(w)) for w in networks])
    gaps = [np.abs(np.poly(values) - cubic).max() for values, cubic in zip(leading, cubics, strict=True)]
    worst = int(np.argmax(gaps))
    radius = float(np.abs(np.roots(cubics[worst])).max())
    claim = f"spectrum of P: coefficients of the cubic, {len(networks)} networks"
    lines = [Check(claim, radius, float(abs(leading[worst][0])), float(np.max(gaps)), 1e-10, fast, slow)]
    leak = 0.5
    counts = [int((np.abs(joint_eigenvalues(plant, w, leak) - (1 - leak)) < 1e-7).sum()) for w in networks]
    expected = networks[0].neurons - 2
    off = max(abs(count - expected) for count in counts)
    lines.append(Check("bulk of P with leak 0.5: multiplicity of 1-γ", expected, counts[0], off, 0))
    return lines


def horizon_gradients(networks: Sequence[Weights], pairs: Sequence[Pair]) -> list[Check]:
    """L_T and its gradient by the weights, reduced against back-propagation and complex steps.

    :param networks: networks of the runs and random ones
    :param pairs: the runs, whose settings and first batch count
    """
    settings = pairs[0].replay.settings
    x0 = pairs[0].replay.x0[0]
    plant = double_integrator()
    direct, slow = timed(lambda: [loss_and_gradient(plant, w, x0, settings) for w in networks])
    reduced, fast = timed(lambda: [reduced_gradient(w, x0, settings) for w in networks])
    loss_gap = float(np.max([abs(a[0] / b[0] - 1) for a, b in zip(reduced, direct, strict=True)]))
    stacked = [np.hstack([gradients[name] for name in "mzuv"]) for _, gradients in direct]
    slope_gap = float(
        np.max([float(np.linalg.norm(a[1] - b) / np.linalg.norm(b)) for a, b in zip(reduced, stacked, strict=True)])
    )
    norm = float(np.linalg.norm(reduced[0][1]))
    plain = float(np.linalg.norm(stacked[0]))
    stepped, steps = timed(lambda: [complex_step(w, x0, settings, i) for i, w in enumerate(networks)])
    projected = [project(a[1], w, i) for i, (a, w) in enumerate(zip(reduced, networks, strict=True))]
    step_gap = float(
        np.max([abs(s - p) / np.linalg.norm(a[1]) for s, p, a in zip(stepped, projected, reduced, strict=True)])
    )
    horizon = settings.horizon
    return [
        Check(f"loss L_T, T = {horizon} (relative)", reduced[0][0], direct[0][0], loss_gap, 1e-10, fast, slow),
        Check("gradient by all weights, back-propagation (relative)", norm, plain, slope_gap, 1e-10, fast, slow),
        Check(
            "gradient, complex step through P (relative)",
            projected[0],
            stepped[0],
            step_gap,
            1e-10,
            fast,
            steps,
        ),
    ]


def short_and_long(networks: Sequence[Weights]) -> list[Check]:
    """L_2 and L_∞ against powers of the full joint matrix.

    :param networks: networks of the runs and random ones
    """
    plant = double_integrator()
    joints = [joint_matrix(plant, w) for w in networks]
    powers, slow = timed(lambda: [np.linalg.matrix_power(P, 3)[:2, :2] for P in joints])
    exact, fast = timed(lambda: [float(short_term(flat(w))[0]) for w in networks])
    direct = [float(np.sum(block**2)) for block in powers]
    gap = float(np.max([abs(a / b - 1) for a, b in zip(exact, direct, strict=True)]))
    lines = [Check("L_2: plant block of P³ (relative)", exact[0], direct[0], gap, 1e-10, fast, slow)]
    horizon = 20
    pool = [w for w in networks if _separated(flat(w))]
    exact, fast = timed(lambda: [long_term(flat(w), horizon)[0] for w in pool])
    grown, slow = timed(lambda: [_product_of_pair(joint_matrix(plant, w)) ** horizon for w in pool])
    gap = float(np.max([abs(a / b - 1) for a, b in zip(exact, grown, strict=True)]))
    claim = f"L_∞, T = {horizon}: determinants of powers of P, {len(pool)} networks (relative)"
    lines.append(Check(claim, exact[0], grown[0], gap, 1e-8, fast, slow))
    return lines


def _separated(overlaps: np.ndarray) -> bool:
    """Whether the dominant roots are a complex pair with the third root far inside."""
    roots = np.roots(cubic_coefficients(overlaps))
    pair = roots[np.argmax(np.abs(roots))]
    return bool(abs(pair.imag) > 1e-3 and abs(fast_root(roots)) < 0.6 * abs(pair))


def _product_of_pair(joint: np.ndarray, power: int = 60) -> float:
    """λ_1 λ_2 as the ratio of determinants of the plant block at successive powers of P."""
    first = np.linalg.matrix_power(joint, power)
    second = first @ joint
    return float(np.linalg.det(second[:2, :2]) / np.linalg.det(first[:2, :2]))


CLAIMS = (identities, spectrum, horizon_gradients, short_and_long)
"""The theory at given weights."""
