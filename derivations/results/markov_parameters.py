"""All that a trajectory sees of a linear network with any recurrence."""

from sympy import Expr, ImmutableMatrix, Integer, Matrix, Symbol, expand, symbols

from derivations.result import Background, Result
from derivations.step import Step
from theory.core.markov import (
    F,
    M,
    Zt,
    change,
    changed_response,
    closed_loop_residual,
    factor_residual,
    hankel,
    rank_one_minors,
    rank_one_responses,
    realisation_residual,
    recurrence_coefficients,
    recurrence_residual,
    response_letters,
    response_word,
    similarity_residual,
    states_by_neurons,
    states_by_responses,
    unrolling_residual,
)
from theory.open_loop.imitation import FullRecurrence
from theory.symbols import gamma, sigma_vm, sigma_vu, sigma_zm, sigma_zu

BACKGROUND = Background(
    assumptions=(
        r"Linear neurons with any recurrence $W$ and leak $\gamma$, $h_0 = 0$; any linear plant.",
        "Step 3 says which parameters can enter; that each of them does is seen in the expanded states.",
    ),
    checks=("main: Markov parameters give the episodes",),
)

STEPS = 5
"""Steps to which words are written out."""
SUCCESSIVE = symbols("g_1:3", real=True)
"""Letters for two successive Markov parameters of an agent with one input and one control."""


def _column(words) -> ImmutableMatrix:
    return ImmutableMatrix(list(words))


def _impulse(count: int) -> Matrix:
    """Zᵀ h after a unit impulse, stepping h ← F h."""
    h, found = gamma * M, []
    for _ in range(count):
        found.append(expand(Zt * h))
        h = F * h
    return Matrix(found)


def _by_neurons(printed) -> Matrix:
    """The printed states, words put in for the g_j, less those of stepping the neurons."""
    words = {letter: Zt * F**j * gamma * M for j, letter in enumerate(response_letters(STEPS))}
    stepped = states_by_neurons(len(printed))[1:]
    return Matrix([expand(state.subs(words) - other) for state, other in zip(printed, stepped, strict=True)])


def _seen_responses(states, letters) -> Matrix:
    """For every x_t the number of letters that are wrongly missing or present, g_0 … g_{t-2} being right: zero."""
    return Matrix(
        [len({g for g in letters if state.has(g)} ^ set(letters[: max(t - 1, 0)])) for t, state in enumerate(states)]
    )


def _changed() -> Matrix:
    """g_j in W after the change of basis less g_j before it, j < STEPS."""
    network = FullRecurrence(gamma)
    return Matrix([expand(changed_response(j) - network.markov_parameter(j)) for j in range(STEPS)])


def _stepped(rank: int, count: int) -> list[Expr]:
    """u after a unit impulse, stepping a = y and b ← σ_vm a + σ_vu b, for r memories b; γ = 1."""
    zu, vm = (Matrix(rank, 1, symbols(f"{name}_1:{rank + 1}")) for name in ("p", "q"))
    vu = Matrix(rank, rank, lambda i, j: Symbol(_entry("sigma_vu", rank, i, j), real=True))
    if rank == 1:
        zu, vm = Matrix([sigma_zu]), Matrix([sigma_vm])
    a, b, found = Integer(1), Matrix([0] * rank), []
    for _ in range(count):
        found.append(expand(sigma_zm * a + zu.dot(b)))
        a, b = Integer(0), (vm * a + vu * b).applyfunc(expand)
    return found


def _entry(name: str, rank: int, i: int, j: int) -> str:
    return name if rank == 1 else f"{name}_{i + 1}{j + 1}"


def _recurrence(printed: Expr) -> list[Expr]:
    """The printed g_3 at (g_1, g_2) → (g_{j+1}, g_{j+2}) less g_{j+3}, j < 2, of a stepped agent of rank two."""
    g = _stepped(2, STEPS)
    return [
        expand(printed.subs(dict(zip(SUCCESSIVE, g[j + 1 : j + 3], strict=True)), simultaneous=True) - g[j + 3])
        for j in range(2)
    ]


def _general_steps() -> tuple[Step, ...]:
    """The network as a filter, and the loop closed over it."""
    letters = response_letters(STEPS)
    states = states_by_responses(STEPS, letters)
    return (
        Step.equal(
            r"With $F = (1-\gamma) + \gamma W$ the neurons obey $h_{k+1} = F h_k + \gamma M y_{k+1}$, $h_0 = 0$. By induction "
            r"$h_k = \sum_{j<k} \gamma F^j M y_{k-j}$: $F$ moves every term to the next lag and the new input is that of "
            r"lag $0$. So $u_k = Z^T h_k = \sum_{j<k} g_j y_{k-j}$ with the Markov parameters $g_j = \gamma Z^T F^j M$, the "
            r"output after a unit impulse.",
            "(g_0, g_1, g_2)",
            _column(response_word(j) for j in range(3)),
            _impulse(3),
            also=(unrolling_residual(), FullRecurrence(gamma).control_residual(STEPS)),
        ),
        Step.solves(
            r"Closing the loop, $x_{t+1} = A x_t + B \sum_{j<t} g_j C x_{t-j}$ has the states that stepping the neurons "
            rf"gives (written out to $t = {STEPS}$).",
            "(x_1, x_2, x_3)",
            _column(states[1:4]),
            _by_neurons,
            also=(closed_loop_residual(STEPS),),
        ),
        Step.equal(
            r"The weights enter $x_t$ through $g_0$ to $g_{t-2}$ and in no other way, so the state cost of $x_0$ to $x_{T-1}$ "
            r"is blind to $g_{T-2}$ and all that follow. The number of Markov parameters in $x_0$ to $x_3$ is $n_0$ to $n_3$.",
            "(n_0, n_1, n_2, n_3)",
            _column(sum(state.has(g) for g in letters) for state in states[:4]),
            Matrix([max(t - 1, 0) for t in range(4)]),
            also=(_seen_responses(states, letters),),
        ),
    )


