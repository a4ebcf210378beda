"""Loss and gradient of a small linear network over an episode: what is compiled where numba is installed.

h_t = F h_{t-1} + γ M (C x_t + e_t), u_t = Zᵀ h_t, x_{t+1} = A x_t + B u_t, every state then clamped; F = (1-γ) I + γ W.
The loss is Σ_t (Σ_i α_ti (x_ti - r_ti)² + β_t |u_t - u*_t|²), summed over the episodes. Back in time, with
ξ_t = ∂L/∂x_t and η_t = ∂L/∂h_t,

    η_t = Z (∂L/∂u_t + Bᵀ ξ_{t+1}) + Fᵀ η_{t+1},   ξ_t = slope of the loss + Aᵀ ξ_{t+1} + γ Cᵀ Mᵀ η_t,

and ∂L/∂W = γ Σ η_{t+1} h_tᵀ, ∂L/∂M = γ Σ η_t y_tᵀ, ∂L/∂Z = Σ h_t (∂L/∂u_t + Bᵀ ξ_{t+1})ᵀ.
"""

import numpy as np


def add_product(a, b, out):
    """out += a b, as one call of numpy.

    :param a: left factor, (i, k)
    :param b: right factor, (k, j)
    :param out: what it is added to, (i, j)
    """
    out += np.dot(a, b)


def add_product_by_entries(a, b, out):
    """out += a b, entry by entry: in compiled code faster than a call for the few neurons of a small network.

    :param a: left factor, (i, k)
    :param b: right factor, (k, j)
    :param out: what it is added to, (i, j)
    """
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                out[i, j] += a[i, k] * b[k, j]


def make_forward(add):
    """The forward pass, with a way to add products.

    :param add: :func:`add_product`, or :func:`add_product_by_entries` compiled
    """

    def forward(A, B, C, M, Z, F, first, clamp, x, h, y, u):
        """Fill the episodes, all (T + 1, k, ·), from x[0] on; x[1:], h and u are zero and y is e at the start.

        :param A: state matrix of the plant, transposed, (n, n)
        :param B: its input matrix, transposed, (p, n)
        :param C: its output matrix, transposed, (n, q)
        :param M: γ times the input weights, transposed, (q, d)
        :param Z: read-out weights, (d, p)
        :param F: step of the agent alone, transposed, (d, d)
        :param first: step of the first observation that is read, 0 or 1
        :param clamp: largest modulus of a plant state
        :param x: plant states
        :param h: neuron states
        :param y: observations
        :param u: controls
        """
        for t in range(len(x)):
            if t > 0:
                add(x[t - 1], A, x[t])
                add(u[t - 1], B, x[t])
                if clamp < np.inf:
                    x[t] = np.minimum(np.maximum(x[t], -clamp), clamp)
            if t < first:
                continue
            add(x[t], C, y[t])
            add(y[t], M, h[t])
            if t > 0:
                add(h[t - 1], F, h[t])
            add(h[t], Z, u[t])

    return forward


def make_backward(add):
    """The adjoint of the forward pass, with a way to add products.

    :param add: :func:`add_product`, or :func:`add_product_by_entries` compiled
    """

    def backward(A, B, MC, Z, F, first, clamp, x, slope_x, slope_h, slope_u):
        """Fill the slopes, all (T + 1, k, ·); those by x and u hold the loss's own at the start, those by h are zero.

        :param A: state matrix of the plant, (n, n)
        :param B: its input matrix, (n, p)
        :param MC: γ times the input weights by its output matrix, (d, n)
        :param Z: read-out weights, transposed, (p, d)
        :param F: step of the agent alone, (d, d)
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
                add(slope_x[t + 1], A, slope_x[t])
                add(slope_x[t + 1], B, slope_u[t])
                add(slope_h[t + 1], F, slope_h[t])
            add(slope_u[t], Z, slope_h[t])
            if t >= first:
                add(slope_h[t], MC, slope_x[t])
            if clamp < np.inf:
                slope_x[t] *= np.abs(x[t]) < clamp

    return backward


def evaluate(forward, backward, plant, agent, task, added, x, x_target, u_target, buffers):
    """Loss and gradients by M, Z and W.

    :param forward: of :func:`make_forward`, plain or compiled
    :param backward: of :func:`make_backward`, plain or compiled
    :param plant: A, B, C and their transposes, each contiguous
    :param agent: M, Z and F = (1-γ) I + γ W
    :param task: γ, first, clamp, α (T + 1, 1, n), β (T + 1, 1, 1)
    :param added: e_t, (T + 1, k, q)
    :param x: plant states, x[0] given
    :param x_target: r_t, (T + 1, k, n)
    :param u_target: u*_t, (T + 1, k, p)
    :param buffers: h, y, u and the slopes by x, h, u
    """
    A, B, C, At, Bt, Ct = plant
    M, Z, F = map(np.ascontiguousarray, agent)
    leak, first, clamp, alpha, beta = task
    h, y, u, slope_x, slope_h, slope_u = buffers
    x[1:], h[:], y[:], u[:], slope_h[:] = 0.0, 0.0, added, 0.0, 0.0
    Mt, Zt, Ft = np.ascontiguousarray(leak * M.T), np.ascontiguousarray(Z.T), np.ascontiguousarray(F.T)
    forward(At, Bt, Ct, Mt, Z, Ft, first, clamp, x, h, y, u)
    error, miss = x - x_target, u - u_target
    np.multiply(2.0 * alpha, error, out=slope_x)
    np.multiply(2.0 * beta, miss, out=slope_u)
    loss = 0.5 * (np.vdot(slope_x, error) + np.vdot(slope_u, miss))
    backward(A, B, leak * M @ C, Zt, F, first, clamp, x, slope_x, slope_h, slope_u)
    count = x.shape[1]
    flat_h, flat_y, flat_u, flat_slope = (each.reshape(-1, each.shape[2]) for each in (h, y, slope_u, slope_h))
    by_m = leak * (flat_slope[first * count :].T @ flat_y[first * count :])
    by_w = leak * (flat_slope[count:].T @ flat_h[:-count])
    return loss, by_m, flat_h.T @ flat_u, by_w
