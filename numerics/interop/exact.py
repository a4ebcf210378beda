"""Exact plants from floating-point systems, and the reduced loop as a state-space system.

Floats become Rationals at one place only, with a stated tolerance: an exact theory of a rounded plant.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from sympy import Expr, Matrix, MatrixBase, Rational

from numerics.common.errors import number, require
from numerics.common.plants import Plant
from numerics.interop.neurons import LinearAgent, closed_loop
from numerics.interop.state_space import StateSpace, names, plant_from
from numerics.reduced.codegen import vectorise
from theory.core.loop import ReducedLoop
from theory.core.plant import LinearPlant
from theory.open_loop.imitation import AgentFilter


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of least denominator, then numerator, in [low, high], by continued fractions.

    :param low: lower bound
    :param high: upper bound, at least ``low``
    """
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -simplest_between(-high, -low)
    whole = -(-low.numerator // low.denominator)
    if whole <= high:
        return Fraction(whole)
    return whole - 1 + 1 / simplest_between(1 / (high - whole + 1), 1 / (low - whole + 1))


def rational_matrix(values: np.ndarray, tolerance: float) -> Matrix:
    """Floats as the simplest Rationals within a tolerance; with 0, the binary fractions that the floats are.

    :param values: the matrix, (rows, columns)
    :param tolerance: largest error of an entry, relative to the largest entry of the matrix
    """
    allowed = Fraction(tolerance) * Fraction(float(np.abs(values).max(initial=0.0)))

    def rational(value: float) -> Rational:
        exact = Fraction(float(value))
        simple = simplest_between(exact - allowed, exact + allowed)
        return Rational(simple.numerator, simple.denominator)

    return Matrix(*values.shape, [rational(value) for value in values.flat])


def exact_plant(system: object, tolerance: float = 1e-6) -> LinearPlant:
    """The plant of the theory from floats, every entry the simplest Rational within a tolerance.

    :param system: a :class:`~numerics.common.plants.Plant`, or a discrete-time system that
        :func:`numerics.interop.state_space.plant_from` reads
    :param tolerance: largest error of an entry, relative to the largest entry of its matrix; 0 keeps the floats' own
        binary fractions
    :raises InputError: if the system is continuous, has no stated timebase or D ≠ 0, or the tolerance not in [0, 0.5]
    """
    tolerance = number("tolerance", tolerance, 0, 0.5)
    plant = system if isinstance(system, Plant) else plant_from(system)
    return LinearPlant(*(rational_matrix(values, tolerance) for values in (plant.A, plant.B, plant.C)))


def numeric_plant(plant: LinearPlant, values: Mapping[Expr, float] | None = None) -> Plant:
    """The plant of the experiment from an exact one.

    :param values: numbers for its symbols
    :raises InputError: if a symbol is left without a number
    """
    return Plant(*(_floats(name, getattr(plant, name).subs(values or {})) for name in "ABC"))


def _floats(name: str, exact: MatrixBase) -> np.ndarray:
    left = ", ".join(sorted(map(str, exact.free_symbols)))
    require(not left, f"values must give a number to every symbol of {name}; found none for {left}")
    return np.array(exact.tolist(), dtype=np.float64).reshape(exact.shape)


@cache
def _filter_function(loop: ReducedLoop) -> tuple[Callable, list[tuple[int, int]]]:
    agent = AgentFilter.of_loop(loop)
    blocks = (agent.transition, agent.entry, agent.readout)
    entries = [entry for block in blocks for entry in block]
    return vectorise(entries, [*loop.overlaps.flat, *loop.parameters], "agent"), [block.shape for block in blocks]


def reduced_agent(loop: ReducedLoop, overlaps: ArrayLike, parameters: Sequence[float] = ()) -> LinearAgent:
    """The agent in its q + r coordinates (a, b), h = M a + U b, at numeric overlaps.

    :param loop: the loop, with symbols for the overlaps
    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu, block by block
    :raises InputError: if the number of overlaps or parameters does not fit the loop
    """
    point = np.asarray(overlaps, dtype=np.float64)
    for name, expected, found in (
        ("overlaps", (len(loop.overlaps.flat),), point.shape),
        ("parameters", len(loop.parameters), len(parameters)),
    ):
        require(expected == found, f"{name} must fit the loop; expected {expected}, found {found}")
    function, shapes = _filter_function(loop)
    cuts = np.cumsum([rows * columns for rows, columns in shapes])[:-1]
    parts = np.split(function(*point, *parameters), cuts)
    transition, entry, readout = (part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))
    return LinearAgent(transition, entry, readout, names("a", loop.plant.q) + names("b", loop.rank))


def reduced_system(
    loop: ReducedLoop,
    overlaps: ArrayLike,
    dt: float | bool,
    parameters: Sequence[float] = (),
    disturbance: str = "state",
) -> StateSpace:
    """The closed loop with matrix P_eff, see :func:`numerics.interop.neurons.closed_loop`.

    :param loop: the loop, with symbols for the overlaps
    :param overlaps: σ_zm, σ_zu, σ_vm, σ_vu, block by block
    :param dt: sampling time, or True for steps of no stated length
    :param disturbance: ``"state"``, ``"start"`` or ``"control"``
    """
    agent = reduced_agent(loop, overlaps, parameters)
    plant = numeric_plant(loop.plant, dict(zip(loop.parameters, parameters, strict=True)))
    return closed_loop(plant, agent, dt, disturbance)