def _invariant_steps() -> tuple[Step, ...]:
    """What changes nothing, and how many parameters there are."""
    return (
        Step.equal(
            r"A change of basis of the neurons, $W \to S W S^{-1}$, $M \to S M$, $Z^T \to Z^T S^{-1}$, keeps every $g_j$ "
            r"(induction on $j$), such as $g_2$: trajectory and loss cannot tell the networks apart.",
            r"\gamma (Z^T S^{-1})(S F S^{-1})^2(S M)",
            _column([response_word(2)]),
            Matrix([expand(Zt * change**-1 * (change * F * change**-1) ** 2 * change * gamma * M)]),
            also=(similarity_residual(), _changed()),
        ),
        Step.equal(
            r"The Hankel matrix $H_{ij} = g_{i+j+1}$ is the product of the $Z^T F^i$ and the $F^{j+1} \gamma M$, so its "
            r"rank, the order of the agent, is at most the number of neurons.",
            "(H_{00}, H_{01}, H_{10}, H_{11})",
            _column(response_word(i + j + 1) for i in range(2) for j in range(2)),
            Matrix([expand(Zt * F**i * (F ** (j + 1) * gamma * M)) for i in range(2) for j in range(2)]),
            also=(factor_residual(),),
        ),
    )


def _rank_steps() -> tuple[Step, ...]:
    """How few Markov parameters give all, for low rank."""
    coefficients = recurrence_coefficients(2)
    following = -sum(c * g for c, g in zip(coefficients[1:3], SUCCESSIVE, strict=True))
    return (
        Step.solves(
            r"For $W = U V^T$ of rank $r$ the agent is a filter of $q + r$ states (open-loop-loss), so its order is at most "
            r"$q + r$; for $\gamma = 1$ at most $r$, the first $q$ being the last input. By Cayley and Hamilton the $g_j$ obey the "
            r"recurrence with the coefficients of $(\lambda - 1 + \gamma)\,\det(\lambda - 1 + \gamma - \gamma\sigma_{vu})$. For "
            r"$r = 2$, $p = q = 1$ and $\gamma = 1$ it is this, and so for all later lags.",
            "g_3",
            expand(following),
            _recurrence,
            also=(coefficients[0], coefficients[3] - 1, recurrence_residual(2, 2)),
        ),
        Step.equal(
            r"For rank one and $\gamma = 1$, $g_0 = \sigma_{zm}$ and, the memory being multiplied by $\sigma_{vu}$ at every "
            r"step, $g_j = \kappa\,\sigma_{vu}^{j-1}$.",
            "(g_0, g_1, g_2, g_3)",
            _column(rank_one_responses(4)),
            Matrix(_stepped(1, 4)),
            also=(recurrence_coefficients(1)[1] + sigma_vu, recurrence_coefficients(1)[0]),
        ),
        Step.equal(
            r"Its Hankel matrix has rank one, or zero if $\kappa = 0$, so three numbers give every $g_j$: $\sigma_{zm} = g_0$, $\kappa = "
            r"g_1$ and, if $\kappa \neq 0$, $\sigma_{vu} = g_2/g_1$. They are the visible overlaps.",
            "H",
            hankel(rank_one_responses(4), 2),
            Matrix(2, 2, lambda i, j: _stepped(1, 4)[i + j + 1]),
            also=(rank_one_minors(3), realisation_residual(STEPS)),
        ),
    )


def build() -> Result:
    """Markov parameters, the loop closed over them, their symmetry, their number for low rank."""
    return Result(
        "markov-parameters",
        "Markov parameters: what is seen of a full network",
        r"A linear network with any recurrence $W$ acts on its environment through $g_j = \gamma Z^T ((1-\gamma) + "
        r"\gamma W)^j M$ only: networks with the same Markov parameters have the same trajectories and the same loss. For "
        r"rank one and $\gamma = 1$ three of them give all: $g_0 = \sigma_{zm}$, $g_1 = \kappa$ and $g_2 = \kappa\,\sigma_{vu}$.",
        "Ho & Kalman (1966) for the Markov parameters; that the loss of the closed loop sees nothing else is derived here",
        _general_steps() + _invariant_steps() + _rank_steps(),
        ("(g_0, g_1, g_2)", "(x_1, x_2, x_3)", "H"),
        BACKGROUND,
    )
