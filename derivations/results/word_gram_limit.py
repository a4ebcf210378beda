"""What the overlaps of words in a large random recurrence tend to: those of a tree of neurons."""

from itertools import product

from sympy import Expr, Integer, Matrix, Rational, Symbol, factorial2, interpolate, limit, oo, zeros

from derivations.result import Background, Result, vector
from derivations.step import Step
from theory.full_network.pairings import Word, expectation, joined, limit_gram, neurons, tree, tree_gram, words

BACKGROUND = Background(
    assumptions=(
        r"$W_0 = g J$ with independent normal entries of $J$, of variance $1/N$; $m_0$ and $z_0$ are independent of $J$.",
        r"A word is a product of $J$ and $J^T$ applied to $m_0$ or $z_0$.",
    ),
    checks=("full-theory: limit",),
)
CROSSED: tuple[Word, ...] = ((1, -1), (1, 1), (1, -1, 1, -1), (1, 1, -1, -1), (1, 1, 1, 1))


def _moment(power: int) -> Integer:
    """E ξ^k of a standard normal ξ."""
    return Integer(0) if power % 2 else factorial2(power - 1) if power else Integer(1)


def _by_paths(word: Word, size: int) -> Expr:
    """E (w)_00 of a size×size matrix of independent normal entries of variance 1/size, path by path."""
    total = Integer(0)
    for inner in product(range(size), repeat=len(word) - 1):
        path = (0, *inner, 0)
        powers: dict[tuple[int, int], int] = {}
        for place, letter in enumerate(word):
            entry = (path[place], path[place + 1]) if letter == 1 else (path[place + 1], path[place])
            powers[entry] = powers.get(entry, 0) + 1
        value = Integer(1)
        for power in powers.values():
            value *= _moment(power)
        total += value
    return total / Integer(size) ** (len(word) // 2)


def _interpolated(word: Word) -> Expr:
    """E (w)_00 as a polynomial in 1/N of degree two, from networks of one, two and three neurons."""
    x = Symbol("x")
    points = [(Rational(1, size), _by_paths(word, size)) for size in (1, 2, 3)]
    return interpolate(points, x).subs(x, 1 / neurons)


def _wick(length: int) -> Matrix:
    """The limits of the exact expectations of all pairs of words."""
    listed = words(length)
    return Matrix(len(listed), len(listed), lambda i, j: limit(expectation(joined(listed[i], listed[j])), neurons, oo))


def _climbing(length: int) -> Matrix:
    """l_1 + l_2* by its matrix elements: ⟨t, J s⟩ = 1 where t is 1 before s, or s is 2 before t."""
    nodes = [node for k in range(length + 1) for node in product((1, 2), repeat=k)]
    found = zeros(len(nodes))
    for i, t in enumerate(nodes):
        for j, s in enumerate(nodes):
            found[i, j] = int(t == (1, *s)) + int(s == (2, *t))
    return found


def _moment_steps() -> tuple[Step, ...]:
    """The expected overlaps of words, for any number of neurons and in the limit."""
    return (
        Step.equal(
            r"The expectation for $N$ neurons, exactly, by Wick's theorem: each pairing of the letters gives $N$ to the power of "
            r"its free indices less half the letters. Here for $J J^T$, $J J$, $J J^T J J^T$, $J J J^T J^T$, $J J J J$; compared with sums over all "
            r"paths in networks of one, two and three neurons, which fix a polynomial of degree two in $1/N$.",
            r"E\, x^T w x / |x|^2",
            vector([expectation(word) for word in CROSSED]),
            vector([_interpolated(word) for word in CROSSED]),
        ),
        Step.equal(
            r"In the limit the non-crossing pairings of a $J$ with a $J^T$ remain, each counting one: the Gram matrix of the words "
            r"$1$, $J$, $J^T$, $JJ$, $JJ^T$, $J^TJ$ and $J^TJ^T$ on one vector at $g = 1$; compared with the limits of the expectations.",
            r"G_2",
            limit_gram(2),
            _wick(2),
        ),
    )


def _tree_steps() -> tuple[Step, ...]:
    """The tree of neurons that has these overlaps, and how far one network is from it."""
    return (
        Step.equal(
            r"The same matrix from words in a shift on a tree, $J e_s = e_{1s} + e_{s'}$ if $s = 2 s'$ and else $e_{1s}$, applied to its root: the "
            r"circular element $l_1 + l_2^*$. Checked for words of length up to three.",
            r"\langle w_1 e, w_2 e \rangle",
            tree_gram(2),
            limit_gram(2),
            also=(tree_gram(3) - limit_gram(3),),
        ),
        Step.equal(
            r"$J$ on the tree of sequences of length up to one, $e, e_1, e_2$: the network of the words of length up to $K = 1$, and $W_0 = g J$.",
            r"J_1",
            tree(1),
            _climbing(1),
            also=(tree(3) - _climbing(3),),
        ),
        Step.asymptotic(
            r"The overlaps of one network fluctuate about these values by $1/\sqrt{N}$: the squared cosine of independent $m_0$ and $z_0$ has this mean, "
            r"and words of $m$ and of $z$ become orthogonal in the same way.",
            r"E\, (m^T z)^2/(|m|^2 |z|^2)",
            1 / neurons,
        ),
    )


def build() -> Result:
    """The result."""
    return Result(
        "word-gram-limit",
        "A random recurrence in the limit: a tree",
        r"As $N \to \infty$ the overlaps of words in a Gaussian $W_0$ become deterministic: that of $w_1 m$ and $w_2 m$ tends to $|m|^2 g^{|w_1|+|w_2|}$ times the "
        r"number of non-crossing pairings of $w_1^T w_2$ that pair each $J$ with a $J^T$, and words of $m$ and of $z$ become orthogonal. "
        r"On an orthonormal basis of words $J$ is a shift on a binary tree, so that a full network learns as two trees of $2^{K+1}-1$ "
        r"neurons do, in which $N$ enters through $|m|^2 = |z|^2 = 1/N$ alone.",
        "the moments of a circular element (Voiculescu 1991; Nica and Speicher 2006, lecture 20); the learning network is derived here",
        _moment_steps() + _tree_steps(),
        (r"E\, x^T w x / |x|^2", "G_2", "J_1"),
        BACKGROUND,
    )
