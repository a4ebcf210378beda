"""Checks of the nonlinear reduction against erf neurons: its error falls as N^{-1/2}, its closure of learning does not."""

import numpy as np

from derivations.check import Check, nothing
from derivations.evidence.erf import ErfNeurons


def law_drift(product: np.ndarray) -> float:
    """-½ d/dt (‖z‖² + ‖v‖² - ‖m‖² - ‖u‖²) if all weights are trained; zero for linear neurons.

    :param product: Xᵀ ∂L/∂X, (4, 4)
    """
    m, z, u, v = np.diag(product)
    return float(z + v - m - u)


def nonlinear(erf_neurons: ErfNeurons) -> list[Check]:
    """The nonlinear reduction: rate in N, projected gradient, and the closure of learning with its measured error.

    :param erf_neurons: what was measured on erf neurons
    """
    found, rate = erf_neurons, erf_neurons.rate
    exponent = "erf neurons: exponent in N of the trajectory's error"
    closure = f"erf neurons, N = 1000, 300 epochs: Gaussian closure (linear map off by {found.linear:.2f})"
    return [
        Check(exponent, -0.5, rate, abs(rate + 0.5), 0.1, 0.0, found.rate_seconds),
        *_gradients(found),
        nothing(closure, found.closure, 0.05, seconds=found.closure_seconds),
    ]


def _gradients(found: ErfNeurons) -> list[Check]:
    """The gradient in projection on the weights, and the drift that it gives."""
    theory, direct = found.product, found.direct
    gap = float(np.linalg.norm(theory - direct) / np.linalg.norm(direct))
    norms = float(np.linalg.norm(theory)), float(np.linalg.norm(direct))
    drifts = law_drift(theory), law_drift(direct)
    product = f"erf neurons, N = 30000: XᵀdL/dX against G S (relative; ‖X S‖ is {found.share:.2f} of the gradient)"
    drift = "erf neurons, N = 30000: drift of the law ‖z‖² + ‖v‖² - ‖m‖² - ‖u‖² of linear neurons (relative)"
    return [
        Check(product, *norms, gap, 0.05, 0.0, found.product_seconds),
        Check(drift, *drifts, abs(drifts[1] / drifts[0] - 1), 0.05, 0.0, found.product_seconds),
    ]


CLAIMS = (nonlinear,)
"""The checks on erf neurons."""
