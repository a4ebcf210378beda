"""The rank-one protocol as an ordinary autograd loop in PyTorch, float64: what the package is compared with."""

from collections.abc import Callable

import numpy as np
import torch

from numerics.replay import Replay

Step = Callable[..., tuple[torch.Tensor, torch.Tensor]]


def ordinary(x, h, plant, m, z, u, v):
    """One step, x ← A x + B Zᵀh and h ← U (Vᵀh) + M C x, as it is usually written.

    :param x: plant states, (batch, n)
    :param h: neuron states, (batch, N)
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

    :param x: plant states, (batch, n)
    :param h: neuron states, (batch, N)
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
    :param epochs: number of updates to make
    :param step: one step of the loop
    :param threads: number of threads that torch may use
    """
    torch.set_num_threads(threads)
    settings = replay.settings
    plant = [torch.tensor(matrix.T.copy()) for matrix in (replay.plant.A, replay.plant.B, replay.plant.C)]
    weights = {
        name: torch.tensor(array, requires_grad=name in settings.train)
        for name, array in replay.weights.arrays().items()
    }
    trained = [weights[name] for name in settings.train]
    optimizer = torch.optim.SGD(trained, lr=settings.learning_rate)
    batches, losses = torch.tensor(replay.x0), []
    for batch in batches[:epochs]:
        loss = _loss(batch, plant, weights, settings, step)
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
