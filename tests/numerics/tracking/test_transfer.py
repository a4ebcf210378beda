"""Stationary losses per frequency and their gradients: against simulation, finite differences and exact theory."""

import numpy as np
import pytest
from sympy import I, ImmutableMatrix, Poly, Rational, expand_complex

from numerics.errors import InputError
from numerics.plants import Plant
from numerics.tracking.transfer import (
    Tones,
    TrackingSystem,
    markov_gradients,
    needed_control,
    planar_tracker,
    stationary_gradients,
    stationary_losses,
    transfer,
)
from numerics.weights import Weights, gaussian_law
from theory.internal_model import deadbeat_loop
from theory.loop import Overlaps
from theory.symbols import lam, omega
from theory.tracking import TrackingLoop, joint_polynomial

TONES = Tones()
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


def simulated_loss(tracker, tones, phases, burn=3000):
    """dt times the mean squared error over a period, long after the start: neurons stepped one by one."""
    A, B, view, w = tracker.plant.A, tracker.plant.B, tracker.plant.C, tracker.weights
    x, h, errors = np.zeros(len(A)), np.zeros(w.neurons), []
    for t in range(burn + PERIOD):
        r = np.zeros(len(tracker.tracked))
        for f, axis, size, phase in zip(tones.frequencies, tones.axes, tones.amplitudes, phases, strict=True):
            r[axis] += size * np.cos(2 * np.pi * f * tones.dt * t + phase)
        y = view @ x + tracker.feed @ r
        h = (1 - tracker.leak) * h + tracker.leak * (w.recurrence @ h + w.m @ y)
        x = A @ x + B @ (w.z.T @ h)
        errors.append(tracker.tracked @ x - r)
    return tones.dt * np.mean(np.sum(np.array(errors[burn:]) ** 2, axis=1))


def only(tones, index):
    """One of the sinusoids."""
    pick = ((getattr(tones, name)[index],) for name in ("frequencies", "axes", "amplitudes"))
    return Tones(*pick, tones.dt)


@pytest.fixture(params=range(3))
def tracker(request):
    return planar_tracker(stable_network(np.random.default_rng(request.param)))


def test_the_networks_are_stable_couple_the_axes_and_track_differently_well(tracker):
    assert tracker.spectral_radius < 0.99
    _, T = transfer(tracker, TONES.advances[0])
    assert abs(T[0, 1]) > 1e-3
    assert np.ptp(stationary_losses(tracker, TONES)) > 0.01


def test_loss_is_that_of_the_simulation_after_its_transients(tracker, rng):
    theory = stationary_losses(tracker, TONES)
    phases = rng.uniform(0, 2 * np.pi, 4)
    assert simulated_loss(tracker, TONES, phases) == pytest.approx(theory.sum(), rel=1e-9)
    for index, loss in enumerate(theory):
        assert simulated_loss(tracker, only(TONES, index), phases[:1]) == pytest.approx(loss, rel=1e-9)


def test_comparing_with_the_reference_of_the_wrong_step_would_be_noticed(tracker, rng):
    shifted = [
        TONES.dt / 2 * np.sum(np.abs(transfer(tracker, step)[1] @ a - a) ** 2)
        for step, a in zip(TONES.advances, TONES.phasors(2), strict=True)
    ]
    simulated = simulated_loss(tracker, TONES, rng.uniform(0, 2 * np.pi, 4))
    assert abs(sum(shifted) / simulated - 1) > 0.01


def differences(tracker, tones, name, direction, size=1e-6):
    """Central difference of the losses along a direction of one weight matrix."""
    at = [
        TrackingSystem(
            tracker.plant,
            tracker.feed,
            tracker.tracked,
            tracker.weights.updated({name: getattr(tracker.weights, name) + s * size * direction}),
            tracker.leak,
        )
        for s in (1, -1)
    ]
    return (stationary_losses(at[0], tones) - stationary_losses(at[1], tones)) / (2 * size)


