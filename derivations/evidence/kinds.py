"""Every kind of evidence by the name under which claims ask for it."""

from collections.abc import Callable

from derivations.evidence.axis import axis_learning
from derivations.evidence.derived import derived
from derivations.evidence.erf import erf_neurons
from derivations.evidence.flow import flow
from derivations.evidence.full import linear_networks, students, watched
from derivations.evidence.full_theory import (
    exact_pairs,
    limit_rows,
    limit_spikes,
    plateaus,
    tanh_stabilisations,
    truncations,
)
from derivations.evidence.gain_paths import full_gains, gain_paths
from derivations.evidence.networks import networks
from derivations.evidence.open_loop import opened
from derivations.evidence.pairs import first_pairs, general_pair, pairs, taught
from derivations.evidence.plateau import horizon_paths, lengths, zigzag_variants
from derivations.evidence.random_overlaps import random_overlaps
from derivations.evidence.refinement import refinements
from derivations.evidence.stages import ensemble, optimizers
from derivations.evidence.staircase import foretold, foretold_descent
from derivations.evidence.tracking import plain, proportional, quadratic, tracked

_GATHERERS: tuple[Callable, ...] = (
    derived,
    pairs,
    first_pairs,
    general_pair,
    networks,
    taught,
    flow,
    erf_neurons,
    linear_networks,
    watched,
    students,
    exact_pairs,
    truncations,
    limit_rows,
    limit_spikes,
    plateaus,
    tanh_stabilisations,
    random_overlaps,
    foretold,
    foretold_descent,
    full_gains,
    opened,
    gain_paths,
    ensemble,
    axis_learning,
    lengths,
    horizon_paths,
    zigzag_variants,
    optimizers,
    refinements,
    tracked,
    proportional,
    quadratic,
    plain,
)

KINDS = {gatherer.__name__: gatherer for gatherer in _GATHERERS}
"""What gathers each kind; the first sentence of its documentation says what it is."""


def meaning(name: str) -> str:
    """What a kind of evidence is, in one sentence.

    :param name: the kind
    """
    return (KINDS[name].__doc__ or "").partition("\n")[0]
