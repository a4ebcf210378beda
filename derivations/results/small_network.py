"""A network of a few neurons with a letter for every weight: what is said of all networks, put in by hand."""

from dataclasses import fields
from itertools import combinations_with_replacement

from sympy import Expr, ImmutableMatrix, Matrix, Symbol, diff, eye, zeros

from theory.core.learning import WeightSpace
from theory.core.loop import Overlaps

NEURONS = 2


def stacked(neurons: int = NEURONS) -> Matrix:
    """X = [m z u v] of rank one, a letter for every weight."""
    return Matrix(neurons, 4, lambda i, j: Symbol(f"{'mzuv'[j]}_{i + 1}", real=True))


def overlap(X: Matrix, name: str) -> Expr:
    """The overlap of two columns of X.

    :param X: the weights, N×4
    :param name: the columns' names, such as ``zm``
    """
    first, second = ("mzuv".index(column) for column in name)
    return (X[:, first].T * X[:, second])[0]


def overlap_values(X: Matrix, overlaps: Overlaps) -> dict[Expr, Expr]:
    """The letters of the overlaps with what they are for the weights.

    :param X: the weights, N×4
    :param overlaps: the letters
    """
    return {getattr(overlaps, f.name)[0]: overlap(X, f.name) for f in fields(overlaps)}


def gram_values(X: Matrix, gram: ImmutableMatrix) -> dict[Expr, Expr]:
    """The letters of the Gram matrix with what they are for the weights.

    :param X: the weights, N×4
    :param gram: the letters, 4×4
    """
    return dict(zip(gram, X.T * X, strict=True))


def loss_slope(X: Matrix, slopes: Overlaps) -> Matrix:
    """∂L/∂X, entry by entry: dL = Σ d_ab dσ_ab, each overlap differentiated by each weight.

    :param X: the weights, N×4
    :param slopes: the derivatives d_ab of the loss by the overlaps it depends on
    """
    change = sum(getattr(slopes, f.name)[0] * overlap(X, f.name) for f in fields(slopes))
    return X.applyfunc(lambda weight: diff(change, weight))


def trained_columns(space: WeightSpace) -> list[int]:
    """Places of the trained columns in X.

    :param space: which columns are trained
    """
    return ["mzuv".index(block) for block in space.trained]


def trained_slope(X: Matrix, slopes: Overlaps, space: WeightSpace) -> Matrix:
    """∂L/∂X with zeros at the weights that are not trained.

    :param X: the weights, N×4
    :param slopes: the derivatives of the loss by the overlaps
    :param space: which columns are trained
    """
    free = trained_columns(space)
    return loss_slope(X, slopes).multiply_elementwise(Matrix(*X.shape, lambda i, j: int(j in free)))


def number_of_forms(space: WeightSpace) -> int:
    """Number of independent symmetric J on the trained columns with S J + J S = 0 there for every S.

    S is ∂L/∂X of four neurons at X = 1, and the equations are collected one derivative of the loss at a time.

    :param space: which columns are trained
    """
    X, slopes, columns = stacked(4), space.gradient_symbols(), trained_columns(space)
    S = loss_slope(X, slopes).subs(dict(zip(X, eye(4), strict=True)))
    units = []
    for i, j in combinations_with_replacement(range(len(columns)), 2):
        unit = zeros(len(columns))
        unit[i, j] = unit[j, i] = 1
        units.append(unit)
    parts = [S.diff(d).extract(columns, columns) for d in slopes.flat]
    system = Matrix.hstack(*(Matrix([entry for T in parts for entry in T * J + J * T]) for J in units))
    return len(units) - system.rank()
