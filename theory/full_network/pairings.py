"""Words in a large random matrix and its transpose: what their overlaps tend to, exactly, and on the way.

W_0 = g J with entries of J independent, normal, of variance 1/N. A word is a tuple of letters, +1 for J and -1 for Jᵀ,
applied from the right to a fixed vector; ⟨w_1 x, w_2 x⟩ = xᵀ w_1ᵀ w_2 x, so only the joined word w_1ᵀ w_2 counts.

By Wick's theorem the expectation is a sum over pairings of its letters, each a power of 1/N. The leading ones are the
non-crossing pairings of a J with a Jᵀ: the moments of a circular element (Nica & Speicher 2006, lecture 20).
"""

from collections.abc import Iterator
from functools import cache
from itertools import product

from sympy import Expr, Integer, Matrix, Symbol, zeros

Word = tuple[int, ...]

neurons = Symbol("N", positive=True, integer=True)


def words(length: int) -> list[Word]:
    """All words of up to a length, the empty one first.

    :param length: K
    """
    return [word for k in range(length + 1) for word in product((1, -1), repeat=k)]


def joined(first: Word, second: Word) -> Word:
    """w_1ᵀ w_2.

    :param first: w_1
    :param second: w_2
    """
    return tuple(-letter for letter in reversed(first)) + second


@cache
def non_crossing(word: Word) -> int:
    """Number of non-crossing pairings of a word's letters that pair each J with a Jᵀ."""
    if not word:
        return 1
    return sum(
        non_crossing(word[1:k]) * non_crossing(word[k + 1 :]) for k in range(1, len(word), 2) if word[k] == -word[0]
    )


def limit_gram(length: int) -> Matrix:
    """Limit of ⟨w_1 x, w_2 x⟩/|x|² at g = 1 for all words of up to a length.

    :param length: K
    """
    listed = words(length)
    return Matrix(len(listed), len(listed), lambda i, j: non_crossing(joined(listed[i], listed[j])))


def pairings(places: tuple[int, ...]) -> Iterator[tuple[tuple[int, int], ...]]:
    """All pairings of places."""
    if not places:
        yield ()
        return
    first, rest = places[0], places[1:]
    for k, other in enumerate(rest):
        for others in pairings(rest[:k] + rest[k + 1 :]):
            yield ((first, other), *others)


def expectation(word: Word) -> Expr:
    """E xᵀ w x/|x|² for N neurons, exactly: each pairing gives N to its number of free indices less half the letters.

    :param word: the word w
    """
    total = Integer(0)
    for pairing in pairings(tuple(range(len(word)))):
        total += neurons ** (_free_indices(word, pairing) - len(word) // 2)
    return total if len(word) % 2 == 0 else Integer(0)


def _free_indices(word: Word, pairing: tuple[tuple[int, int], ...]) -> int:
    """Classes of the indices i_0 … i_L between the letters that a pairing makes equal, but the one of x itself."""
    ends = list(range(len(word) + 1))

    def root(i: int) -> int:
        while ends[i] != i:
            i = ends[i]
        return i

    def index(place: int) -> tuple[int, int]:
        return (place, place + 1) if word[place] == 1 else (place + 1, place)

    for one, other in pairing:
        for i, j in zip(index(one), index(other), strict=True):
            ends[root(i)] = root(j)
    return len({root(i) for i in ends} - {root(0)})


def tree(length: int) -> Matrix:
    """J in the limit, on orthonormal neurons, one for each sequence of up to K letters 1 and 2.

    J e_s = e_{1s} + e_{s'} if s = 2 s', else e_{1s}: a shift up the first branch and down the second, l_1 + l_2*.

    :param length: K
    """
    nodes = [node for k in range(length + 1) for node in product((1, 2), repeat=k)]
    place = {node: index for index, node in enumerate(nodes)}
    J = zeros(len(nodes))
    for node, index in place.items():
        if (1, *node) in place:
            J[place[(1, *node)], index] = 1
        if node[:1] == (2,):
            J[place[node[1:]], index] = 1
    return J


def tree_gram(length: int) -> Matrix:
    """⟨w_1 e, w_2 e⟩ on the tree for all words of up to a length, e its root.

    :param length: K
    """
    J, listed = tree(length), words(length)
    root = zeros(J.rows, 1)
    root[0] = 1
    columns = []
    for word in listed:
        vector = root
        for each in reversed(word):
            vector = (J if each == 1 else J.T) * vector
        columns.append(vector)
    X = Matrix.hstack(*columns)
    return X.T * X
