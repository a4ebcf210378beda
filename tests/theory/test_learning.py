"""The map of the Gram matrix against weights stepped neuron by neuron, in exact arithmetic."""

from fractions import Fraction
from itertools import chain, combinations

import numpy as np
import pytest
from sympy import Matrix, Rational, eye, symbols

from theory.core.learning import BLOCKS, WeightSpace, conserved_forms, descent, flow, form_drift, squared_gradient_norm
from theory.core.loop import Overlaps, ReducedLoop
from theory.core.loss import short_term_loss
from theory.symbols import clip_factor, eta

SUBSETS = list(chain.from_iterable(combinations(BLOCKS, count) for count in range(5)))
SHAPES = [(1, 1, 1), (2, 1, 1), (1, 2, 2), (2, 3, 2)]  # p, q, rank
PAIRS = ("zm", "zu", "vm", "vu")


def slices(space):
    ends = np.cumsum([0, space.q, space.p, space.rank, space.rank])
    return {block: slice(*ends[i : i + 2]) for i, block in enumerate(BLOCKS)}


def trained_columns(space):
    return [i for block in space.trained for i in range(*slices(space)[block].indices(99))]


def draw(rng, *shape):
    return Matrix(*shape, [Rational(int(rng.integers(-5, 6)), int(rng.integers(1, 4))) for _ in range(np.prod(shape))])


@pytest.fixture
def drawn(rng):
    """Random exact weights X (N×k) and derivatives of a loss by the overlaps."""

    def make(space, neurons=3):
        shapes = {name: (space.widths[name[0]], space.widths[name[1]]) for name in PAIRS}
        return draw(rng, neurons, space.size), Overlaps(**{name: draw(rng, *shape) for name, shape in shapes.items()})

    return make


def weight_gradient(space, X, d):
    """∂L/∂X block by block by the chain rule, with frozen blocks at zero."""
    m, z, u, v = (X[:, slices(space)[block]] for block in BLOCKS)
    blocks = {"m": z * d.zm + v * d.vm, "z": m * d.zm.T + u * d.zu.T}
    blocks |= {"u": z * d.zu + v * d.vu, "v": m * d.vm.T + u * d.vu.T}
    return Matrix.hstack(*(blocks[b] if b in space.trained else 0 * blocks[b] for b in BLOCKS))


# gradient, descent, flow, norm


def test_sensitivity_of_rank_one():
    d = WeightSpace().gradient_symbols()
    zm, zu, vm, vu = (block[0] for block in (d.zm, d.zu, d.vm, d.vu))
    typed = Matrix([[0, zm, 0, vm], [zm, 0, zu, 0], [0, zu, 0, vu], [vm, 0, vu, 0]])
    assert WeightSpace().sensitivity(d) == typed


def chained(space, X, d):
    """∂L/∂X with dL = Σ d_ab dσ_ab, every overlap differentiated by every weight of a network of symbols."""
    m, z, u, v = (X[:, slices(space)[block]] for block in BLOCKS)
    change = sum(
        (slope.T * overlap).trace()
        for slope, overlap in zip((d.zm, d.zu, d.vm, d.vu), (z.T * m, z.T * u, v.T * m, v.T * u), strict=True)
    )
    return X.applyfunc(change.diff)


@pytest.mark.parametrize("shape", SHAPES)
def test_chain_rule_through_the_overlaps(shape):
    space = WeightSpace(*shape)
    X, d = Matrix(2, space.size, symbols(f"x:{2 * space.size}")), space.gradient_symbols()
    assert (X * space.sensitivity(d) - chained(space, X, d)).expand().is_zero_matrix


def test_chain_rule_notices_a_transposed_block():
    space = WeightSpace(1, 1, 2)
    X, d = Matrix(2, space.size, symbols(f"x:{2 * space.size}")), space.gradient_symbols()
    S = space.sensitivity(d).as_mutable()
    S[space.columns("v"), space.columns("u")] = d.vu.T
    assert not (X * S - chained(space, X, d)).expand().is_zero_matrix


@pytest.mark.parametrize("trained", SUBSETS)
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 2)])
def test_descent_of_the_gram_is_descent_of_the_weights(drawn, shape, trained):
    space, rate = WeightSpace(*shape, trained), Rational(1, 7)
    X, d = drawn(space)
    stepped = X - rate * weight_gradient(space, X, d)
    assert descent(space, X.T * X, d, rate) == stepped.T * stepped


def test_descent_with_a_flipped_rate_is_noticed(drawn):
    X, d = drawn(WeightSpace())
    stepped = X - weight_gradient(WeightSpace(), X, d)
    assert descent(WeightSpace(), X.T * X, d, -1) != stepped.T * stepped


@pytest.mark.parametrize("trained", SUBSETS)
def test_flow_is_the_rate_of_the_gram(drawn, trained):
    space = WeightSpace(2, 1, 2, trained)
    X, d = drawn(space)
    velocity = -weight_gradient(space, X, d)
    assert flow(space, X.T * X, d) == X.T * velocity + velocity.T * X


