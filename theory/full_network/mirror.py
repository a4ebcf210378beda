"""The mirror plane of a network without initial recurrence, and how it leaves the line of one neuron.

For p = q = 1 and W_0 = 0 let m_0 and z_0 be orthogonal and of equal length 1/√N. In the directions of m - z and m + z
the network stays m = (α, β), z = (-α, β), W = [[a, c], [-c, b]]: exchanging input and output keeps every g_k.
With β = c = b = 0 it is one neuron; β and c lead away from it.
"""

from sympy import Expr, ImmutableMatrix, Matrix, Symbol, diff, expand

ALPHA, BETA = Symbol("alpha", real=True), Symbol("beta", real=True)
A, B, C = (Symbol(f"w_{name}", real=True) for name in "abc")


def plane() -> tuple[Matrix, Matrix, Matrix]:
    """m, z and W in the mirror plane."""
    return Matrix([ALPHA, BETA]), Matrix([-ALPHA, BETA]), Matrix([[A, C], [-C, B]])


def markov(k: int) -> Expr:
    """g_k = zᵀ W^k m in the mirror plane.

    :param k: which Markov parameter
    """
    m, z, W = plane()
    return expand((z.T * W**k * m)[0])


def invariant() -> Expr:
    """αβ - c (a - b), half the off-diagonal entry of W Wᵀ - WᵀW + m mᵀ - z zᵀ: constant under the flow, 1/2N."""
    m, z, W = plane()
    return expand((W * W.T - W.T * W + m * m.T - z * z.T)[0, 1] / 2)


def transverse(k: int) -> ImmutableMatrix:
    """Second derivatives of g_k by β and c on the line β = c = b = 0.

    The loss gains ½ Σ_k d_k (β, c) H_k (β, c)ᵀ, so both move by -η Σ_k d_k H_k, halved by the plane's metric.

    :param k: which Markov parameter
    """
    line = {BETA: 0, B: 0, C: 0}
    return ImmutableMatrix(2, 2, lambda i, j: diff(markov(k), (BETA, C)[i], (BETA, C)[j]).subs(line))
