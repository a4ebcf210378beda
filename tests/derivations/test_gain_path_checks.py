"""Claims about paths in the plane of gains hold on runs, and fail if what they claim is broken."""

from dataclasses import replace

import numpy as np
import pytest

from derivations.checks.gain_paths import nonlinear_networks, two_paths
from derivations.evidence.gain_paths import EVERY, FullGains, full_gains, gain_paths
from derivations.evidence.open_loop import opened
from numerics.open_loop.gain_paths import population_gains
from numerics.replay import Settings
from numerics.stages.optimum import lqr_gain, optimum

APART, AGAIN, ENDS, NEURONS = "closed against open loop", "different batches", "end together", "100 neurons"


@pytest.fixture(scope="module")
def paths():
    return gain_paths(opened(range(1, 3), None))


def test_paths_differ_and_end_together(paths, outcome):
    assert all(outcome(two_paths(paths)).values())


def test_one_path_twice_is_told(paths, line):
    same = [paths[0], replace(paths[1], opened=paths[1].closed, measured=paths[1].closed)]
    checks = two_paths(same)
    assert not line(checks, APART).passed
    assert line(checks, AGAIN).passed


def test_ends_apart_and_noise_as_large_are_told(paths, line):
    short = [replace(paths[0], opened=paths[0].opened[:150], measured=paths[0].measured[:150]), paths[1]]
    assert not line(two_paths(short), ENDS).passed
    noisy = [replace(paths[0], again=paths[0].opened), paths[1]]
    assert not line(two_paths(noisy), AGAIN).passed


def test_neurons_with_other_gains_are_told(paths, line):
    off = [replace(paths[0], measured=paths[0].measured * 1.0001), paths[1]]
    assert not line(two_paths(off), NEURONS).passed


# full networks


def made_up(end, start=100, radius=100, root=0.5):
    """A network whose gains go straight to an end, stable from an epoch on, with a joint radius of its own."""
    gains = np.vstack([np.tile([0.02, 0.01], (start, 1)), np.tile(end, (200 - start, 1))])
    looks = np.arange(0, 200, EVERY)
    return FullGains(0, gains, np.where(looks < radius, 1.1 + 0.1j, root))


@pytest.fixture(scope="module")
def best():
    return population_gains(optimum(Settings()).overlaps, 50)


def failed(network):
    return [check.claim for check in nonlinear_networks([network]) if not check.passed]


def test_a_network_at_the_best_agent_passes(best):
    assert failed(made_up(best)) == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"end": lqr_gain(0.5, 0.0)[0]}, "complex pair"),
        ({"end": (1.2, 1.3)}, "full-state LQR"),
        ({"end": (0.53, 0.4)}, "epoch from which"),
        ({"start": 130}, "epoch from which"),
        ({"radius": 150}, "epoch from which"),
        ({"root": 0.5 + 0.1j}, "eigenvalue real"),
    ],
)
def test_what_is_claimed_is_told_where_it_fails(best, changes, word):
    assert any(word in claim for claim in failed(made_up(**{"end": best, **changes})))


def test_full_networks_record_their_gains():
    (found,) = full_gains([1], None, epochs=7)
    assert found.gains.shape == (7, 2)
    assert found.dominant.shape == (2,)
