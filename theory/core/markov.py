"""The loop of a network with any recurrence W, seen through its Markov parameters g_j.

In non-commuting letters (A, B, C of the plant, F = (1-γ) I + γ W, M, Zᵀ of the network) that carry no dimensions:

    h_k = Σ_{j<k} γ F^j M y_{k-j},   g_j = γ Zᵀ F^j M,   x_{t+1} = A x_t + B Σ_{j<t} g_j C x_{t-j}.

Equalities for every k and j are residuals in symbolic k and j, so that an induction is its start and its step.

Sources: Markov parameters and Hankel matrix, Ho & Kalman, Regelungstechnik 14 (1966) 545; Kailath, Linear Systems
(1980); that learning sees no more of a linear network is derived here.
"""

from sympy import Expr, Function, ImmutableMatrix, Matrix, Poly, S, Symbol, expand, eye, powsimp

from theory.open_loop.imitation import AgentFilter, FullRecurrence
from theory.symbols import gamma, lam, sigma_vm, sigma_vu, sigma_zm, sigma_zu

A, B, C, F, M, Zt, x_0 = (Symbol(name, commutative=False) for name in ("A", "B", "C", "F", "M", "Z^T", "x_0"))
change = Symbol("S", commutative=False)
"""An invertible change of basis of the neurons."""

lag, step = (Symbol(name, integer=True, nonnegative=True) for name in "jk")
observation = Function("y", commutative=False)


def response_word(power: Expr, read: Expr = Zt, move: Expr = F, write: Expr = M) -> Expr:
    """g_j = γ Zᵀ F^j M as a word.

    :param power: j, a number or a symbol
    :param read: Zᵀ
    :param move: F
    :param write: M
    """
    return read * move**power * gamma * write


def input_response(k: Expr, j: Expr) -> Expr:
    """The term γ F^j M y_{k-j} of h_k.

    :param k: step k
    :param j: lag j
    """
    return gamma * F**j * M * observation(k - j)


def unrolling_residual() -> Matrix:
    """Induction on k for h_k = Σ_{j<k} γ F^j M y_{k-j}, h_0 = 0 being the empty sum: both entries zero.

    F moves the term of lag j in h_k to that of lag j + 1 in h_{k+1}; the new input is the term of lag 0.
    """
    moved = F * input_response(step, lag) - input_response(step + 1, lag + 1)
    new = gamma * M * observation(step + 1) - input_response(step + 1, S.Zero)
    return Matrix([expand(moved), expand(new)])


def changed_response(power: int) -> Expr:
    """g_j of the network F → S F S⁻¹, M → S M, Zᵀ → Zᵀ S⁻¹, multiplied out.

    :param power: j
    """
    moved = FullRecurrence(gamma)
    word, inner = gamma * change * moved.M, change * moved.step * change**-1
    for _ in range(power):
        word = expand(expand(inner) * word)
    return expand(moved.Zt * change**-1 * word)


def response_letters(count: int) -> list[Symbol]:
    """Non-commuting letters g_0 … g_{count-1}.

    :param count: number of lags
    """
    return [Symbol(f"g_{j}", commutative=False) for j in range(count)]


def states_by_neurons(steps: int) -> list[Expr]:
    """x_0 … x_T as words, stepping the neurons: h⁺ = F h + γ M C x⁺, u = Zᵀ h, h_0 = 0.

    :param steps: T
    """
    states, h = [x_0], S.Zero
    for _ in range(steps):
        states.append(expand(A * states[-1] + B * Zt * h))
        h = expand(F * h + gamma * M * C * states[-1])
    return states


def states_by_responses(steps: int, responses: list) -> list[Expr]:
    """x_0 … x_T as words, x_{t+1} = A x_t + B Σ_{j<t} g_j C x_{t-j}.

    :param steps: T
    :param responses: g_0 … g_{T-2}
    """
    states = [x_0]
    for t in range(steps):
        control = sum((responses[j] * C * states[t - j] for j in range(t)), S.Zero)
        states.append(expand(A * states[t] + B * control))
    return states


