"""Initial distributions, sampling at overlaps, and refusals of bad weights."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.weights import Weights, at_gram, at_overlaps, full_weights, gaussian_weights, rank_one_weights


def test_rank_one_weights_have_the_stated_variances(rng):
    N, samples = 100, 400
    draws = [rank_one_weights(rng, N) for _ in range(samples)]
    expected = {"m": 1 / (3 * N), "z": 1 / (3 * N), "u": 1 / N, "v": 1 / N}
    for name, variance in expected.items():
        values = np.concatenate([getattr(w, name).ravel() for w in draws])
        kurtosis = 1.8 if name in "mz" else 3.0
        deviation = variance * np.sqrt((kurtosis - 1) / values.size)
        assert abs(values.var() - variance) < 4 * deviation
        assert abs(values.mean()) < 4 * np.sqrt(variance / values.size)


def test_uniform_weights_stay_within_their_bound(rng):
    weights = rank_one_weights(rng, 25)
    assert max(np.abs(weights.m).max(), np.abs(weights.z).max()) <= 0.2


def test_full_weights_have_the_stated_spread(rng):
    weights = full_weights(rng, 200, 0.5)
    assert weights.recurrence.std() == pytest.approx(0.5 / np.sqrt(200), rel=0.02)


def test_prescribed_overlaps_are_met(rng):
    target = [-0.5, 1.2, -0.7, 0.3]
    overlaps = at_overlaps(rng, target, 40).overlaps()
    np.testing.assert_allclose([overlaps[k][0, 0] for k in overlaps], target, atol=1e-13)


def test_prescribed_gram_matrix_is_met(rng):
    X = rng.normal(size=(20, 7))
    weights = at_gram(rng, X.T @ X, 15, p=2, q=1)
    assert weights.rank == 2
    np.testing.assert_allclose(weights.gram, X.T @ X, atol=1e-11)


def test_full_network_with_low_rank_part_adds_up(rng):
    low = gaussian_weights(rng, 6)
    both = Weights(low.m, low.z, low.u, low.v, np.eye(6))
    np.testing.assert_allclose(both.recurrence, low.recurrence + np.eye(6))


def test_weights_are_copies(rng):
    m = rng.normal(size=5)
    weights = Weights(m, m, m, m)
    m[:] = 0
    assert weights.m.any()


ONE = np.ones(4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (ONE, ONE, np.ones((4, 1)), np.ones((4, 2))),
            r"u and v must have the same rank; expected v \(4, 1\), found \(4, 2\)",
        ),
        ((ONE, ONE, np.ones(3), np.ones(3)), "u must have a row for each of the 4 neurons"),
        ((ONE, ONE), "recurrence must be given"),
        ((ONE, ONE, ONE), "u and v must be given together"),
        ((ONE, [1, 2, np.nan, 4], ONE, ONE), "z must be finite; found 1 entries"),
        ((np.ones((2, 2, 2)), ONE, ONE, ONE), "m must be a matrix"),
        ((ONE, ONE, None, None, np.ones((4, 3))), r"w must be square; found \(4, 3\)"),
        ((np.array(["a"] * 4), ONE, ONE, ONE), "m must be an array of real numbers"),
    ],
)
def test_bad_weights_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        Weights(*arguments)


def test_overlaps_need_low_rank(rng):
    with pytest.raises(InputError, match="found a full recurrence w"):
        _ = full_weights(rng, 5).gram


def test_indefinite_gram_is_refused(rng):
    with pytest.raises(InputError, match="positive semidefinite"):
        at_gram(rng, np.diag([1.0, -1, 1, 1]), 10)
