"""The reduction to the overlaps against N neurons in exact arithmetic."""

from dataclasses import replace
from fractions import Fraction

import pytest
from sympy import Matrix, Rational, S, Symbol, diag, eye, zeros

from theory.core.block_algebra import BlockAlgebra, cancelled
from theory.core.loop import Overlaps, ReducedLoop, explicit_weights, joint_matrix, symbolic_loop
from theory.core.plant import double_integrator, integrator_chain, symbolic_plant
from theory.symbols import dt, gamma, lam, sigma_vm, sigma_vu, sigma_zm, sigma_zu

SIZES = [  # n, p, q, rank, leak, neurons: CB ≠ 0, p ≠ q, no recurrence, fewer neurons than q + r
    (1, 1, 1, 1, 1, 3),
    (2, 1, 1, 1, "1/3", 4),
    (3, 2, 1, 2, "2/5", 5),
    (2, 1, 3, 1, 1, 6),
    (2, 3, 2, 2, "3/2", 3),
    (2, 2, 1, 0, "1/2", 3),
]


def reduced_states(matrix, n, steps):
    state = Matrix.vstack(eye(n), zeros(matrix.rows - n, n))
    for _ in range(steps):
        yield state
        state = matrix * state


def follows(net, matrix, steps=5):
    """Whether x_t and h_t = M a_t + U b_t of a reduced matrix are those of the neurons, exactly."""
    n, q = len(net.A), len(net.C)
    m, u = net.weights["m"], net.weights["u"]
    pairs = zip(net.rollout(steps), reduced_states(matrix, n, steps), strict=True)
    return all(x == s[:n, :] and h == m * s[n : n + q, :] + u * s[n + q :, :] for (x, _, h), s in pairs)


@pytest.mark.parametrize("sizes", SIZES)
def test_reduced_loop_moves_as_the_neurons_do(network, sizes):
    net = network(*sizes)
    assert follows(net, net.loop.matrix.subs(net.values))


@pytest.mark.parametrize("block", ["zm", "zu", "vm", "vu"])
def test_a_flipped_overlap_is_noticed(network, block):
    net = network(2, 2, 1, 2, "1/3", 5)
    overlaps = net.loop.overlaps
    wrong = replace(overlaps, **{block: -getattr(overlaps, block)})
    assert not follows(net, replace(net.loop, overlaps=wrong).matrix.subs(net.values))


@pytest.mark.parametrize("sizes", SIZES)
def test_spectrum_is_the_reduced_one_and_the_leak(network, sizes):
    net = network(*sizes)
    joint, reduced = net.joint(), net.loop.matrix.subs(net.values)
    surplus = len(net.m) - len(net.C) - net.u.shape[1]
    for value in (Rational(2, 7), Rational(-5, 3), S(3)):
        full, small = (value * eye(P.rows) - P for P in (joint, reduced))
        assert full.det() == (value - 1 + net.loop.leak) ** surplus * small.det()


def test_joint_matrix_is_the_one_written_out(network):
    net = network(3, 2, 1, 2, "2/5", 4)
    m, z, u, v = net.weights.values()
    assert joint_matrix(net.loop.plant, m, z, u * v.T, net.loop.leak) == net.joint()


def test_double_integrator_rank_one():
    assert ReducedLoop().matrix == Matrix(
        [[1, 1, 0, 0], [0, 1, sigma_zm, sigma_zu], [1, 1, 0, 0], [0, 0, sigma_vm, sigma_vu]]
    )


@pytest.mark.parametrize(
    ("plant", "neurons", "rank"),
    [(double_integrator(), 3, 1), (integrator_chain(1, dt), 2, 2), (symbolic_plant(1, 2, 1), 1, 1)],
)
def test_identities_hold_for_symbols_in_every_weight(plant, neurons, rank):
    weights = explicit_weights(neurons, plant.p, plant.q, rank)
    joint = joint_matrix(plant, weights["m"], weights["z"], weights["u"] * weights["v"].T, gamma)
    reduced = ReducedLoop(plant, rank, gamma, Overlaps.of_weights(**weights)).matrix
    basis = diag(eye(plant.n), Matrix.hstack(weights["m"], weights["u"]))
    assert (joint * basis - basis * reduced).expand().is_zero_matrix
    full, small = (matrix.charpoly(lam).as_expr() for matrix in (joint, reduced))
    surplus, bulk = neurons - plant.q - rank, lam - 1 + gamma
    assert (full * bulk ** max(-surplus, 0) - bulk ** max(surplus, 0) * small).expand() == 0