@pytest.mark.parametrize("name", ["m", "z", "w"])
def test_gradients_by_the_weights(tracker, rng, name):
    slopes = stationary_gradients(tracker, TONES)[name]
    direction = rng.normal(size=slopes.shape[1:])
    expected = differences(tracker, TONES, name, direction / np.linalg.norm(direction))
    found = np.sum(slopes * direction / np.linalg.norm(direction), axis=(1, 2))
    assert np.abs(found - expected).max() < 1e-7 * np.abs(slopes).max() + 1e-9


@pytest.fixture
def low_rank(rng):
    """A low-rank network on another plant: stable, three states, two tracked, one velocity read."""
    plant = Plant(
        np.array([[0.9, 0.1, 0], [0, 0.8, 0.2], [0.1, 0, 0.7]]), rng.normal(size=(3, 2)), rng.normal(size=(3, 3))
    )
    return TrackingSystem(
        plant, rng.normal(size=(3, 2)), rng.normal(size=(2, 3)), _scaled(gaussian_law(rng, 30, 2, 3, 2)), 0.3
    )


def _scaled(weights):
    return Weights(weights.m, 0.05 * weights.z, weights.u, weights.v)


@pytest.mark.parametrize("name", ["m", "z", "u", "v"])
def test_gradients_of_a_low_rank_agent_on_another_plant(low_rank, rng, name):
    assert low_rank.spectral_radius < 1
    slopes = stationary_gradients(low_rank, TONES)[name]
    direction = rng.normal(size=slopes.shape[1:])
    expected = differences(low_rank, TONES, name, direction)
    assert np.sum(slopes * direction, axis=(1, 2)) == pytest.approx(expected, rel=1e-6)


def test_gradient_by_the_read_out_is_that_by_the_markov_parameters(tracker):
    """∂L/∂Z = Σ_j F^j γ M (∂L/∂g_j)ᵀ: the chain rule through g_j = γ Zᵀ F^j M, to the last lag that matters."""
    lags, heard, total = 400, tracker.leak * tracker.weights.m, 0.0
    for slopes in np.moveaxis(markov_gradients(tracker, TONES, lags), 1, 0):
        total = total + heard @ np.swapaxes(slopes, 1, 2)
        heard = tracker.step @ heard
    assert np.abs(heard).max() < 1e-9
    expected = stationary_gradients(tracker, TONES)["z"]
    assert np.abs(total - expected).max() < 1e-10 * np.abs(expected).max()


def exact(array):
    return [[Rational(round(60 * x), 60) for x in row] for row in array]


def test_numbers_are_those_of_the_exact_theory(rng):
    """A rank-one agent with rational overlaps, T(λ) from the symbolic theory, at rational points of the unit circle."""
    blocks = {name: exact(rng.uniform(-1, 1, shape)) for name, shape in SHAPES.items()}
    loop = TrackingLoop(overlaps=Overlaps(**{k: ImmutableMatrix(v) for k, v in blocks.items()}))
    weights = at_overlaps(rng, {k: np.array(v, dtype=float) for k, v in blocks.items()})
    for half in (Rational(1, 30), Rational(1, 8)):  # tangents of ω/2
        advance = (1 - half**2 + 2 * I * half) / (1 + half**2)
        expected = np.array(loop.transfer().subs(lam, advance).applyfunc(expand_complex), dtype=complex)
        _, found = transfer(planar_tracker(weights), complex(advance))
        assert np.abs(found - expected).max() < 1e-11 * np.abs(found).max()


SHAPES = {"zm": (2, 4), "zu": (2, 1), "vm": (1, 4), "vu": (1, 1)}


def at_overlaps(rng, blocks, neurons=20):
    """Random m and u; z and v of least norm with the overlaps."""
    m, u = rng.normal(size=(neurons, 4)), rng.normal(size=(neurons, 1))
    span = np.hstack([m, u])
    readers = np.linalg.pinv(span.T) @ np.block([[blocks["zm"], blocks["zu"]], [blocks["vm"], blocks["vu"]]]).T
    return Weights(m, readers[:, :2], u, readers[:, 2:])


