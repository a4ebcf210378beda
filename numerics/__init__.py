"""Numbers: the theory as fast code, and the experiment it is checked against, side by side.

``reduced`` is the theory in numbers, ``experiment`` the neurons, which import neither sympy nor ``theory``; both answer
in the same results to the same ``replay``, and ``common`` is what they share. The public names are loaded when they are
first used.

Arguments of these names mean the same everywhere; functions that no user calls do not describe them again:

- ``replay``: the run to be made; ``weights``, ``plant``, ``task``: the agent's weights, its plant, a tracking task;
- ``settings``: how to train, of which a function reads what it needs: horizon, leak, activation, loss, optimizer;
- ``leak``: γ in (0, 1], 1 for none; ``activation``: ``"linear"``, ``"tanh"`` or ``"erf"``, which is erf(√π s/2);
- ``horizon``: T, steps of an episode; ``neurons``, ``n``, ``p``, ``q``, ``rank``: numbers of neurons, plant states,
  controls and observations, and the rank r of the recurrence; ``x0``: initial plant states, (batch, n);
- ``zm``, ``zu``, ``vm``, ``vu``, ``kappa``: the overlaps σ_zm, σ_zu, σ_vm, σ_vu, and κ = σ_zu σ_vm;
- ``loop``, ``space``: the theory's reduced loop and space of weights; ``parameters``: values of ``loop.parameters``;
- ``backend``: ``"python"``, ``"numba"``, or ``"auto"``, numba if it is installed and worth compiling;
- ``progress``: called with (epochs done, epochs in all); ``halt``: called with the training state after every update,
  the run stops where it gives true; ``state``: the training state to go on from, of a run that was stopped;
- ``rng``: source of randomness; ``path``: a file; ``ax``: where to draw; ``out``: where to write.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
