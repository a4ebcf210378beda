"""Loss and gradient of a small linear network over an episode: what is compiled where numba is installed.

h_t = F h_{t-1} + γ M (C x_t + e_t), u_t = Zᵀ h_t, x_{t+1} = A x_t + B u_t, every state then clamped; F = (1-γ) I + γ W.
The loss is Σ_t (Σ_i α_ti (x_ti - r_ti)² + β_t |u_t - u*_t|²), summed over the episodes. Back in time, with
ξ_t = ∂L/∂x_t and η_t = ∂L/∂h_t,

    η_t = Z (∂L/∂u_t + Bᵀ ξ_{t+1}) + Fᵀ η_{t+1},   ξ_t = slope of the loss + Aᵀ ξ_{t+1} + γ Cᵀ Mᵀ η_t,

and ∂L/∂W = γ Σ η_{t+1} h_tᵀ, ∂L/∂M = γ Σ η_t y_tᵀ, ∂L/∂Z = Σ h_t (∂L/∂u_t + Bᵀ ξ_{t+1})ᵀ.
"""

import numpy as np


def forward(A, B, C, M, Z, F, leak, first, clamp, added, x, h, y, u):
    """Fill the episodes, all (T + 1, k, ·), from x[0] on.

    :param A: state matrix of the plant, transposed, (n, n)
    :param B: its input matrix, transposed, (p, n)
    :param C: its output matrix, transposed, (n, q)
    :param M: input weights, transposed, (q, d)
    :param Z: read-out weights, (d, p)
    :param F: step of the agent alone, transposed, (d, d)
    :param leak: γ
    :param first: step of the first observation that is read, 0 or 1
    :param clamp: largest modulus of a plant state
    :param added: e_t, (T + 1, k, q)
    :param x: plant states
    :param h: neuron states
    :param y: observations
    :param u: controls
    """
    last = len(x) - 1
    for t in range(last + 1):
        if t > 0:
            np.dot(x[t - 1], A, x[t])
            x[t] += np.dot(u[t - 1], B)
            if clamp < np.inf:
                x[t] = np.minimum(np.maximum(x[t], -clamp), clamp)
        if t < first:
            continue
        np.dot(x[t], C, y[t])
        y[t] += added[t]
        np.dot(y[t], M, h[t])
        h[t] *= leak
        if t > 0:
            h[t] += np.dot(h[t - 1], F)
        np.dot(h[t], Z, u[t])


def backward(A, B, C, M, Z, F, leak, first, clamp, x, slope_x, slope_h, slope_u):
    """Fill the slopes, all (T + 1, k, ·), which hold those of the loss itself at the start.

    :param A: state matrix of the plant, (n, n)
    :param B: its input matrix, (n, p)
    :param C: its output matrix, (q, n)
    :param M: input weights, (d, q)
    :param Z: read-out weights, transposed, (p, d)
    :param F: step of the agent alone, (d, d)
    :param leak: γ
    :param first: step of the first observation that is read, 0 or 1
    :param clamp: largest modulus of a plant state
    :param x: plant states
    :param slope_x: ∂L/∂x
    :param slope_h: ∂L/∂h
    :param slope_u: ∂L/∂u
    """
    last = len(x) - 1
    for t in range(last, -1, -1):
        if t < last:
            slope_x[t] += np.dot(slope_x[t + 1], A)
            slope_u[t] += np.dot(slope_x[t + 1], B)
        np.dot(slope_u[t], Z, slope_h[t])
        if t < last:
            slope_h[t] += np.dot(slope_h[t + 1], F)
        if t >= first:
            slope_x[t] += leak * np.dot(np.dot(slope_h[t], M), C)
        if clamp < np.inf:
            slope_x[t] *= np.abs(x[t]) < clamp


def evaluate(forward, backward, plant, agent, task, added, x, x_target, u_target, buffers):
    """Loss and gradients by M, Z and W.

    :param forward: :func:`forward`, plain or compiled
    :param backward: :func:`backward`, plain or compiled
    :param plant: A, B, C
    :param agent: M, Z and F = (1-γ) I + γ W, each contiguous
    :param task: γ, first, clamp, α (T + 1, n), β (T + 1,)
    :param added: e_t, (T + 1, k, q)
    :param x: plant states, x[0] given
    :param x_target: r_t, (T + 1, k, n)
    :param u_target: u*_t, (T + 1, k, p)
    :param buffers: h, y, u and the slopes by x, h, u
    """
    A, B, C = plant
    M, Z, F = agent
    leak, first, clamp, alpha, beta = task
    h, y, u, slope_x, slope_h, slope_u = buffers
    At, Bt, Ct = np.ascontiguousarray(A.T), np.ascontiguousarray(B.T), np.ascontiguousarray(C.T)
    Mt, Zt, Ft = np.ascontiguousarray(M.T), np.ascontiguousarray(Z.T), np.ascontiguousarray(F.T)
    forward(At, Bt, Ct, Mt, Z, Ft, leak, first, clamp, added, x, h, y, u)
    loss = 0.0
    for t in range(len(x)):
        error, miss = x[t] - x_target[t], u[t] - u_target[t]
        slope_x[t], slope_u[t] = 2.0 * alpha[t] * error, 2.0 * beta[t] * miss
        loss += 0.5 * (np.sum(slope_x[t] * error) + np.sum(slope_u[t] * miss))
    backward(A, B, C, M, Zt, F, leak, first, clamp, x, slope_x, slope_h, slope_u)
    flat_h, flat_y = h.reshape(-1, h.shape[2]), y.reshape(-1, y.shape[2])
    flat_slope, flat_u = slope_h.reshape(-1, h.shape[2]), slope_u.reshape(-1, u.shape[2])
    count = x.shape[1]
    by_m = leak * np.dot(flat_slope[first * count :].T, flat_y[first * count :])
    by_w = leak * np.dot(flat_slope[count:].T, flat_h[:-count])
    return loss, by_m, np.dot(flat_h.T, flat_u), by_w
