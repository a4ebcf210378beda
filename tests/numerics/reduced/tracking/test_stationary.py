"""Stationary losses per frequency and their gradients: against simulation, finite differences and exact theory."""

import numpy as np
import pytest
from sympy import I, ImmutableMatrix, Poly, Rational, expand_complex

from numerics.common.errors import InputError
from numerics.common.spectrum import agent_step
from numerics.common.weights import Weights
from numerics.experiment.tracking.measures import agent_poles
from numerics.reduced.tracking.filter import Filter, circle
from numerics.reduced.tracking.stationary import (
    joint_radius,
    markov_gradients,
    stationary_gradients,
    stationary_losses,
    transfer,
)
from numerics.replay.tracking_task import TrackingTask
from theory.core.loop import Overlaps
from theory.symbols import lam, omega
from theory.tracking.internal_model import deadbeat_loop
from theory.tracking.loop import TrackingLoop, joint_polynomial

TASK = TrackingTask()
LEAK = 0.1
PERIOD = 100  # steps after which all four sinusoids repeat


def stable_network(rng, neurons=100):
    """Random weights around a controller with a filtered velocity, the axes coupled; the joint system is stable."""
    one = np.eye(2)
    keep = np.block([[0 * one, 0 * one], [-3 * one, 0.7 * one]])  # (p, filtered velocity) of each axis
    enter = np.block([[one, 0 * one], [3 * one, 0 * one]])
    act = np.hstack([-2 * one, -2.5 * one]) + rng.normal(0, 0.1, (2, 4))
    frame = np.linalg.qr(rng.normal(size=(neurons, neurons)))[0][:, :4]
    m = frame @ enter / 0.1 + rng.normal(0, 0.1, (neurons, 4))
    m[:, 2:] += frame[:, :2] * rng.uniform(10, 20)
    bulk = rng.normal(0, 0.3 / np.sqrt(neurons), (neurons, neurons))
    step = frame @ keep @ frame.T + bulk - bulk @ frame @ frame.T
    z = frame @ act.T + rng.normal(0, 0.01, (neurons, 2))
    return Weights(m, z, w=(step - 0.9 * np.eye(neurons)) / 0.1)


def simulated_losses(weights, phases, only=None, burn=3000):
    """dt times the mean squared error over a period, long after the start: neurons stepped one by one."""
    p, v, h, errors = np.zeros(2), np.zeros(2), np.zeros(weights.neurons), []
    for t in range(burn + PERIOD):
        r = np.zeros(2)
        for index, (f, axis, phase) in enumerate(zip(TASK.frequencies, TASK.axes, phases, strict=True)):
            if only in (None, index):
                r[axis] += 2.31 * np.cos(2 * np.pi * f * 0.1 * t + phase)
        h = (1 - LEAK) * h + LEAK * (weights.recurrence @ h + weights.m @ np.concatenate([p, r]))
        p, v = p + 0.1 * v, v + 0.1 * weights.z.T @ h
        errors.append(p - r)
    return 0.1 * np.mean(np.sum(np.array(errors[burn:]) ** 2, axis=1))


@pytest.fixture(params=range(3))
def weights(request):
    return stable_network(np.random.default_rng(request.param))


def test_the_networks_are_stable_couple_the_axes_and_track_differently_well(weights):
    assert joint_radius(TASK, weights) < 0.99
    assert abs(transfer(TASK, weights, TASK.advances)[0, 0, 1]) > 1e-3
    assert np.ptp(stationary_losses(TASK, weights)) > 0.01


def test_loss_is_that_of_the_simulation_after_its_transients(weights, rng):
    theory, phases = stationary_losses(TASK, weights), rng.uniform(0, 2 * np.pi, 4)
    assert simulated_losses(weights, phases) == pytest.approx(theory.sum(), rel=1e-9)
    for index, loss in enumerate(theory):
        assert simulated_losses(weights, phases, index) == pytest.approx(loss, rel=1e-9)


def test_comparing_with_the_reference_of_the_wrong_step_would_be_noticed(weights, rng):
    errors = (transfer(TASK, weights, TASK.advances) - np.eye(2)) @ TASK.phasors[:, :, None]
    shifted = TASK.dt / 2 * np.sum(np.abs(errors) ** 2)
    assert abs(shifted / simulated_losses(weights, rng.uniform(0, 2 * np.pi, 4)) - 1) > 0.01


