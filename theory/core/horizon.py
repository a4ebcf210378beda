"""States of the loop as polynomials in the overlaps, by recurrence in a polynomial ring.

These are for print and for exact checks. Evaluated in floating point the expanded polynomials cancel
catastrophically (relative error above 1e6 at T = 40); numerics uses a rollout and its adjoint instead.
"""

from collections.abc import Sequence

from sympy import QQ, Expr, Poly
from sympy.polys.rings import PolyElement, PolyRing, ring

from theory.core.loop import ReducedLoop


def overlap_ring(loop: ReducedLoop) -> PolyRing:
    """The ring of polynomials over the rationals in the letters of the loop's overlaps and parameters.

    :param loop: the reduced loop; its entries must be polynomials with rational coefficients
    :raises ValueError: if an entry is not such a polynomial
    """
    letters = [s for overlap in loop.overlaps.flat for s in sorted(overlap.free_symbols, key=str)]
    letters = list(dict.fromkeys([*letters, *loop.parameters]))
    for entry in loop.matrix:
        coefficients = Poly(entry, *letters).coeffs() if letters and entry.is_polynomial(*letters) else [entry]
        if not all(c.is_Rational for c in coefficients):
            raise ValueError(f"loop must be polynomial with rational coefficients; found the entry {entry}")
    return ring(letters, QQ)[0]


def states(loop: ReducedLoop, steps: int, domain: PolyRing | None = None) -> list[list[list[PolyElement]]]:
    """S_t = P_eff^t S_0 for t = 0 … steps, where S_0 stacks the plant's identity on h_0 = 0.

    S_t has n + q + r rows and n columns: column j is the loop started from plant state e_j.

    :param steps: number of steps, at least 0
    :param domain: ring of the entries; :func:`overlap_ring` by default
    """
    domain = domain or overlap_ring(loop)
    rows = [[(j, domain.from_expr(e)) for j, e in enumerate(row) if e != 0] for row in loop.matrix.tolist()]
    state = [[domain(int(i == j)) for j in range(loop.plant.n)] for i in range(loop.dimension)]
    history = [state]
    for _ in range(steps):
        state = [
            [sum((entry * state[j][c] for j, entry in row), domain.zero) for c in range(loop.plant.n)] for row in rows
        ]
        history.append(state)
    return history


def impulse_response(loop: ReducedLoop, steps: int) -> list[Expr]:
    """First output y^(1)_t of the loop started from the last plant state e_n, t = 0 … steps.

    :param steps: number of steps
    """
    output = loop.plant.C[0, :]
    history = states(loop, steps)
    last = loop.plant.n - 1

    def observe(state: Sequence) -> Expr:
        return sum(c * state[i][last].as_expr() for i, c in enumerate(output))

    return [observe(state) for state in history]
