"""Full linear networks beside the small ones that learn as they do, and beside the limit of many neurons."""

from collections.abc import Sequence

import numpy as np

from derivations.progress import Progress
from derivations.studies.limit import EPOCHS, STRENGTHS, WORDS, Row, network_replay, table
from numerics.experiment.train import train
from numerics.reduced.descent import descend
from numerics.replay.closed_loop import Replay
from numerics.replay.results import Run

SHOWN = {"exact": (0.0, 0), "words": (0.1, WORDS)}
"""What the first panel shows: g and the length of words."""
TRUNCATED = (0.1, 0.3)
SIZES, NETWORKS, LONGEST = (25, 100, 400), 5, 4

Data = dict[str, np.ndarray]


def figure(
    seed: int = 0,
    progress: Progress | None = None,
    neurons: int = 100,
    epochs: int = EPOCHS,
    sizes: Sequence[int] = SIZES,
    networks: int = NETWORKS,
    longest: int = LONGEST,
) -> Data:
    """The numbers of figure 7.

    :param seed: seed of the networks of the first two panels
    :param progress: called with (what, done, in all)
    :param neurons: N of the first two panels
    :param epochs: number of updates there
    :param sizes: N of the third panel
    :param networks: random networks for each g and N
    :param longest: length of the longest words of the second panel
    """
    data: Data = {"epochs": np.arange(epochs)}
    for name, (strength, length) in SHOWN.items():
        if progress:
            progress("figure 7: networks and their words", len(data) // 6, 2)
        replay = network_replay(seed, strength, neurons, epochs)
        small, simulation = descend(replay, words=length), train(replay)
        data |= _curves(name, small, simulation)
    data |= truncation(TRUNCATED, seed, neurons, epochs, longest)
    return data | predicted(table(STRENGTHS, sizes, networks, progress)) | {"difference": data["exact_gap"]}


def _curves(name: str, small: Run, simulation: Run) -> Data:
    """Loss and joint radius of a network and of the small one, and their largest relative distance in the loss."""
    runs = {"small": small, "full": simulation}
    found = {f"{name}_{kind}_loss": run.loss for kind, run in runs.items()}
    found |= {f"{name}_{kind}_radius": run.spectral_radius for kind, run in runs.items()}
    return found | {f"{name}_gap": _gap(small, simulation), f"{name}_neurons": np.array(small.config["dimension"])}


def _gap(small: Run, simulation: Run) -> np.ndarray:
    """Largest relative difference of the losses."""
    return np.abs(small.loss / simulation.loss - 1).max()


def truncation(strengths: Sequence[float], seed: int, neurons: int, epochs: int, longest: int) -> Data:
    """Error of the loss by words of length 0, 1, …, and what the small networks say of it.

    :param strengths: values of g
    :param neurons: N
    :param epochs: number of updates
    :param longest: length of the longest words
    """
    data: Data = {"lengths": np.arange(longest + 1), "truncated": np.array(strengths)}
    for strength in strengths:
        replay: Replay = network_replay(seed, strength, neurons, epochs)
        simulation = train(replay, {})
        runs = [descend(replay, words=length) for length in range(longest + 1)]
        data[f"error_{strength:g}"] = np.array([_gap(run, simulation) for run in runs])
        data[f"estimate_{strength:g}"] = np.array([run.config["error_estimate"] for run in runs])
    return data


def predicted(rows: Sequence[Row]) -> Data:
    """Epochs of stabilisation: g, N, in the limit, median, tenth and ninetieth of a hundred networks; NaN for none.

    :param rows: predictions and networks
    """
    found = [
        (row.strength, row.neurons, np.nan if row.predicted is None else row.predicted, row.median, *row.spread)
        for row in rows
    ]
    return {"stabilisation": np.array(found, dtype=float), "networks": np.array([row.networks for row in rows])}