def test_spectral_radius_is_that_of_the_exact_polynomial(rng):
    blocks = {name: exact(rng.uniform(-1, 1, shape)) for name, shape in SHAPES.items()}
    loop = TrackingLoop(overlaps=Overlaps(**{k: ImmutableMatrix(v) for k, v in blocks.items()}))
    roots = Poly(joint_polynomial(loop), lam).sqf_part().nroots(n=30)
    weights = at_overlaps(rng, {k: np.array(v, dtype=float) for k, v in blocks.items()})
    expected = max(abs(complex(root)) for root in roots)
    assert expected > 0.95  # more than the bulk at 1 - γ
    assert planar_tracker(weights).spectral_radius == pytest.approx(expected, rel=1e-9)


def test_perfect_tracking_needs_no_eigenvalue_nearby():
    """The deadbeat agent of the theory: no error at ω, some beside it, all joint eigenvalues at 0."""
    angle = Rational(1, 3)
    overlaps = deadbeat_loop().overlaps
    zm, zu, vm, vu = (np.array(block.subs(omega, angle).evalf(20), dtype=float) for block in vars(overlaps).values())
    span = np.eye(4)  # m and u orthonormal
    readers = span @ np.block([[zm, zu], [vm, vu]]).T
    weights = Weights(span[:, :2], readers[:, :1], span[:, 2:], readers[:, 1:])
    plant = Plant(np.array([[1.0, 1], [0, 1]]), np.array([[0.0], [1]]), np.array([[1.0, 0], [0, 0]]))
    tracker = TrackingSystem(plant, np.array([[0.0], [1]]), np.array([[1.0, 0]]), weights, 1.0)
    assert tracker.spectral_radius < 0.02  # 0 but for the rounding of a Jordan block of size six
    at = [stationary_losses(tracker, Tones((float(f) / (2 * np.pi),), (0,), (1.0,), 1.0))[0] for f in (angle, 0.4)]
    assert at[0] < 1e-25
    assert at[1] > 1e-3


def test_needed_control_is_the_acceleration_of_the_reference(tracker):
    for advance, frequency in zip(TONES.advances, TONES.frequencies, strict=True):
        expected = -((2 * np.sin(np.pi * frequency * TONES.dt) / TONES.dt) ** 2)
        assert needed_control(tracker, advance, 1) == pytest.approx([0, expected], abs=1e-12)


def test_an_unstable_network_has_no_stationary_loss(rng):
    bound = 0.1
    weights = Weights(
        rng.uniform(-bound, bound, (100, 4)), rng.uniform(-bound, bound, (100, 2)), w=rng.normal(0, 0.02, (100, 100))
    )
    with pytest.raises(InputError, match=r"stable joint system .* found spectral radius 1\.0"):
        stationary_losses(planar_tracker(weights), TONES)


def test_wrong_input_is_refused(rng):
    weights = stable_network(rng, 10)
    good = planar_tracker(weights)
    with pytest.raises(InputError, match="m must have 4 columns to fit the plant; found 3"):
        planar_tracker(Weights(weights.m[:, :3], weights.z, w=weights.w))
    with pytest.raises(InputError, match=r"feed must fit the plant; expected \(4, 2\), found \(2, 2\)"):
        TrackingSystem(good.plant, np.eye(2), good.tracked, weights)
    with pytest.raises(InputError, match="axes must be below the number of tracked outputs, 2; found 2"):
        stationary_losses(good, Tones((0.1,), (2,), (1.0,)))
    with pytest.raises(InputError, match=r"frequencies must lie in \(0, 5\]; found 6"):
        Tones((6.0,), (0,), (1.0,))
    with pytest.raises(InputError, match="amplitudes must have an entry for each of 1 frequencies; found 4"):
        Tones((0.1,), (0,))


def test_a_pole_exactly_at_a_frequency_is_told():
    """F = I has the eigenvalue 1, frequency 0."""
    weights = Weights(np.ones((2, 4)), np.ones((2, 2)), w=np.eye(2))
    with pytest.raises(InputError, match="no pole exactly at a frequency"):
        transfer(planar_tracker(weights), 1.0)
