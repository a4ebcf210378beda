"""The best rank-one agent for a finite horizon and control cost, beside the full-state LQR."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from scipy.linalg import solve_discrete_are
from scipy.optimize import minimize

from numerics.common.errors import FINITE, InputError, number, require
from numerics.common.plants import Plant, double_integrator
from numerics.reduced.codegen import vectorise
from numerics.reduced.gains import closed_form, observer_root
from numerics.reduced.population import population_loss
from numerics.replay.results import Run
from numerics.replay.settings import Settings
from theory.double_integrator.observer import observed_feedback as observed_feedback_formula
from theory.symbols import k_1, k_2, kappa, lambda_3, sigma_vu, sigma_zm

GOLDEN = (1 + np.sqrt(5)) / 2
FLAT = 1e-5
"""Largest slope of the loss, relative to the loss, that counts as a minimum."""
INFINITE = (-GOLDEN, 2 * GOLDEN, 1.0, 1 - np.sqrt(5))
"""The optimum for T → ∞ without control cost, with σ_vm = 1; see :mod:`theory.double_integrator.optimum`."""


@dataclass(frozen=True)
class Optimum:
    """The best rank-one agent found; one that changes over time can cost less (``long-horizon-optimum``).

    :param overlaps: σ_zm, σ_zu = κ, σ_vm = 1, σ_vu
    :param loss: its population loss
    :param gains: its effective gains (k_1, k_2) with λ_3 the real root nearest to φ⁻²
    :param slope: norm of the gradient there, in (σ_zm, κ, σ_vu)
    """

    overlaps: np.ndarray
    loss: float
    gains: np.ndarray
    slope: float


def optimum(settings: Settings) -> Optimum:
    """Minimise the population loss over the visible overlaps, from LQR with an observer root φ⁻².

    That is where the optimum lies for long horizons (see :mod:`theory.double_integrator.observer`).

    :param settings: horizon and loss
    :raises InputError: if the network leaks or is not linear
    :raises InputError: if the minimiser stops where the slope is not small against the loss
    """
    require(settings.leak == 1.0, f"leak must be 1 for the optimum; found {settings.leak:g}")

    def objective(visible: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slope = population_loss(np.array([visible[0], visible[1], 1.0, visible[2]]), settings)
        return float(loss), slope[[0, 1, 3]]

    start = observed_feedback(lqr_gain(settings.state_weight, settings.control_penalty)[0])
    found = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-12, "maxiter": 2000})
    point = np.array([found.x[0], found.x[1], 1.0, found.x[2]])
    slope = float(np.linalg.norm(objective(found.x)[1]))
    require(
        slope <= FLAT * float(found.fun),
        f"horizon and control_penalty must allow a minimum to be found, with a slope below {FLAT:g} of the loss; found "
        f"{slope / float(found.fun):.2g} at horizon {settings.horizon}, control_penalty {settings.control_penalty:g}; "
        "use values nearer to the protocol's",
    )
    return Optimum(point, float(found.fun), closed_form(point, float(observer_root(point))), slope)


@cache
def _observed() -> Callable:
    feedback = observed_feedback_formula()
    return vectorise([feedback[x] for x in (sigma_zm, kappa, sigma_vu)], [k_1, k_2, lambda_3], "LQR behind an observer")


def observed_feedback(gains: np.ndarray, root: float = GOLDEN**-2) -> np.ndarray:
    """(σ_zm, κ, σ_vu) of the agent with given effective gains and λ_3.

    :param gains: (k_1, k_2)
    :param root: λ_3; φ⁻² by default
    """
    return _observed()(*gains, root)


def gap(run: Run) -> float | None:
    """How far the final population loss of a run lies above the optimum, relative to it.

    :param run: a run; None is returned unless it completed on the double integrator with a rank-one linear network
        without leak, whose optimum is known
    """
    config = run.config
    plant = double_integrator()
    known = all(np.array_equal(config[name], getattr(plant, name)) for name in "ABC")
    plain = run.completed and config["rank"] == 1 and run.weights.w is None
    if not (known and plain and config["activation"] == "linear" and config["leak"] == 1):
        return None
    settings = Settings(**{f.name: config[f.name] for f in fields(Settings)})
    final = np.array([float(block[0, 0]) for block in run.weights.overlaps().values()])
    return float(population_loss(final, settings)[0]) / optimum(settings).loss - 1


def lqr_gain(state_weight: float = 1.0, control_penalty: float = 0.0, plant: Plant | None = None) -> np.ndarray:
    """Full-state LQR gain K of u = -K x for cost Σ state_weight |x|² + control_penalty |u|², (p, n).

    :param control_penalty: weight of |u|²; 0 is taken as the limit of a vanishing cost
    :param plant: the plant; the double integrator by default
    :raises InputError: if a weight is out of range or no feedback stabilises the plant
    """
    plant = plant or double_integrator()
    n, p, _ = plant.shape
    state_weight = number("state_weight", state_weight, 0, FINITE, open_low=True)
    control_penalty = number("control_penalty", control_penalty, 0, FINITE)
    R = max(control_penalty, 1e-12 * state_weight) * np.eye(p)
    try:
        S = solve_discrete_are(plant.A, plant.B, state_weight * np.eye(n), R)
    except np.linalg.LinAlgError:
        raise InputError("plant must be stabilisable by its controls; found no finite LQR cost") from None
    return np.linalg.solve(R + plant.B.T @ S @ plant.B, plant.B.T @ S @ plant.A)
