"""The exact stability region in the overlaps."""

from itertools import combinations
from math import prod

from sympy import Expr, Poly, Symbol, expand, factor

from derivations.result import RANK_ONE, Background, Result, vector
from derivations.results.by_roots import overlaps_with
from derivations.step import Step
from theory.core.spectrum import jury_row
from theory.double_integrator.spectrum import stability_region
from theory.symbols import lam

BACKGROUND = Background(
    assumptions=(
        RANK_ONE,
        "Stable means that every eigenvalue lies strictly inside the unit circle; the root $0$ always does.",
    ),
    checks=("main: spectral radius",),
)

ROOTS = tuple(Symbol(f"r_{k}") for k in (1, 2, 3))
A, B = (tuple(Symbol(f"{name}_{k}", real=True) for k in (2, 1, 0)) for name in "ab")


def _at_roots(printed: Expr, oracle: Expr) -> Poly:
    """An expression in the overlaps where the roots are r_1, r_2, r_3, less what it is in the roots."""
    place = overlaps_with(prod(lam - root for root in ROOTS))
    return Poly(printed.subs(place, simultaneous=True) - oracle, *ROOTS)


def _in_letters(coefficients) -> Expr:
    """A polynomial in λ from its coefficients, leading first."""
    return Poly(list(coefficients), lam).as_expr()


def _reversed(polynomial: Expr, degree: int) -> Expr:
    """λ^d p(1/λ)."""
    return expand(lam**degree * polynomial.subs(lam, 1 / lam))


def _reduction() -> tuple[Step, ...]:
    """Two steps of Jury's table: from the cubic to a quadratic, and from that to a line."""
    (a_2, a_1, a_0), (b_2, b_1, b_0) = A, B
    chi, quadratic = _in_letters((1, *A)), _in_letters(B)
    row = jury_row([1, *A])
    q = _in_letters(row)
    ends = vector((q.subs(lam, 1), q.subs(lam, -1)))
    return (
        Step.solves(
            r"Let $\chi$ be the cubic $\lambda^3 + a_2 \lambda^2 + a_1 \lambda + a_0$. The product of its roots is $-a_0$, so "
            r"that stability needs $|a_0| < 1$. On the unit circle $\chi^*(\lambda) = \lambda^3 \chi(1/\lambda)$ has the modulus "
            r"of $\chi$. By Rouché's theorem, if $|a_0| < 1$, $\chi$ and $\chi - a_0 \chi^* = \lambda\,q(\lambda)$ have as many "
            r"roots inside the circle, and they share those on it: $\chi$ is stable iff $|a_0| < 1$ and $q$ is stable.",
            r"q(\lambda)",
            q,
            lambda printed: expand(lam * printed) - expand(chi - a_0 * _reversed(chi, 3)),
            also=([got - b for got, b in zip(row, (1 - a_0**2, a_2 - a_0 * a_1, a_1 - a_0 * a_2), strict=True)],),
        ),
        Step.solves(
            r"Once more, for $q = b_2 \lambda^2 + b_1 \lambda + b_0$ with $b_2 > 0$: it is stable iff $|b_0| < b_2$ and the "
            r"root $-b_1/(b_2 + b_0)$ of the line is inside the circle, that is iff $J_2 = b_2^2 - b_0^2$, $q(1)$ and $q(-1)$ "
            r"are positive.",
            r"[b_2 q(\lambda) - b_0 \lambda^2 q(1/\lambda)]/\lambda",
            _in_letters(jury_row([*B])),
            lambda printed: expand(lam * printed) - expand(b_2 * quadratic - b_0 * _reversed(quadratic, 2)),
            also=(
                expand(_in_letters(jury_row([*B])).subs(lam, -b_1 / (b_2 + b_0)) * (b_2 + b_0)),
                quadratic.subs(lam, 1) - (b_2 + b_0 + b_1),
                quadratic.subs(lam, -1) - (b_2 + b_0 - b_1),
            ),
        ),
        Step.equal(
            r"The ends of $q$ have the signs of $\chi(1)$ and $-\chi(-1)$ where $|a_0| < 1$.",
            r"(q(1), q(-1))",
            vector(factor(end) for end in ends),
            vector(((1 - a_0) * chi.subs(lam, 1), -(1 + a_0) * chi.subs(lam, -1))),
        ),
    )


def _conditions() -> tuple[Step, ...]:
    """The four polynomials in the overlaps, each against the roots."""
    at_one, at_minus_one, constant, table = stability_region()
    product, pairs = prod(ROOTS), [first * second for first, second in combinations(ROOTS, 2)]
    other = 1 - product**2 + sum(pairs) - product * sum(ROOTS)
    return (
        Step.solves(
            r"No real root passes through $1$: $\chi(1) > 0$. It is the product of all $1 - \lambda_i$.",
            r"\chi(1)",
            at_one,
            lambda printed: _at_roots(printed, prod(1 - root for root in ROOTS)),
        ),
        Step.solves(
            r"No real root passes through $-1$: $-\chi(-1) > 0$. It is the product of all $1 + \lambda_i$.",
            r"-\chi(-1)",
            at_minus_one,
            lambda printed: _at_roots(printed, prod(1 + root for root in ROOTS)),
        ),
        Step.solves(
            r"The product of the roots is $-a_0$.",
            r"1 - a_0^2",
            factor(constant),
            lambda printed: _at_roots(printed, 1 - product**2),
        ),
        Step.solves(
            r"$J_2 = b_2^2 - b_0^2 = (b_2 - b_0)(b_2 + b_0)$. Its factor $b_2 - b_0$ is the product of $1 - \lambda_i \lambda_j$ "
            r"over the pairs: it vanishes where a complex pair crosses the circle.",
            r"J_2",
            factor(table),
            lambda printed: _at_roots(printed, prod(1 - pair for pair in pairs) * other),
        ),
    )


def build() -> Result:
    """Jury's table of the cubic, and its conditions factored."""
    return Result(
        "stability-region",
        "Stability region",
        r"The joint system is stable exactly where four polynomials in $\sigma_{zm}$, $\sigma_{vu}$, $\kappa$ are "
        r"positive.",
        "Jury's test (Jury 1964) applied to the cubic; derived here",
        (*_reduction(), *_conditions()),
        (r"\chi(1)", r"-\chi(-1)", r"1 - a_0^2", r"J_2"),
        BACKGROUND,
    )
