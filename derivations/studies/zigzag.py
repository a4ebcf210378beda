"""What the zigzag depends on: the plateau of one run repeated with one ingredient changed at a time."""

from dataclasses import dataclass, replace

import numpy as np

from numerics.common.spectrum import by_modulus
from numerics.reduced.descent import descend, descend_gram
from numerics.reduced.flow import unpack
from numerics.reduced.moments import moment_factor
from numerics.reduced.population import FACTOR
from numerics.reduced.spectra import reduced_eigenvalues
from numerics.reduced.stages.detection import detect, of_run
from numerics.reduced.stages.ensemble import LOOP, SPACE
from numerics.reduced.stages.saddle import SETTLED
from numerics.reduced.stages.zigzag import Zigzag, zigzag
from numerics.replay.closed_loop import rank_one_replay
from numerics.replay.settings import Settings


@dataclass(frozen=True)
class Variant:
    """A way to repeat the plateau.

    :param name: what is changed
    :param settings: the protocol
    :param noise: whether every batch is drawn anew; otherwise the population loss
    :param epochs: at most so many updates
    """

    name: str
    settings: Settings
    noise: bool = True
    epochs: int = 400


BASE = Settings()
VARIANTS = (
    Variant("protocol", BASE),
    Variant("no batch noise", BASE, noise=False),
    Variant("no clipping", replace(BASE, clip=np.inf)),
    Variant("learning rate / 10", replace(BASE, learning_rate=0.001), epochs=4000),
    Variant("learning rate / 100", replace(BASE, learning_rate=0.0001), noise=False, epochs=10_000),
    Variant("T = 20", replace(BASE, horizon=20)),
    Variant("T = 200", replace(BASE, horizon=200)),
)


@dataclass(frozen=True)
class Outcome:
    """How a variant went.

    :param finite: epochs with finite loss
    :param stabilisation: epochs to stabilisation, or None
    :param zigzag: measures of the path until then, or None if it is too short
    """

    finite: int
    stabilisation: int | None
    zigzag: Zigzag | None


def plateau_start(seed: int) -> np.ndarray:
    """The Gram matrix at the start of the plateau of the protocol's run."""
    run = descend(rank_one_replay(seed, epochs=200))
    return unpack(run.history["gram"][(of_run(run).first or 0) + SETTLED], SPACE.size)


def repeat(seed: int, gram: np.ndarray, variant: Variant) -> Outcome:
    """Repeat a plateau.

    :param seed: seed of the batches
    :param gram: G at its start
    :param variant: what is changed
    """
    x0 = rank_one_replay(seed, epochs=variant.epochs).x0
    factors = moment_factor(x0) if variant.noise else np.repeat(FACTOR[None], variant.epochs, axis=0)
    run = descend_gram(LOOP, SPACE, gram, factors, variant.settings)
    finite = int(run.finite_epochs)
    path = run.overlaps(SPACE)[:finite]
    second = detect(by_modulus(reduced_eigenvalues(LOOP, path)), variant.settings.horizon).second
    until = path[: second or finite]
    return Outcome(finite, second, zigzag(until) if len(until) >= 3 else None)


def study(seed: int) -> dict[str, Outcome]:
    """All variants for one seed, by name.

    :param seed: seed of the run and of its batches
    """
    gram = plateau_start(seed)
    return {variant.name: repeat(seed, gram, variant) for variant in VARIANTS}
