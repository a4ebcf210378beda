"""Figure 6: tracking of four frequencies: the staircase, loss per frequency, what is lost meanwhile, eigenvalues, paths."""

from collections.abc import Callable

import numpy as np

from derivations.progress import named
from numerics.experiment.tracking.loop import track
from numerics.experiment.tracking.measures import circle_points, frequency_losses
from numerics.experiment.tracking.replay import TrackingReplay, tracking_replay
from numerics.experiment.tracking.staircase import acquisition, competition, idle_losses
from numerics.experiment.tracking.task import TrackingTask
from numerics.experiment.tracking.train import train_tracking
from numerics.tracking.transfer import Tones, planar_tracker
from numerics.tracking.transients import episode_losses
from numerics.weights import Weights

EPOCHS, EVERY = 5000, 10
COLOURS = ("#0072B2", "#009E73", "#E69F00", "#D55E00")
"""From the lowest frequency to the highest."""


def tones_of(task: TrackingTask) -> Tones:
    """The references of a task in the theory's terms.

    :param task: the task
    """
    amplitudes = tuple(np.broadcast_to(task.amplitude, task.frequencies.shape).tolist())
    return Tones(tuple(task.frequencies.tolist()), tuple(task.axes.tolist()), amplitudes, task.dt)


def theory_losses(task: TrackingTask, weights: Weights, leak: float) -> np.ndarray:
    """Loss of every frequency by the theory of the closed loop, (F,).

    :param task: the task
    :param weights: the network
    :param leak: γ
    """
    return episode_losses(planar_tracker(weights, task.dt, leak), tones_of(task), task.horizon, task.ramp)


def positions(replay: TrackingReplay, weights: Weights) -> np.ndarray:
    """Reference and position on the x axis of one episode, (T, 2).

    :param replay: the run, for task and phases
    :param weights: the network
    """
    references = replay.task.references(replay.phases(0)[:1])
    episodes = track(replay.task, weights, references, replay.settings.leak, replay.settings.activation)
    return np.stack([references[:, 0, 0], episodes.x[1:, 0, 0]], axis=1)


def compute(seed: int = 0, progress: Callable[[str, int, int], None] | None = None) -> dict[str, np.ndarray]:
    """The numbers of the figure.

    :param seed: seed of the network and of the phases
    :param progress: called with (what, done, in all)
    """
    replay = tracking_replay(seed, EPOCHS)
    report = named(progress, "figure 6: tracking")
    run, task, leak = train_tracking(replay, EVERY, report), replay.task, replay.settings.leak
    losses, idle = run.history["frequency_loss"], idle_losses(task)
    acquired = acquisition(losses, idle)
    networks = (replay.weights, run.weights)
    gaps = [theory_losses(task, w, leak) / frequency_losses(task, w, leak) - 1 for w in networks]
    rises = [[c.learned, c.suffered, c.start, c.end, c.rise] for c in competition(losses, idle, acquired)]
    return {
        "loss": run.loss,
        "frequency_loss": losses,
        "idle": idle,
        "frequencies": task.frequencies,
        "acquired": np.array([np.nan if epoch is None else epoch for epoch in acquired]),
        "competition": np.array(rises).reshape(-1, 5),
        "joint_near": run.history["joint_near"],
        "agent_near": run.history["agent_near"],
        "points": circle_points(task),
        "untrained": positions(replay, replay.weights),
        "trained": positions(replay, run.weights),
        "seconds": task.dt * np.arange(task.horizon),
        "difference": np.abs(gaps).max(),
    }


def draw(data: dict[str, np.ndarray]):
    """The figure from its numbers.

    :param data: the result of :func:`compute`
    """
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(7.2, 4.6))
    order = np.argsort(data["frequencies"])
    axes[0, 0].semilogy(data["loss"], color="0.4", linewidth=0.6)
    axes[0, 0].set(xlabel="epoch", ylabel="loss", title="a  the staircase")
    axes[0, 0].yaxis.set_minor_formatter("")
    for colour, index in zip(COLOURS, order, strict=False):
        label = f"{data['frequencies'][index]:g} Hz"
        axes[0, 1].semilogy(data["frequency_loss"][:, index] / data["idle"][index], color=colour, label=label)
        axes[0, 1].axvline(data["acquired"][index], color=colour, linewidth=0.6, linestyle=":")
        for ax, name in ((axes[0, 2], "joint_near"), (axes[1, 0], "agent_near")):
            ax.semilogy(np.abs(data[name][:, index] - data["points"][index]), color=colour)
    axes[0, 1].axhline(0.5, color="0.6", linewidth=0.8)
    axes[0, 1].set(xlabel="epoch", ylabel="loss / plant at rest", title="b  by frequency, acquired dotted")
    axes[0, 1].set_ylim(top=10)
    axes[0, 1].legend(fontsize=5.5, loc="upper right", ncols=2)
    for ax, title in ((axes[0, 2], "c  nearest joint eigenvalue"), (axes[1, 0], "d  nearest of the agent alone")):
        ax.set(xlabel="epoch", ylabel=r"distance to $e^{i\omega}$ (colours of b)", title=title)
    _paths(axes[1, 1], data)
    _acquired(axes[1, 2], data, order)
    return figure


def _paths(ax, data: dict[str, np.ndarray]) -> None:
    """Reference and positions of one episode on the x axis."""
    ax.plot(data["seconds"], data["trained"][:, 0], color="black", linewidth=0.9, label="reference")
    ax.plot(data["seconds"], data["trained"][:, 1], color="#0072B2", linewidth=0.9, label="trained")
    ax.plot(data["seconds"], data["untrained"][:, 1], color="0.6", linewidth=0.7, label="untrained")
    ax.set(xlabel="time (s)", ylabel="position, x axis", title="e  one episode", ylim=(-7, 16))
    ax.legend(fontsize=5.5, ncols=2, loc="upper left")


def _acquired(ax, data: dict[str, np.ndarray], order: np.ndarray) -> None:
    """Acquisition epoch over frequency, and the law ω² through the first one."""
    frequencies, acquired = data["frequencies"][order], data["acquired"][order]
    for colour, frequency, epoch in zip(COLOURS, frequencies, acquired, strict=False):
        ax.plot(frequency, epoch, "o", color=colour, ms=5)
    law = acquired[0] * (frequencies / frequencies[0]) ** 2
    ax.plot(frequencies, law, color="0.6", linewidth=0.8, label=r"$\propto f^2$")
    ax.set(xlabel="frequency (Hz)", ylabel="epoch of acquisition", title="f  low frequencies first")
    ax.legend(fontsize=6)
