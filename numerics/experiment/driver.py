"""The loop of neurons and environment, forward, and its adjoint, backward: closed loop, open loop and tracking alike.

From h_0 = 0, so that u_0 = 0, for k = 1, 2, …: the environment moves under u_{k-1} and gives an observation y, the
neurons read it, h_k = (1-γ) h_{k-1} + γ φ(W h_{k-1} + U Vᵀ h_{k-1} + M y), and act, u_k = Zᵀ h_k. No theory enters.
"""

import numpy as np

from numerics.common.weights import Gradients
from numerics.experiment.environment import Environment
from numerics.experiment.losses import Loss
from numerics.experiment.neurons import NeuronAdjoint, Neurons
from numerics.experiment.trajectory import Trajectory


def forward(neurons: Neurons, environment: Environment, episodes: Trajectory) -> Trajectory:
    """Run the episodes; they fill the memory that is given, and are returned.

    :param episodes: where to write them
    """
    x, h, read, drive, p = episodes.x, episodes.h, episodes.read, episodes.drive, episodes.p
    q, late = neurons.weights.m.shape[1], environment.first - 1
    environment.start(x)
    h[0], read[0] = 0.0, 0.0
    for k in range(1, len(h)):
        t = k + late
        if t:
            environment.move(t, x, read[k - 1, :, :p])
        environment.observe(t, x, drive[k - 1, :, :q])
        drive[k - 1, :, q:] = read[k - 1, :, p:]
        neurons.advance(h[k - 1], drive[k - 1], out=h[k])
        neurons.read(h[k], out=read[k])
    if len(x) > len(h) + late:
        environment.move(len(h) + late, x, read[-1, :, :p])
    return episodes


def backward(neurons: Neurons, environment: Environment, loss: Loss, episodes: Trajectory) -> Gradients:
    """Gradients of a loss by every weight matrix along given episodes, by back-propagation through time.

    ∂L/∂x_t is the slope of the loss itself plus Aᵀ ∂L/∂x_{t+1} and Cᵀ ∂L/∂y; ∂L/∂u_{t-1} that of the loss itself plus
    Bᵀ ∂L/∂x_t.
    """
    slope_x, slope_u = loss.slopes(episodes)
    x, q, steps, late = episodes.x, neurons.weights.m.shape[1], len(episodes.h), environment.first - 1

    def by_control(k: int, t: int) -> np.ndarray | float:
        """∂L/∂u_k, the control that moves the plant to x_t; 0 where it moves nothing."""
        through = environment.unmove(t, x, slope_x) if 0 < t < len(x) else 0.0
        return through if slope_u is None else through + slope_u[k]

    adjoint = NeuronAdjoint(neurons, episodes.h, episodes.drive, episodes.slope, by_control(steps - 1, steps + late))
    for k in range(steps - 1, 0, -1):
        driven = adjoint.to_drive(k - 1)
        environment.unobserve(k + late, slope_x, driven[:, :q])
        adjoint.to_state(k - 1, by_control(k - 1, k + late), driven[:, q:])
    return adjoint.gradients()
