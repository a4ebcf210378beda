"""A network of a few neurons with a letter for every weight: what is said of all networks, put in by hand."""

from dataclasses import fields

from sympy import Expr, ImmutableMatrix, Matrix, Symbol, diff

from theory.learning import WeightSpace
from theory.loop import Overlaps

NEURONS = 2


def stacked(neurons: int = NEURONS) -> Matrix:
    """X = [m z u v] of rank one, a letter for every weight.

    :param neurons: number N of neurons
    """
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


def trained_slope(X: Matrix, slopes: Overlaps, space: WeightSpace) -> Matrix:
    """∂L/∂X with zeros at the weights that are not trained.

    :param X: the weights, N×4
    :param slopes: the derivatives of the loss by the overlaps
    :param space: which columns are trained
    """
    free = ["mzuv".index(block) for block in space.trained]
    return loss_slope(X, slopes).multiply_elementwise(Matrix(*X.shape, lambda i, j: int(j in free)))
