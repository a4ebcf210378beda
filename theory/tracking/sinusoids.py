"""The loss of one sinusoid in the reference, its slope, and functions of λ on the unit circle.

Under the reference a cos(ωt + φ) the error ends as Re E(λ) a e^{i(ωt + φ)} with λ = e^{iω}, and phases are uniform and
independent, so sinusoids do not interfere and the losses of several add. Conjugates are taken by λ → 1/λ, as the
coefficients are real. Source: derived here.
"""

from collections.abc import Iterable

from sympy import Expr, MatrixBase, Poly, Rational, cancel, fraction, rem

from theory import symbols
from theory.symbols import lam


def sinusoid_loss(
    error: Iterable[Expr],
    conjugate: Iterable[Expr],
    amplitude: Expr = symbols.amplitude,
    step: Expr = symbols.dt,
) -> Expr:
    """dt (a²/2) Σ_i e_i e_i*, the mean over the phase of dt Σ_i (Re e_i a e^{iφ})².

    :param error: e_i, the error in each output under the reference e^{iωt}
    :param conjugate: e_i*; of a real system at e^{iω}, e_i at 1/λ
    :param amplitude: a
    :param step: dt
    """
    pairs = zip(error, conjugate, strict=True)
    return step * amplitude**2 * Rational(1, 2) * sum(cancel(e * mirror) for e, mirror in pairs)


def stationary_loss(error: MatrixBase, axis: int, amplitude: Expr = symbols.amplitude, step: Expr = symbols.dt) -> Expr:
    """Stationary loss of one sinusoid on one axis: dt (a²/2) Σ_i |E_{i,axis}(λ)|² at λ = e^{iω}.

    Phases are uniform and independent, so sinusoids do not interfere, and the losses of several add.

    :param error: E(λ)
    :param axis: the axis of the reference, from 0
    :param amplitude: a
    :param step: dt
    """
    column = error.col(axis)
    return sinusoid_loss(column, column.subs(lam, 1 / lam), amplitude, step)


def stationary_slope(
    error: MatrixBase, slope: MatrixBase, axis: int, amplitude: Expr = symbols.amplitude, step: Expr = symbols.dt
) -> Expr:
    """Change of the stationary loss of one sinusoid: dt a² Re Σ_i conj(E_{i,axis}) dE_{i,axis} at λ = e^{iω}.

    :param error: E(λ)
    :param slope: dE(λ)
    :param axis: the axis of the reference, from 0
    :param amplitude: a
    :param step: dt
    """
    products = (e.subs(lam, 1 / lam) * d for e, d in zip(error.col(axis), slope.col(axis), strict=True))
    total = cancel(sum(products))
    return step * amplitude**2 * Rational(1, 2) * (total + total.subs(lam, 1 / lam))


def in_cosine(expression: Expr, cosine: Expr) -> Expr:
    """A function of λ that is unchanged under λ → 1/λ, by c = (λ + 1/λ)/2, the cosine of ω: reduced by λ² = 2 c λ - 1.

    :param expression: the function, rational in λ
    :param cosine: what to write for c
    """
    numerator, denominator = (
        Poly(rem(part, lam**2 - 2 * cosine * lam + 1, lam), lam) for part in fraction(cancel(expression))
    )
    # (a λ + b)/(a' λ + b') is free of λ: the ratio of either pair of coefficients
    pairs = [(numerator.coeff_monomial(lam**k), denominator.coeff_monomial(lam**k)) for k in (1, 0)]
    top, bottom = next(pair for pair in pairs if pair[1] != 0)
    return cancel(top / bottom)
