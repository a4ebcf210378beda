"""The protocols as ordinary autograd loops in PyTorch, float64: what the package is compared with."""

from collections.abc import Callable

import numpy as np
import torch

from numerics.replay.closed_loop import Replay
from numerics.replay.open_loop import OpenLoopReplay

Step = Callable[..., tuple[torch.Tensor, torch.Tensor]]
Loss = Callable[..., torch.Tensor]


def ordinary(x, h, plant, m, z, u, v):
    """One step, x ← A x + B Zᵀh and h ← U (Vᵀh) + M C x, as it is usually written.

    :param plant: Aᵀ, Bᵀ and Cᵀ
    :param m: Mᵀ, (q, N)
    :param z: read-out weights, (N, p)
    :param u: Uᵀ, (r, N)
    :param v: right factor of the recurrence, (N, r)
    """
    A, B, C = plant
    x = x @ A + (h @ z) @ B
    return x, (h @ v) @ u + (x @ C) @ m


def fused(x, h, plant, m, z, u, v):
    """The same step with half of its products and all of its sums fused: the fastest spelling we found.

    :param plant: Aᵀ, Bᵀ and Cᵀ
    :param m: Mᵀ, (q, N)
    :param z: read-out weights, (N, p)
    :param u: Uᵀ, (r, N)
    :param v: right factor of the recurrence, (N, r)
    """
    A, B, C = plant
    x = torch.addmm(x @ A, h @ z, B)
    return x, torch.addmm((x @ C) @ m, h @ v, u)


STEPS: dict[str, Step] = {"ordinary": ordinary, "fused": fused}


def train_autograd(replay: Replay, epochs: int, step: Step = ordinary, threads: int = 1) -> np.ndarray:
    """Losses before each update, (epochs,), of a linear low-rank replay trained by SGD with clipping.

    :param replay: the run; its activation, optimizer, leak and control penalty must be the defaults
    :param step: one step of the loop
    """
    settings, plant = replay.settings, _plant(replay)

    def loss(batch, weights):
        return _loss(batch, plant, weights, settings, step)

    return _descend(replay, torch.tensor(replay.x0[:epochs]), loss, threads)


def train_full(replay: Replay, epochs: int, threads: int = 1) -> np.ndarray:
    """Losses before each update, (epochs,), of a full tanh replay in closed loop.

    :param replay: the run; its optimizer, leak and control penalty must be the defaults
    """
    settings, (A, B, C) = replay.settings, _plant(replay)

    def loss(x, weights):
        m, z, w = weights["m"].T, weights["z"], weights["w"].T
        h = torch.zeros(x.shape[0], z.shape[0], dtype=torch.float64)
        states = [x]
        for _ in range(settings.horizon - 1):
            x = x @ A + (h @ z) @ B
            h = torch.tanh(h @ w + (x @ C) @ m)
            states.append(x)
        return settings.scale * settings.state_weight * torch.stack(states).square().sum() / x.shape[0]

    return _descend(replay, torch.tensor(replay.x0[:epochs]), loss, threads)


def train_student(replay: OpenLoopReplay, epochs: int, threads: int = 1) -> np.ndarray:
    """Losses before each update, (epochs,), of a full tanh student in open loop.

    :param replay: the run; its optimizer and leak must be the defaults
    """
    teacher = {name: torch.tensor(array) for name, array in replay.teacher.arrays().items()}

    def loss(y, weights):
        with torch.no_grad():
            target = _outputs(y, teacher)
        return (_outputs(y, weights) - target).square().sum(2).mean()

    return _descend(replay, torch.tensor(replay.y[:epochs]), loss, threads)


def _outputs(y, weights) -> torch.Tensor:
    m, z, w = weights["m"].T, weights["z"], weights["w"].T
    h = torch.zeros(y.shape[1], z.shape[0], dtype=torch.float64)
    states = []
    for inputs in y:
        h = torch.tanh(h @ w + inputs @ m)
        states.append(h)
    return torch.stack(states) @ z


def _plant(replay: Replay) -> list[torch.Tensor]:
    """Aᵀ, Bᵀ and Cᵀ."""
    return [torch.tensor(matrix.T.copy()) for matrix in (replay.plant.A, replay.plant.B, replay.plant.C)]


def _descend(replay: Replay | OpenLoopReplay, batches: torch.Tensor, loss_of: Loss, threads: int) -> np.ndarray:
    """Losses before each update by SGD with clipping, one batch an update."""
    torch.set_num_threads(threads)
    settings = replay.settings
    weights = {
        name: torch.tensor(array, requires_grad=name in settings.train)
        for name, array in replay.weights.arrays().items()
    }
    trained = [weights[name] for name in settings.train]
    optimizer = torch.optim.SGD(trained, lr=settings.learning_rate)
    losses = []
    for batch in batches:
        loss = loss_of(batch, weights)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, settings.clip)
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


def _loss(x, plant, weights, settings, step: Step) -> torch.Tensor:
    m, z, u, v = weights["m"].T, weights["z"], weights["u"].T, weights["v"]
    h = torch.zeros(x.shape[0], z.shape[0], dtype=torch.float64)
    states = [x]
    for _ in range(settings.horizon - 1):
        x, h = step(x, h, plant, m, z, u, v)
        states.append(x)
    return settings.scale * settings.state_weight * torch.stack(states).square().sum() / x.shape[0]