def differences(weights, name, direction, size=1e-6):
    """Central difference of the losses along a direction of one weight matrix."""
    moved = [weights.updated({name: getattr(weights, name) + s * size * direction}) for s in (1, -1)]
    losses = [stationary_losses(TASK, w) for w in moved]
    return (losses[0] - losses[1]) / (2 * size)


def low_rank(rng, scale=1e-3):
    """A stable network whose recurrence is a full matrix and a small product of rank two."""
    base = stable_network(rng)
    u, v = rng.normal(size=(2, base.neurons, 2)) * scale
    return Weights(base.m, base.z, u, v, base.w)


@pytest.mark.parametrize("name", ["m", "z", "u", "v", "w"])
def test_gradients_by_the_weights(rng, name):
    weights = low_rank(rng)
    slopes = stationary_gradients(TASK, weights)[name]
    direction = rng.normal(size=slopes.shape[1:])
    direction /= np.linalg.norm(direction)
    found = np.sum(slopes * direction, axis=(1, 2))
    assert (
        np.abs(found - differences(weights, name, direction, 1e-3 if name in "uv" else 1e-6)).max()
        < 1e-7 * np.abs(slopes).max() + 1e-9
    )


def test_gradient_by_the_read_out_is_that_by_the_markov_parameters(weights):
    """∂L/∂Z = Σ_j F^j γ M (∂L/∂g_j)ᵀ: the chain rule through g_j = γ Zᵀ F^j M, to the last lag that matters."""
    lags, state, total = 400, LEAK * weights.m, 0.0
    for slopes in np.moveaxis(markov_gradients(TASK, weights, lags), 1, 0):
        total = total + state @ np.swapaxes(slopes, 1, 2)
        state = agent_step(weights, LEAK) @ state
    assert np.abs(state).max() < 1e-9
    expected = stationary_gradients(TASK, weights)["z"]
    assert np.abs(total - expected).max() < 1e-10 * np.abs(expected).max()


def test_the_agent_from_its_markov_parameters_is_that_by_linear_solves(weights):
    points = circle(1.05, 2048)
    solved, summed = Filter(weights, LEAK, points[::64]), Filter(weights, LEAK, points, around=True)
    for name in ("input_response", "output_response", "transfer"):
        expected = getattr(solved, name)
        assert np.abs(getattr(summed, name)[::64] - expected).max() < 1e-12 * np.abs(expected).max()


# against the exact theory


def exact(array):
    return [[Rational(round(60 * x), 60) for x in row] for row in array]


SHAPES = {"zm": (2, 4), "zu": (2, 1), "vm": (1, 4), "vu": (1, 1)}


def at_overlaps(rng, blocks, neurons=20):
    """Random m and u; z and v of least norm with the overlaps."""
    m, u = rng.normal(size=(neurons, blocks["zm"].shape[1])), rng.normal(size=(neurons, blocks["zu"].shape[1]))
    span = np.hstack([m, u])
    readers = np.linalg.pinv(span.T) @ np.block([[blocks["zm"], blocks["zu"]], [blocks["vm"], blocks["vu"]]]).T
    return Weights(m, readers[:, :2], u, readers[:, 2:])


@pytest.fixture
def rank_one(rng):
    """A rank-one agent with rational overlaps, exact and as neurons."""
    blocks = {name: exact(rng.uniform(-1, 1, shape)) for name, shape in SHAPES.items()}
    loop = TrackingLoop(overlaps=Overlaps(**{k: ImmutableMatrix(v) for k, v in blocks.items()}))
    return loop, at_overlaps(rng, {k: np.array(v, dtype=float) for k, v in blocks.items()})


def test_numbers_are_those_of_the_exact_theory(rank_one):
    """T(λ) from the symbolic theory of the low-rank loop, at rational points of the unit circle."""
    loop, weights = rank_one
    for half in (Rational(1, 30), Rational(1, 8)):  # tangents of ω/2
        advance = (1 - half**2 + 2 * I * half) / (1 + half**2)
        expected = np.array(loop.transfer().subs(lam, advance).applyfunc(expand_complex), dtype=complex)
        found = transfer(TASK, weights, np.array([complex(advance)]))[0]
        assert np.abs(found - expected).max() < 1e-11 * np.abs(found).max()


def test_spectral_radius_is_that_of_the_exact_polynomial(rank_one):
    loop, weights = rank_one
    roots = Poly(joint_polynomial(loop), lam).sqf_part().nroots(n=30)
    expected = max(abs(complex(root)) for root in roots)
    assert expected > 0.95  # more than the bulk at 1 - γ
    assert joint_radius(TASK, weights) == pytest.approx(expected, rel=1e-9)