def closed_loop_residual(steps: int) -> Matrix:
    """States by neurons less states by Markov parameters, x_1 … x_T: zero.

    :param steps: T
    """
    words = [response_word(j) for j in range(steps - 1)]
    pairs = zip(states_by_neurons(steps), states_by_responses(steps, words), strict=True)
    return Matrix([expand(left - right) for left, right in pairs][1:])


def similarity_residual() -> Matrix:
    """Induction on j for g_j under F → S F S⁻¹, M → S M, Zᵀ → Zᵀ S⁻¹: zero.

    The moved state S F^j M goes to S F^{j+1} M, starts as S M, and is read as before.
    """
    back, moved = change**-1, change * F * change**-1
    onward = moved * (change * F**lag * gamma * M) - change * F ** (lag + 1) * gamma * M
    return Matrix([expand(onward), expand((Zt * back) * (change * F**lag * gamma * M) - response_word(lag))])


def factor_residual() -> Expr:
    """H_ij = g_{i+j+1} less (Zᵀ F^i)(F^{j+1} γ M): zero, so no rank above the number of neurons.

    The left factor has a row for every i and output, the right one a column for every j and input.
    """
    return powsimp(response_word(step + lag + 1) - (Zt * F**step) * (F ** (lag + 1) * gamma * M))


def hankel(responses: list[Expr], size: int) -> ImmutableMatrix:
    """H_ij = g_{i+j+1}, i, j < size, of an agent with one input and one control.

    :param responses: g_0 … g_{2 size - 1}
    :param size: number of rows
    """
    return ImmutableMatrix(size, size, lambda i, j: responses[i + j + 1])


def scalar_responses(count: int, rank: int = 1, leak: Expr = S.One) -> list[Expr]:
    """g_0 … g_{count-1} of an agent of low rank with one input and one control, stepping its filter.

    :param count: number of lags
    :param leak: γ
    """
    return [response[0] for response in AgentFilter(rank=rank, leak=leak).impulse_response(count)]


def recurrence_coefficients(rank: int, leak: Expr = S.One) -> list[Expr]:
    """c with Σ_i c_i g_{j+i} = 0 for every j, by Cayley and Hamilton, constant coefficient first and c_{r+1} = 1.

    They are the coefficients of (λ - (1-γ)) det(λ - (1-γ) - γ σ_vu).

    :param leak: γ
    """
    vu, λ = AgentFilter(rank=rank).overlaps.vu, lam - (1 - leak)
    return Poly(λ * expand((λ * eye(rank) - leak * vu).det()), lam).all_coeffs()[::-1]


def recurrence_residual(rank: int, count: int) -> Matrix:
    """Σ_i c_i g_{j+i}, j = 0 … count - 1, for any leak: zero.

    :param count: number of equations
    """
    coefficients = recurrence_coefficients(rank, gamma)
    responses = scalar_responses(count + rank + 1, rank, gamma)
    sums = [sum(c * responses[j + i] for i, c in enumerate(coefficients)) for j in range(count)]
    return Matrix([expand(total) for total in sums])


def rank_one_responses(count: int) -> list[Expr]:
    """g_0 = σ_zm, g_j = κ σ_vu^{j-1}, written down from the visible overlaps.

    :param count: number of lags
    """
    return [sigma_zm, *(sigma_zu * sigma_vm * sigma_vu**j for j in range(count - 1))]


def rank_one_minors(size: int) -> Matrix:
    """The 2×2 minors H_00 H_ij - H_0j H_i0 of the Hankel matrix for rank one and γ = 1: zero.

    So the rank of the Hankel matrix is one, or zero if κ = 0.

    :param size: number of rows
    """
    H = hankel(scalar_responses(2 * size), size)
    return Matrix(size, size, lambda i, j: expand(H[0, 0] * H[i, j] - H[0, j] * H[i, 0]))


def realisation_residual(count: int) -> Matrix:
    """g_1^{j-2} g_j - g_2^{j-1}, j = 2 … count, for rank one and γ = 1: zero, so g_1 ≠ 0 and g_2 give every later lag.

    :param count: last lag
    """
    g = scalar_responses(count + 1)
    return Matrix([expand(g[1] ** (j - 2) * g[j] - g[2] ** (j - 1)) for j in range(2, count + 1)])