def test_default_step_is_rate_times_clipping():
    space = WeightSpace()
    G, d = space.gram_symbols(), space.gradient_symbols()
    difference = descent(space, G, d) - descent(space, G, d, eta).subs(eta, eta * clip_factor)
    assert difference.expand().is_zero_matrix


@pytest.mark.parametrize("trained", SUBSETS)
def test_squared_norm_counts_the_trained_weights(drawn, trained):
    space = WeightSpace(2, 1, 2, trained)
    X, d = drawn(space)
    assert squared_gradient_norm(space, X.T * X, d) == sum(g**2 for g in weight_gradient(space, X, d))


def test_visible_blocks_of_the_gram(drawn):
    space = WeightSpace(2, 3, 2)
    X, _ = drawn(space)
    m, z, u, v = (X[:, slices(space)[block]] for block in BLOCKS)
    assert space.overlaps(X.T * X) == Overlaps(z.T * m, z.T * u, v.T * m, v.T * u)


def test_frozen_input_weights_keep_their_norm():
    space = WeightSpace()
    G, d = space.gram_symbols(), space.gradient_symbols()
    assert descent(space, G, d)[0, 0].expand() == G[0, 0]


def test_input_weights_are_frozen_by_default():
    assert WeightSpace().mask == Matrix.diag(0, 1, 1, 1)
    assert WeightSpace(2, 3, 1, ("m", "v")).mask == Matrix.diag(1, 1, 1, 0, 0, 0, 1)


def test_unknown_block_is_named():
    with pytest.raises(ValueError, match=r"trained must name blocks among m, z, u, v; found 'w'"):
        WeightSpace(trained=("z", "w"))


# conserved forms


def slope_along_the_symmetry(o, d):
    """E, the derivative of L(U R, V R⁻ᵀ) by R at R = 1: zero for every loss of the loop."""
    return o.zu.T * d.zu + o.vu.T * d.vu - d.vm * o.vm.T - d.vu * o.vu.T


def leaves_balance(space):
    """Whether d/dt(UᵀU - VᵀV) = -(E + Eᵀ) under the flow, which is zero with E."""
    G, d = space.gram_symbols(), space.gradient_symbols()
    rate, u, v = flow(space, G, d), slices(space)["u"], slices(space)["v"]
    E = slope_along_the_symmetry(space.overlaps(G), d)
    return (rate[u, u] - rate[v, v] + E + E.T).expand().is_zero_matrix


@pytest.mark.parametrize("shape", [*SHAPES, (1, 1, 3)])
@pytest.mark.parametrize("trained", [BLOCKS, ("z", "u", "v"), ("u", "v")])
def test_balance_holds_if_both_factors_are_trained(shape, trained):
    assert leaves_balance(WeightSpace(*shape, trained))


@pytest.mark.parametrize("trained", [("u",), ("m", "z", "v")])
def test_balance_fails_if_one_factor_is_frozen(trained):
    assert not leaves_balance(WeightSpace(trained=trained))


@pytest.mark.parametrize("rank", [1, 2])
def test_losses_obey_the_identity_of_the_scaling_symmetry(rank):
    loop = ReducedLoop(rank=rank)
    loss, o = short_term_loss(loop, 3), loop.overlaps
    d = Overlaps(*(block.applyfunc(loss.diff) for block in (o.zm, o.zu, o.vm, o.vu)))
    identity = slope_along_the_symmetry(o, d)
    assert identity.expand().is_zero_matrix
    assert not (identity + 2 * d.vm * o.vm.T).expand().is_zero_matrix


@pytest.mark.parametrize("trained", [BLOCKS, ("z", "u", "v"), ("u", "v"), ("z", "v")])
def test_drift_of_the_forms_over_one_step_is_exact(drawn, trained):
    """Π X J Xᵀ Π before and after a finite step of all weights differs by rate² times the drift."""
    space, rate = WeightSpace(1, 2, 2, trained), Rational(1, 5)
    X, d = drawn(space, neurons=5)
    columns = trained_columns(space)
    rest = [i for i in range(space.size) if i not in columns]
    frozen = X.extract(list(range(5)), rest)
    projector = eye(5) - frozen * (frozen.T * frozen).inv() * frozen.T if rest else eye(5)
    stepped = X - rate * weight_gradient(space, X, d)
    letters = dict(zip(space.gradient_symbols().flat, d.flat, strict=True))
    moving = projector * X.extract(list(range(5)), columns)
    for form in conserved_forms(space):
        change = projector * (stepped * form * stepped.T - X * form * X.T) * projector
        assert change == rate**2 * moving * form_drift(space, form).subs(letters) * moving.T


def test_columns_follow_one_another():
    space = WeightSpace(2, 3, 1)
    assert space.size == 7
    assert {block: space.columns(block) for block in BLOCKS} == slices(space)
    assert Fraction(space.size) == sum(space.widths.values())