def test_perfect_tracking_needs_no_eigenvalue_nearby():
    """The theory's deadbeat agent on both axes: no error at ω, some at another frequency, all joint eigenvalues at 0."""
    angle = Rational(1, 3)
    axis = [np.array(b.subs(omega, angle).evalf(20), dtype=float) for b in vars(deadbeat_loop().overlaps).values()]
    zm, zu, vm, vu = (np.kron(block, np.eye(2)) for block in axis)  # p_x, p_y, r_x, r_y
    span = np.eye(8)  # m and u orthonormal
    readers = span @ np.block([[zm, zu], [vm, vu]]).T
    weights = Weights(span[:, :4], readers[:, :2], span[:, 4:], readers[:, 2:])
    task = TrackingTask(1.0, 30.0, 0.0, 1.0, (float(angle) / (2 * np.pi),), (0.4 / (2 * np.pi),))
    assert joint_radius(task, weights, 1.0) < 0.02  # 0 but for the rounding of a Jordan block of size six
    tracked, other = stationary_losses(task, weights, 1.0)
    assert tracked < 1e-25
    assert other > 1e-3


@pytest.mark.parametrize("inputs", [("error",), ("velocity", "position", "reference")])
def test_agents_that_read_other_signals(rng, inputs):
    """K D and K C stand for what is read: T solves T = G_o (K_read) with the position's own derivative, by hand."""
    task = TrackingTask(inputs=inputs)
    weights = Weights(rng.normal(size=(9, task.plant.shape[2])), rng.normal(size=(9, 2)), w=rng.normal(size=(9, 9)))
    points = circle(1.3, 7)
    K = Filter(weights, LEAK, points).transfer
    speed = np.hstack([np.eye(2), np.zeros((2, 2))]) + 0.0
    for advance, agent, T in zip(points, K, transfer(task, weights, points), strict=True):
        states = np.vstack([T, (advance - 1) / 0.1 * T])  # v = (λ - 1) p/dt
        control = agent @ (task.plant.C @ states + task.feedthrough)
        assert np.abs((advance - 1) ** 2 * speed @ states - 0.01 * control).max() < 1e-12 * np.abs(control).max()


@pytest.mark.parametrize("inputs", [("position", "reference"), ("position", "velocity", "reference")])
def test_what_a_pole_reads_is_the_error_that_the_closed_loop_leaves_at_it(rng, inputs):
    """One mode an axis: beside its pole E is -(1 + λ N_r/N_p), whatever else the loop does."""
    task = TrackingTask(inputs=inputs, frequencies_x=(0.1,), frequencies_y=(0.4,))
    one = np.eye(2)
    modes = [0.95 * np.array([[v.real, v.imag], [-v.imag, v.real]]) for v in task.advances]
    step, m = np.zeros((4, 4)), rng.normal(size=(4, 2 * len(inputs)))
    step[:2, :2], step[2:, 2:] = modes
    m = m * np.tile(np.repeat(one, 2, axis=0), len(inputs))
    weights = Weights(m, np.repeat(one, 2, axis=0), w=(step - 0.9 * np.eye(4)) / 0.1)
    values, ratios = agent_poles(task, weights)
    assert values == pytest.approx(0.95 * task.advances)
    errors = transfer(task, weights, values + 1e-9) * values[:, None, None] - np.eye(2)
    assert np.abs(errors[[0, 1], [0, 1], [0, 1]]) == pytest.approx(ratios, rel=1e-5)


# errors


def test_an_unstable_network_has_no_stationary_loss(rng):
    m, z = rng.uniform(-0.1, 0.1, (100, 4)), rng.uniform(-0.1, 0.1, (100, 2))
    with pytest.raises(InputError, match=r"stable joint system .* found spectral radius 1\.0"):
        stationary_losses(TASK, Weights(m, z, w=rng.normal(0, 0.02, (100, 100))))


def test_wrong_input_is_refused(rng):
    weights = stable_network(rng, 10)
    with pytest.raises(InputError, match="m must have a column for each of the plant"):
        stationary_losses(TASK, Weights(weights.m[:, :3], weights.z, w=weights.w))
    with pytest.raises(InputError, match="leak must"):
        stationary_losses(TASK, weights, 0.0)


def test_a_pole_exactly_at_a_frequency_is_told():
    """F = I has the eigenvalue 1, frequency 0."""
    weights = Weights(np.ones((2, 4)), np.ones((2, 2)), w=np.eye(2))
    with pytest.raises(InputError, match="no pole exactly at a frequency"):
        transfer(TASK, weights, np.array([1.0]))
