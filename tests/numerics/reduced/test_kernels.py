"""Rollout kernels against exact rationals, finite differences, and each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Rational

from numerics.reduced.codegen import jit
from numerics.reduced.kernels import learning_kernel, loss_kernel
from theory.core.learning import WeightSpace, descent, flow, squared_gradient_norm
from theory.core.loop import Overlaps, ReducedLoop, symbolic_loop
from theory.core.loss import Cost, gradient, horizon_loss
from theory.core.plant import double_integrator
from theory.symbols import OVERLAPS

IDENTITY = (1.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("horizon", [1, 2, 5, 12])
@pytest.mark.parametrize("penalty", [0, Rational(3, 10)])
def test_loss_and_gradient_equal_the_exact_polynomial(horizon, penalty):
    point = [Rational(-7, 10), Rational(4, 5), Rational(3, 5), Rational(-1, 5)]
    exact = horizon_loss(horizon, cost=Cost.identity(double_integrator(), penalty), average=False)
    values = dict(zip(OVERLAPS, point, strict=True))
    loss, slope = loss_kernel(ReducedLoop()).function(
        tuple(map(float, point)), (), IDENTITY, 1.0, float(penalty), horizon
    )
    assert loss == pytest.approx(float(exact.subs(values)), rel=1e-12)
    np.testing.assert_allclose(slope, [float(g.subs(values)) for g in gradient(exact)], rtol=1e-12, atol=1e-12)


def test_unpenalised_kernel_is_the_penalised_one_at_zero():
    point = (-0.3, 0.5, 0.2, 0.4)
    full = loss_kernel(ReducedLoop(), True).function(point, (), IDENTITY, 0.7, 0.0, 30)
    bare = loss_kernel(ReducedLoop(), False).function(point, (), IDENTITY, 0.7, 123.0, 30)
    np.testing.assert_allclose(np.r_[full[0], full[1]], np.r_[bare[0], bare[1]], rtol=1e-13)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.integers(1, 2), st.integers(1, 2), st.integers(0, 2), st.integers(0, 10**6))
def test_adjoint_is_the_derivative_for_any_plant(n, p, q, r, seed):
    r = max(r, 1)
    rng = np.random.default_rng(seed)
    loop = symbolic_loop(n, p, q, r)
    overlaps = rng.normal(0, 0.5, len(loop.overlaps.flat))
    parameters = tuple(np.r_[rng.normal(0, 0.4, len(loop.parameters) - 1), rng.uniform(0.1, 1)])
    factor = tuple(rng.normal(size=n * n))
    kernel = loss_kernel(loop).function
    _, slope = kernel(tuple(overlaps), parameters, factor, 0.7, 0.3, 9)
    direction, h = rng.normal(size=overlaps.size), 1e-30
    moved = kernel(tuple(overlaps + 1j * h * direction), parameters, factor, 0.7, 0.3, 9)[0]
    assert moved.imag / h == pytest.approx(float(np.dot(slope, direction)), rel=1e-10, abs=1e-10)


def test_arrays_broadcast_like_loops(rng):
    kernel = loss_kernel(ReducedLoop()).function
    points = rng.normal(0, 0.3, (4, 50))
    loss, slope = kernel(tuple(points), (), IDENTITY, 1.0, 0.2, 20)
    for i in range(50):
        one, each = kernel(tuple(points[:, i].tolist()), (), IDENTITY, 1.0, 0.2, 20)
        assert loss[i] == pytest.approx(one, rel=1e-12)
        np.testing.assert_allclose([s[i] for s in slope], each, rtol=1e-11)


def test_numba_equals_python(rng):
    pytest.importorskip("numba")
    kernel = loss_kernel(ReducedLoop(), False).function
    for point in rng.normal(0, 0.3, (20, 4)):
        plain = kernel(tuple(point.tolist()), (), IDENTITY, 1.0, 0.0, 50)
        fast = jit(kernel)(tuple(point.tolist()), (), IDENTITY, 1.0, 0.0, 50)
        np.testing.assert_allclose(np.r_[fast[0], fast[1]], np.r_[plain[0], plain[1]], rtol=1e-12)


@pytest.mark.parametrize("space", [WeightSpace(), WeightSpace(2, 1, 2, ("m", "z", "v"))], ids=["rank one", "wide"])
def test_learning_kernel_equals_the_symbolic_map(space, rng):
    X = rng.normal(size=(7, space.size))
    G, rows = X.T @ X, np.triu_indices(space.size)
    slopes = rng.normal(size=len(space.gradient_symbols().flat))
    kernel = learning_kernel(space)
    gram, transfer, norm = kernel.descent(
        tuple(G[rows].tolist()), tuple(np.eye(space.size).ravel().tolist()), tuple(slopes.tolist()), 0.1, np.inf
    )
    S = np.array(space.sensitivity(_shaped(space, slopes)).tolist(), dtype=float)
    D = np.diag([float(d) for d in space.mask.diagonal()])
    Q = np.eye(space.size) - 0.1 * S @ D
    np.testing.assert_allclose(gram, (Q.T @ G @ Q)[rows], rtol=1e-12)
    np.testing.assert_allclose(np.reshape(transfer, Q.shape), Q, rtol=1e-12, atol=1e-14)
    assert norm == pytest.approx(np.linalg.norm(X @ S @ D), rel=1e-12)
    rate = kernel.flow(tuple(G[rows].tolist()), tuple(slopes.tolist()))
    np.testing.assert_allclose(rate, -(G @ S @ D + D @ S @ G)[rows], rtol=1e-12, atol=1e-12)


def _shaped(space, slopes):
    names, shapes = space.gradient_symbols(), iter(slopes)
    return Overlaps(*(getattr(names, n).applyfunc(lambda _: next(shapes)) for n in ("zm", "zu", "vm", "vu")))


def test_clipping_shortens_the_step_to_the_limit(rng):
    space = WeightSpace()
    X = rng.normal(size=(9, 4))
    G = tuple((X.T @ X)[np.triu_indices(4)].tolist())
    kernel, slopes, start = learning_kernel(space), (3.0, -2.0, 1.0, 0.5), tuple(np.eye(4).ravel().tolist())
    _, free, norm = kernel.descent(G, start, slopes, 0.1, np.inf)
    _, clipped, same = kernel.descent(G, start, slopes, 0.1, 0.5)
    assert norm == same
    moved = (np.array(clipped) - np.array(start)) / np.where(np.array(free) == start, 1, np.array(free) - start)
    np.testing.assert_allclose(moved[np.array(free) != start], 0.5 / (norm + 1e-6), rtol=1e-12)


def test_symbolic_map_has_no_hidden_floats():
    space = WeightSpace()
    G, d = space.gram_symbols(), space.gradient_symbols()
    for expression in (*descent(space, G, d), *flow(space, G, d), squared_gradient_norm(space, G, d)):
        assert not expression.atoms(type(Rational(1, 2).evalf()))
