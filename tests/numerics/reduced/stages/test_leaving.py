"""The plateau predicted from the initial Gram matrix: its parts against the exact map, and the length of runs."""

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.reduced.descent import descend, descend_gram
from numerics.reduced.flow import unpack
from numerics.reduced.population import FACTOR
from numerics.reduced.spectra import reduced_radius
from numerics.reduced.stages.cycle import axis_slopes, cycle
from numerics.reduced.stages.detection import of_run
from numerics.reduced.stages.ensemble import LOOP, SPACE
from numerics.reduced.stages.leaving import exit_kappa, leaving, moved_valley
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.settings import Settings

SETTINGS = Settings()


def gram_of(seed):
    return rank_one_replay(seed).weights.gram


def test_push_of_stage_one_is_that_of_the_exact_map():
    """With σ_zu = σ_vm = 0 only the push moves σ_zu; L_κ enters where σ_vm does, and σ_vm starts to grow from it."""
    gram = np.diag([1 / 3, 0.4, 1.0, 1.1])
    gram[0, 1] = gram[1, 0] = 0.06
    gram[0, 2] = gram[2, 0] = 0.02
    path = descend_gram(LOOP, SPACE, gram, np.repeat(FACTOR[None], 13, axis=0), SETTINGS, backend="python")
    law, after = leaving(gram, SETTINGS), unpack(path.gram[12], 4)
    zigzag = cycle(0.06, 1 / 3, 0.0, SETTINGS)
    moved = (zigzag.low + zigzag.high) / 2 - 0.06
    assert law.start == pytest.approx(abs(moved * 0.02 * 3) / np.sqrt(after[1, 1] + 1.0) / 2, rel=0.01)
    assert law.speed == pytest.approx(np.sqrt((after[1, 1] + after[2, 2]) / 3), rel=0.01)
    assert after[1, 2] == pytest.approx(moved * 0.02 * 3, rel=0.25)


@pytest.mark.parametrize("vu", [-0.15, 0.0, 0.15])
def test_the_plateau_ends_where_the_lower_end_becomes_stable(vu):
    zigzag = cycle(0.0, 1 / 3, vu, SETTINGS)
    kappa, half = exit_kappa(zigzag, vu, SETTINGS), (zigzag.high - zigzag.low) / 2
    valley = zigzag.valley
    for step in np.linspace(0, kappa, 20)[1:]:
        valley = moved_valley(valley, step, vu, half, SETTINGS)
    assert axis_slopes(valley, vu, SETTINGS, kappa)[0] == pytest.approx(0, abs=1e-3)
    assert float(reduced_radius(LOOP, np.array([valley - half, kappa, 1.0, vu]))) == pytest.approx(1, abs=1e-5)
    assert float(reduced_radius(LOOP, np.array([valley - half, 0.9 * kappa, 1.0, vu]))) > 1


def test_a_valley_that_is_not_there_is_refused():
    with pytest.raises(InputError, match=r"a valley must lie within 0\.00125 below -0\.1 at kappa = 0\.5"):
        moved_valley(-0.1, 0.5, 0.0, 0.001, SETTINGS)


@pytest.mark.parametrize("seed", [1, 8, 35])
def test_runs_last_about_as_long_as_predicted(seed):
    stages = of_run(descend(rank_one_replay(seed, epochs=300)))
    assert leaving(gram_of(seed), SETTINGS).epochs() == pytest.approx(stages.second - stages.first, rel=0.25)
