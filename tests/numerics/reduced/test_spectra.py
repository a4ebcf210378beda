"""Eigenvalues of the full and reduced systems, matching along runs, and high-precision references."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.common.plants import Plant, double_integrator
from numerics.common.weights import gaussian_weights, rank_one_weights
from numerics.experiment.observe import leading_eigenvalues
from numerics.experiment.train import train
from numerics.reduced.descent import descend, loop_for
from numerics.reduced.spectra import (
    joint_eigenvalues,
    match,
    recurrence_eigenvalues,
    reduced_eigenvalues,
    reduced_radius,
    reference_roots,
    track,
)
from numerics.replay.closed_loop import rank_one_replay


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.integers(1, 2), st.integers(1, 2), st.integers(1, 2), st.integers(0, 10**6))
def test_full_spectrum_is_the_reduced_one_and_the_bulk(n, p, q, r, seed):
    rng = np.random.default_rng(seed)
    leak, N = rng.uniform(0.2, 0.9), 9
    plant = Plant(rng.normal(size=(n, n)), rng.normal(size=(n, p)), rng.normal(size=(q, n)))
    weights = gaussian_weights(rng, N, p, q, r)
    loop, parameters = loop_for(plant, r, leak)
    overlaps = np.concatenate([block.ravel() for block in weights.overlaps().values()])
    reduced = np.r_[reduced_eigenvalues(loop, overlaps, parameters), np.full(N - q - r, 1 - leak)]
    full = joint_eigenvalues(plant, weights, leak)
    np.testing.assert_allclose(np.poly(match(full, reduced)), np.poly(full), atol=1e-8, rtol=1e-8)


def test_radius_counts_the_bulk():
    loop, parameters = loop_for(double_integrator(), 1, 0.05)
    inside = reduced_radius(loop, np.zeros(4), parameters)
    assert inside == pytest.approx(1.0, abs=1e-7)
    plant = Plant(np.array([[0.1]]), np.array([[1.0]]), np.array([[1.0]]))
    loop, parameters = loop_for(plant, 1, 0.05)
    assert reduced_radius(loop, np.zeros(4), parameters) == pytest.approx(0.95)


def test_recurrence_alone_has_one_eigenvalue_of_rank_one(rng):
    weights = rank_one_weights(rng, 20)
    values = recurrence_eigenvalues(weights)
    assert values[0] == pytest.approx(weights.overlaps()["sigma_vu"][0, 0], abs=1e-10)
    assert np.abs(values[1:]).max() < 1e-7


def test_matching_undoes_a_permutation(rng):
    values = rng.normal(size=6) + 1j * rng.normal(size=6)
    np.testing.assert_array_equal(match(values, rng.permutation(values)), values)


def test_paths_are_continuous_through_a_reordering():
    t = np.linspace(0, 1, 50)
    spectra = np.stack(
        [
            np.stack([2 - 2 * t, 0.5 + 0.5 * t, -0.3 + 0 * t], 1)[i, np.random.default_rng(i).permutation(3)]
            for i in range(50)
        ]
    )
    paths = track(spectra)
    assert np.abs(np.diff(paths, axis=0)).max() < 0.05


def test_reference_roots_resolve_what_floats_cannot():
    gap = 1e-9
    coefficients = np.poly([0.5, 0.5])
    np.testing.assert_allclose(reference_roots(coefficients), [0.5, 0.5], atol=1e-15)
    exact = [1, -(2 * 0.25 + gap), 0.25 * (0.25 + gap)]
    roots = reference_roots(exact)
    assert abs(np.polyval(exact, roots[0])) < 1e-16


def test_reference_roots_keep_exact_zeros():
    np.testing.assert_array_equal(reference_roots([1.0, 0.0, 0.0, 0.0]), 0)


def test_leading_eigenvalues_are_sorted(rng):
    values = leading_eigenvalues(double_integrator(), rank_one_weights(rng, 30))
    assert values.shape == (4,)
    assert (np.diff(np.abs(values)) <= 1e-9).all()


@pytest.mark.parametrize("neurons", [1, 2, 3, 5])
@pytest.mark.parametrize("leak", [0.1, 0.9])
def test_radius_of_a_run_counts_the_bulk_only_where_it_is(neurons, leak):
    replay = rank_one_replay(3, epochs=6, batch=3, neurons=neurons, leak=leak)
    theory, simulation = descend(replay), train(replay)
    np.testing.assert_allclose(theory.spectral_radius, simulation.spectral_radius, rtol=1e-7)
    known = np.abs(joint_eigenvalues(replay.plant, replay.weights, leak)).max()
    assert theory.spectral_radius[0] == pytest.approx(known, rel=1e-7)
