"""Gram matrices of the limit against those of networks, and the claim that rests on them."""

import numpy as np

from derivations.checks.full_theory import rank_one
from derivations.evidence.random_overlaps import Distributions
from numerics.common.weights import rank_one_weights
from numerics.reduced.stages.limit_ensemble import limit_ensemble, limit_grams


def test_gram_matrices_have_the_moments_of_networks():
    rng = np.random.default_rng(0)
    networks = np.array([rank_one_weights(rng, 400).gram for _ in range(3000)])
    limit = limit_grams(1, 3000, 400)
    np.testing.assert_allclose(limit.mean(axis=0), networks.mean(axis=0), atol=6e-3)
    off = ~np.eye(4, dtype=bool)
    np.testing.assert_allclose(limit.std(axis=0)[off], networks.std(axis=0)[off], rtol=0.06)
    np.testing.assert_array_equal(limit, np.swapaxes(limit, 1, 2))


def test_runs_of_the_limit_learn_and_depend_on_the_overlaps():
    found = limit_ensemble(0, 3, 100, 50)
    assert found.descent.loss.shape == (50, 3)
    assert len({round(float(loss), 6) for loss in found.descent.loss[0]}) == 3
    assert (found.descent.loss[-1] < found.descent.loss[0]).all()


def test_the_claim_fails_where_networks_are_later():
    rng = np.random.default_rng(2)
    epochs = rng.integers(50, 200, 400)
    same, later = (Distributions(100, epochs, epochs[:200] + shift) for shift in (0, 40))
    assert rank_one([same])[0].passed
    assert not rank_one([later])[0].passed
