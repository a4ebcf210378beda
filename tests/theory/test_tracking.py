"""From reference to tracked output: T(λ) against N neurons stepped in exact fractions, losses against direct algebra."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from sympy import (
    I,
    ImmutableMatrix,
    Matrix,
    Rational,
    Symbol,
    cancel,
    cos,
    expand,
    integrate,
    ones,
    pi,
    re,
    sin,
    symbols,
)

from theory.core.loop import Overlaps
from theory.core.plant import LinearPlant, double_integrator
from theory.core.transfer_algebra import TransferAlgebra
from theory.symbols import amplitude, dt, gain_p, gain_r, gamma, lam, phase
from theory.tracking.loop import (
    TrackingLoop,
    axis_response,
    axis_transfer,
    joint_polynomial,
    markov_agent,
    planar_gain,
    seen_polynomial,
    side_by_side,
    steps_of,
)
from theory.tracking.sinusoids import in_cosine, sinusoid_loss, stationary_loss, stationary_slope

LETTERS = ImmutableMatrix([[gain_p, gain_r]])


def test_copies_of_a_plant_stand_side_by_side():
    plant = side_by_side(double_integrator(dt), 2)
    assert Matrix([[1, 0, dt, 0], [0, 1, 0, dt], [0, 0, 1, 0], [0, 0, 0, 1]]) == plant.A
    assert Matrix([[0, 0], [0, 0], [dt, 0], [0, dt]]) == plant.B
    assert Matrix([[1, 0, 0, 0], [0, 1, 0, 0]]) == plant.C


def exact(array):
    return ImmutableMatrix(*array.shape, [Rational(f.numerator, f.denominator) for f in array.ravel()])


def fractions(rng, *shape):
    numbers = [Fraction(int(rng.integers(-4, 5)), int(rng.integers(1, 4))) for _ in range(int(np.prod(shape)))]
    return np.array(numbers, dtype=object).reshape(shape)


class Neurons:
    """A task of random fractions, stepped entry by entry: y = C x + D r, h⁺ = (1-γ) h + γ (U Vᵀ h + M y), u = Zᵀ h."""

    def __init__(self, rng, n=2, p=1, outputs=1, q=3, rank=1, neurons=5, leak=Fraction(1, 3)):
        self.A, self.B, self.Co = fractions(rng, n, n), fractions(rng, n, p), fractions(rng, outputs, n)
        self.C, self.D = fractions(rng, q, n), fractions(rng, q, outputs)
        self.m, self.z = fractions(rng, neurons, q), fractions(rng, neurons, p)
        self.u, self.v, self.leak = fractions(rng, neurons, rank), fractions(rng, neurons, rank), leak

    def impulse(self, steps):
        """Tracked output at steps 0 … from an impulse in each reference at step 0."""
        outputs = len(self.Co)
        x, h = self.A[:, :1] * 0 + np.zeros((1, outputs), int), self.m[:, :1] * 0 + np.zeros((1, outputs), int)
        found = []
        for step in range(steps):
            found.append(exact(self.Co @ x))
            r = np.eye(outputs, dtype=int) * Fraction(int(step == 0))
            h = (1 - self.leak) * h + self.leak * (self.u @ (self.v.T @ h) + self.m @ (self.C @ x + self.D @ r))
            x = self.A @ x + self.B @ (self.z.T @ h)
        return found

    @property
    def loop(self):
        plant = LinearPlant(exact(self.A), exact(self.B), exact(self.Co))
        overlaps = Overlaps.of_weights(*(exact(w) for w in (self.m, self.z, self.u, self.v)))
        leak = Rational(self.leak.numerator, self.leak.denominator)
        return TrackingLoop(plant, exact(self.C), exact(self.D), self.u.shape[1], leak, overlaps)


def series(entry, count):
    """Coefficients of λ^0, λ^{-1}, … of a proper rational function, by long division."""
    from sympy import Poly, fraction

    top, bottom = (Poly(part, lam) for part in fraction(cancel(entry)))
    found = []
    for _ in range(count):
        digit = top.coeff_monomial(lam ** bottom.degree()) / bottom.LC()
        found.append(digit)
        top = (top - digit * bottom) * Poly(lam, lam)
    return found


TASKS = [{}, {"outputs": 2, "p": 2, "q": 2, "rank": 2}, {"n": 3, "p": 2, "q": 1, "leak": Fraction(1)}]


@pytest.mark.parametrize("sizes", TASKS)
def test_transfer_function_is_the_impulse_response_of_the_neurons(rng, sizes):
    net = Neurons(rng, **sizes)
    loop, expected = net.loop, net.impulse(7)
    assert steps_of(loop, 7) == expected
    for transfer in (loop.transfer(), loop.state_space_transfer()):
        for i, j in np.ndindex(*transfer.shape):
            assert series(transfer[i, j], 7) == [matrix[i, j] for matrix in expected]


def test_a_flipped_feed_is_noticed(rng):
    net = Neurons(rng)
    wrong = replace(net.loop, feedthrough=-net.loop.feedthrough)
    assert steps_of(wrong, 7) != net.impulse(7)


def test_transfer_of_every_agent_on_one_axis_is_the_textbook_loop():
    G, loop = planar_gain(), TrackingLoop(double_integrator(dt))
    assert cancel(G - dt**2 / (lam - 1) ** 2) == 0
    assert cancel(loop.transfer(LETTERS)[0] - G * gain_r / (1 - G * gain_p)) == 0
    assert cancel(loop.transfer(LETTERS)[0] - axis_transfer(G)) == 0
    assert cancel(loop.control_to_output(LETTERS)[0] - axis_response(G)) == 0


@pytest.mark.parametrize("sizes", TASKS)
def test_around_the_plant_is_the_same_unexpanded(rng, sizes):
    """E, Ĝ and C X + D through the responses of a random plant, and the change of cᵀ E a under a change of K."""
    loop = Neurons(rng, **sizes).loop
    p, q, outputs = loop.plant.p, loop.output_matrix.rows, loop.plant.q
    K, change = exact(fractions(rng, p, q)) + ones(p, q) / lam, exact(fractions(rng, p, q))
    pairs = list(
        zip(loop.around_the_plant(K), (loop.error(K), loop.control_to_output(K), loop.input_response(K)), strict=True)
    )
    weights, reference = exact(fractions(rng, outputs, 1)), exact(fractions(rng, outputs, 1))
    moved = weights.T * loop.error_slope(K, change) * reference
    assert moved[0] != 0
    pairs.append((Matrix([[(loop.error_gradient(K, weights, reference).T * change).trace()]]), moved))
    for point in (Rational(7, 3), Rational(-3, 11), Rational(5, 2)):
        for found, expected in pairs:
            assert found.subs(lam, point) == expected.subs(lam, point)


def test_planar_agent_couples_the_axes_as_matrices_do():
    """T (1 - G K_p) = G K_r with matrices from the left, (1 - G K_p) T = G K_r."""
    K = ImmutableMatrix(2, 4, symbols("k1:9"))
    T, G = TrackingLoop().transfer(K), planar_gain(Rational(1, 10))
    gap = (Matrix.eye(2) - G * K[:, :2]) * T - G * K[:, 2:]
    assert gap.applyfunc(cancel).is_zero_matrix


def test_symbolic_rank_one_loop_has_the_same_transfer_in_state_space():
    loop = TrackingLoop(double_integrator(dt), leak=gamma)
    assert (loop.state_space_transfer() - loop.transfer()).applyfunc(cancel).is_zero_matrix


ALGEBRA = TransferAlgebra()


@pytest.mark.parametrize("name", ["residual", "sensitivity_residual", "weight_residual", "feedback_residual"])
def test_block_identities_hold_for_all_dimensions(name):
    found = getattr(ALGEBRA, name)()
    assert found.is_zero_matrix if isinstance(found, Matrix) else found == 0


class Wrong(TransferAlgebra):
    """An agent heard one step late, and a slope that forgets the leak."""

    @property
    def agent(self):
        return super().agent / lam

    def agent_slope(self):
        return super().agent_slope() / self.leak


@pytest.mark.parametrize("name", ["residual", "weight_residual"])
def test_a_wrong_block_identity_is_noticed(name):
    found = getattr(Wrong(), name)()
    assert not (found.is_zero_matrix if isinstance(found, Matrix) else found == 0)


@pytest.mark.parametrize("loop", [TrackingLoop(double_integrator(), leak=gamma), TrackingLoop()], ids=["axis", "plane"])
def test_references_do_not_enter_the_joint_spectrum(loop):
    seen = loop.output_matrix.rows // 2
    assert expand(joint_polynomial(loop) - seen_polynomial(loop, seen)) == 0
    inputs = [*loop.overlaps.zm[:, seen:], *loop.overlaps.vm[:, seen:]]
    assert not set(inputs) & joint_polynomial(loop).free_symbols


def test_joint_spectrum_is_that_of_the_neurons(rng):
    """Zeros of det(λ - P_eff) against the 2 + N dimensional joint matrix of fractions, by characteristic polynomials."""
    net = Neurons(rng)
    lower = net.leak * net.m @ net.C
    recurrence = net.u @ net.v.T
    inner = (1 - net.leak) * np.eye(5, dtype=int) + net.leak * recurrence + lower @ net.B @ net.z.T
    full = exact(np.block([[net.A, net.B @ net.z.T], [lower @ net.A, inner]])).charpoly(lam).as_expr()
    bulk = lam - 1 + Rational(1, 3)  # N - q - r = 1 time
    assert expand(full - bulk * joint_polynomial(net.loop)) == 0


# losses and slopes


def test_loss_of_one_sinusoid_is_the_mean_over_its_phase():
    """e(t) = Re E a e^{iφ}: a mean over φ, with the numbers of a point of the unit circle."""
    point = Rational(3, 5) + Rational(4, 5) * I
    error = TrackingLoop(double_integrator(dt)).error(ImmutableMatrix([[-2 + 1 / lam, 3 - 1 / lam**2]]))
    value = error[0].subs({lam: point, dt: Rational(1, 2)})
    real, imaginary = re(value), re(-I * value)
    mean = integrate((amplitude * (real * cos(phase) - imaginary * sin(phase))) ** 2, (phase, 0, 2 * pi)) / (2 * pi)
    found = stationary_loss(error, 0).subs({lam: point, dt: Rational(1, 2)})
    assert cancel(expand(mean / 2 - found, complex=True)) == 0


def test_cross_talk_between_axes_is_part_of_the_loss():
    error = ImmutableMatrix([[1 / lam, 2], [3 / lam, lam]])
    assert stationary_loss(error, 0, 1, 1) == 5
    assert stationary_loss(error, 1, 1, 1) == Rational(5, 2)
    squared = sinusoid_loss([2 + lam], [2 + 1 / lam], 1, 2)
    assert cancel(squared - 5 - 2 * lam - 2 / lam) == 0
    assert cancel(in_cosine(squared, Symbol("c")) - 5 - 4 * Symbol("c")) == 0


@pytest.mark.parametrize(("row", "column", "lag"), [(0, 0, 0), (1, 2, 1), (0, 3, 2), (1, 1, 1)])
def test_slope_by_a_markov_parameter_is_the_derivative_of_the_loss(rationals, row, column, lag):
    """Three lags of random numbers, one of them a letter; both axes, with cross-talk."""
    letter = Symbol("g", real=True)
    responses = [Matrix(2, 4, rationals(8)) for _ in range(3)]
    value = responses[lag][row, column]
    responses[lag][row, column] = letter
    agent, loop = markov_agent(responses), TrackingLoop()
    change = Matrix.zeros(2, 4)
    change[row, column] = lam**-lag
    fixed = agent.subs(letter, value)
    for axis in (0, 1):
        expected = stationary_loss(loop.error(agent), axis, 1, 1).diff(letter).subs(letter, value)
        found = stationary_slope(loop.error(fixed), loop.error_slope(fixed, change), axis, 1, 1)
        assert cancel(expected - found) == 0


def test_shapes_and_floats_are_refused():
    with pytest.raises(ValueError, match=r"feedthrough must have a row an input .* expected \(2, 1\), found \(1, 1\)"):
        TrackingLoop(double_integrator(), feedthrough=ImmutableMatrix([[1]]))
    with pytest.raises(TypeError, match="feedthrough must be exact"):
        TrackingLoop(double_integrator(), feedthrough=ImmutableMatrix([[0], [0.5]]))