def test_block_identities_hold_for_letters_without_dimensions():
    blocks = BlockAlgebra()
    assert blocks.factor_residual() == zeros(2, 2)
    assert blocks.reduction_residual() == zeros(2, 3)


def test_block_identities_notice_a_wrong_sign():
    class Wrong(BlockAlgebra):
        @property
        def coefficients(self):
            F = super().coefficients.copy()
            F[1, 1] = -F[1, 1]
            return F

    assert Wrong().factor_residual() != zeros(2, 2)
    assert Wrong().reduction_residual() != zeros(2, 3)


def test_weights_enter_the_reduced_blocks_only_through_overlaps():
    blocks = BlockAlgebra()
    weights = {blocks.M, blocks.U, blocks.Zt, blocks.Vt}
    assert blocks.reduced.free_symbols >= weights
    assert not blocks.named.free_symbols & weights


@pytest.mark.parametrize("sizes", SIZES)
def test_closed_blocks_have_the_determinant_of_the_reduced_loop(network, sizes):
    """diag(λ - A - B K C, γ s, γ (s - σ_vu)) with the numbers of a network in place of the letters."""
    net, at = network(*sizes), Rational(7, 5)
    o, leak = Overlaps.of_weights(**net.weights), net.loop.leak
    s = (at - 1 + leak) / leak
    resolvent = s * eye(net.u.shape[1]) - o.vu
    K = at / s * (o.zm + o.zu * resolvent.inv() * o.vm)
    A, B, C = net.loop.plant.A, net.loop.plant.B, net.loop.plant.C
    blocks = [at * eye(len(net.A)) - A - B * K * C, leak * s * eye(len(net.C)), leak * resolvent]
    full = at * eye(net.loop.dimension) - net.loop.matrix.subs(net.values)
    assert full.det() == blocks[0].det() * blocks[1].det() * blocks[2].det()


def test_closed_blocks_are_those_written_out():
    blocks = BlockAlgebra()
    A, B, C, zm, zu, vm, vu, R = (getattr(blocks, name) for name in ("A", "B", "C", "zm", "zu", "vm", "vu", "R"))
    closed = blocks.closed.subs(gamma, 1)
    assert closed == diag(lam - A - B * zm * C - B * zu * R * vm * C, lam, lam - vu)
    assert cancelled(blocks.closed[0, 0] - closed[0, 0]) != 0


def test_overlaps_are_listed_block_by_block():
    m, z, u, v = ([[k], [k + 1]] for k in (1, 3, 5, 7))
    assert Overlaps.of_weights(m, z, u, v).flat == (11, 39, 23, 83)


def test_readout_gives_the_control(network):
    net = network(2, 2, 1, 2, "1/4", 4)
    matrix, readout = (M.subs(net.values) for M in (net.loop.matrix, net.loop.readout))
    for (_, control, _), state in zip(net.rollout(4), reduced_states(matrix, 2, 4), strict=True):
        assert control == readout * state


def test_leak_may_be_an_expression():
    leak = dt / Symbol("tau", positive=True)
    matrix = ReducedLoop(leak=leak).matrix
    assert matrix == ReducedLoop(leak=gamma).matrix.subs(gamma, leak).expand()


def test_leak_must_be_exact():
    with pytest.raises(TypeError, match=r"leak must be exact; .*found the float 0\.5"):
        ReducedLoop(leak=0.5)


def test_symbolic_loop_has_plant_and_leak_as_parameters():
    loop = symbolic_loop(2, 1, 2, 1)
    assert loop.parameters == (*loop.plant.parameters, gamma)


def test_a_letter_shared_by_plant_and_leak_is_one_parameter():
    assert ReducedLoop(double_integrator(dt), leak=dt).parameters == (dt,)


def test_default_leak_is_none():
    loop = ReducedLoop()
    assert loop.leak == 1
    assert loop.matrix == ReducedLoop(leak=Fraction(1)).matrix == ReducedLoop(leak="1").matrix


def test_invariant_subspace_of_explicit_matrices(network):
    net = network(3, 1, 2, 2, "1/5", 6)
    basis = diag(eye(3), Matrix.hstack(net.weights["m"], net.weights["u"]))
    assert net.joint() * basis == basis * net.loop.matrix.subs(net.values)


def test_characteristic_polynomial_of_a_network_divides(network):
    net = network(neurons=4)
    joint = net.joint().charpoly(lam).as_expr()
    assert (joint - lam**2 * net.loop.matrix.subs(net.values).charpoly(lam).as_expr()).expand() == 0
