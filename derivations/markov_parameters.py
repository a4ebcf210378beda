"""All that a trajectory sees of a linear network with any recurrence."""

from sympy import ImmutableMatrix, Matrix, expand

from derivations.result import Background, Result
from derivations.step import Step
from theory.markov import (
    changed_response,
    closed_loop_residual,
    factor_residual,
    hankel,
    rank_one_minors,
    rank_one_responses,
    realisation_residual,
    recurrence_residual,
    response_letters,
    response_word,
    scalar_responses,
    similarity_residual,
    states_by_responses,
    unrolling_residual,
)
from theory.open_loop import FullRecurrence
from theory.symbols import gamma

BACKGROUND = Background(
    assumptions=(
        r"Linear neurons with any recurrence $W$ and leak $\gamma$, $h_0 = 0$; any linear plant.",
        "Step 3 says which parameters can enter; that each of them does is seen in the expanded states.",
    ),
    checks=("main: Markov parameters give the episodes",),
)

STEPS = 6
"""Steps to which words are written out."""


def _column(words) -> ImmutableMatrix:
    return ImmutableMatrix(list(words))


def _unrolled() -> Matrix:
    """The induction on k, and controls of neurons stepped with W against the sum, k = 1 … STEPS."""
    return Matrix.vstack(unrolling_residual(), FullRecurrence(gamma).control_residual(STEPS))


def _heard(states, letters) -> Matrix:
    """For every x_t the number of letters that are wrongly missing or present, g_0 … g_{t-2} being right: zero."""
    return Matrix(
        [len({g for g in letters if state.has(g)} ^ set(letters[: max(t - 1, 0)])) for t, state in enumerate(states)]
    )


def _changed() -> Matrix:
    """g_j in W after the change of basis less g_j before it, j < STEPS."""
    network = FullRecurrence(gamma)
    return Matrix([expand(changed_response(j) - network.markov_parameter(j)) for j in range(STEPS)])


def _rank_one() -> Matrix:
    pairs = zip(scalar_responses(STEPS), rank_one_responses(STEPS), strict=True)
    return Matrix([expand(found - written) for found, written in pairs])


def build() -> Result:
    """Markov parameters, the loop closed over them, their symmetry, their number for low rank."""
    words = _column(response_word(j) for j in range(3))
    letters = response_letters(STEPS)
    states = states_by_responses(STEPS, letters)
    block = hankel(rank_one_responses(4), 2)
    steps = (
        Step(
            r"With $F = (1-\gamma) + \gamma W$ the neurons obey $h_{k+1} = F h_k + \gamma M y_{k+1}$, $h_0 = 0$. By induction "
            r"$h_k = \sum_{j<k} \gamma F^j M y_{k-j}$: $F$ moves every term to the next lag and the new input is that of "
            r"lag $0$. So $u_k = Z^T h_k = \sum_{j<k} g_j y_{k-j}$ with the Markov parameters $g_j = \gamma Z^T F^j M$.",
            "(g_0, g_1, g_2)",
            words,
            _unrolled(),
        ),
        Step(
            r"Closing the loop, $x_{t+1} = A x_t + B \sum_{j<t} g_j C x_{t-j}$ has the states that stepping the neurons "
            rf"gives (written out to $t = {STEPS}$).",
            "(x_1, x_2, x_3)",
            _column(states[1:4]),
            closed_loop_residual(STEPS),
        ),
        Step(
            r"The weights enter $x_t$ through $g_0$ to $g_{t-2}$ and in no other way, so the state cost of $x_0$ to $x_{T-1}$ "
            r"is blind to $g_{T-2}$ and all that follow. The number of Markov parameters in $x_0$ to $x_3$ is $n_0$ to $n_3$.",
            "(n_0, n_1, n_2, n_3)",
            _column(sum(state.has(g) for g in letters) for state in states[:4]),
            _heard(states, letters),
        ),
        Step(
            r"A change of basis of the neurons, $W \to S W S^{-1}$, $M \to S M$, $Z^T \to Z^T S^{-1}$, keeps every $g_j$ "
            r"(induction on $j$): trajectory and loss cannot tell the networks apart.",
            "(Z^T S^{-1})(S F S^{-1})^2(S M)",
            _column([response_word(2)]),
            Matrix.vstack(similarity_residual(), _changed()),
        ),
        Step(
            r"The Hankel matrix $H_{ij} = g_{i+j+1}$ is the product of the $Z^T F^i$ and the $F^{j+1} \gamma M$, so its "
            r"rank, the order of the agent, is at most the number of neurons.",
            "(H_{00}, H_{01}, H_{11})",
            _column(response_word(j) for j in (1, 2, 3)),
            factor_residual(),
        ),
        Step(
            r"For $W = U V^T$ of rank $r$ the order is at most $q + r$ ($r$ for $\gamma = 1$): by Cayley and Hamilton the "
            r"$g_j$ obey the recurrence of $(\lambda - 1 + \gamma)\,\det(\lambda - 1 + \gamma - \gamma\sigma_{vu})$ (here "
            r"$r = 2$, $p = q = 1$).",
            r"\sum_i c_i\,(g_i, g_{i+1}, g_{i+2})",
            recurrence_residual(2, 3),
            recurrence_residual(2, 3),
        ),
        Step(
            r"For rank one and $\gamma = 1$, $g_0 = \sigma_{zm}$ and $g_j = \kappa\,\sigma_{vu}^{j-1}$.",
            "(g_0, g_1, g_2, g_3)",
            _column(rank_one_responses(4)),
            _rank_one(),
        ),
        Step(
            r"Its Hankel matrix has rank one, so three numbers give every $g_j$: $\sigma_{zm} = g_0$, $\kappa = g_1$ and, if "
            r"$\kappa \neq 0$, $\sigma_{vu} = g_2/g_1$. They are the visible overlaps.",
            "H",
            block,
            Matrix.vstack(rank_one_minors(3).reshape(9, 1), realisation_residual(STEPS)),
        ),
    )
    return Result(
        "markov-parameters",
        "Markov parameters: what is seen of a full network",
        r"A linear network with any recurrence $W$ acts on its environment through $g_j = \gamma Z^T ((1-\gamma) + "
        r"\gamma W)^j M$ only: networks with the same Markov parameters have the same trajectories and the same loss. For "
        r"rank one they are the visible overlaps $\sigma_{zm}$, $\kappa$, $\sigma_{vu}$.",
        "Ho & Kalman (1966) for the Markov parameters; that the loss of the closed loop sees nothing else is derived here",
        steps,
        {"(g_0, g_1, g_2)": words, "(x_1, x_2, x_3)": _column(states[1:4]), "H": block},
        BACKGROUND,
    )
