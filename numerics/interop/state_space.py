"""Discrete-time state-space systems as arrays, to and from the objects of python-control and scipy.signal.

Conventions of both libraries: s_{t+1} = A s_t + B i_t, o_t = C s_t + D i_t, with the sampling time dt; ``dt = True``
says discrete time without saying how long a step is. Continuous systems are refused, as the loop is in discrete time
and how to sample is for the user to say.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics.common.errors import FINITE, InputError, library, matrix, number, require
from numerics.common.plants import Plant

DISCRETISE = "discretise it, e.g. control.c2d(system, dt) or scipy.signal.cont2discrete((A, B, C, D), dt)"


def sampling_time(dt: object) -> float | bool:
    """``dt`` if it says discrete time: a positive number, or True for steps of no stated length.

    :param dt: the sampling time
    :raises InputError: if it is absent, zero or negative
    """
    if dt is True:
        return True
    require(dt is not None, "dt must be given, a positive number or True (unit unsaid); found None")
    return number("dt", dt, 0, FINITE, open_low=True)


@dataclass(frozen=True)
class StateSpace:
    """A discrete-time system s_{t+1} = A s_t + B i_t, o_t = C s_t + D i_t with named signals.

    :param A: state matrix, (k, k)
    :param B: input matrix, (k, inputs)
    :param C: output matrix, (outputs, k)
    :param D: feedthrough, (outputs, inputs)
    :param dt: sampling time, or True for steps of no stated length
    :param inputs: names of the inputs
    :param outputs: names of the outputs
    :param states: names of the states
    :raises InputError: if dt is not a positive number or True
    """

    A: np.ndarray
    B: np.ndarray
    C: np.ndarray
    D: np.ndarray
    dt: float | bool
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    states: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "dt", sampling_time(self.dt))

    def to_control(self) -> Any:
        """The system as a ``control.StateSpace`` with the same names.

        :raises InputError: if python-control is not installed
        """
        names = {key: list(getattr(self, key)) or None for key in ("inputs", "outputs", "states")}
        matrices = (self.A, self.B, self.C, self.D)
        return library("control", "control").ss(*matrices, self.dt, remove_useless_states=False, **names)

    def to_scipy(self) -> Any:
        """The system as a ``scipy.signal.StateSpace`` in discrete time, which has no names."""
        from scipy import signal

        return signal.StateSpace(self.A, self.B, self.C, self.D, dt=self.dt)


def names(letter: str, count: int) -> tuple[str, ...]:
    """``letter_1`` … ``letter_count``.

    :param letter: the stem
    :param count: how many
    """
    return tuple(f"{letter}_{i + 1}" for i in range(count))


def read_system(system: object) -> StateSpace:
    """The arrays of a discrete-time system of python-control or scipy.signal.

    Transfer functions and zeros, poles and gain become state space by their own library's conversion.

    :param system: a ``control`` state space or transfer function, a ``scipy.signal.dlti``, or the tuple
        (A, B, C, D, dt) that ``scipy.signal.cont2discrete`` gives
    :raises InputError: if it is continuous, has no stated timebase, or is no linear system
    """
    if isinstance(system, tuple):
        require(len(system) == 5, f"system must be a tuple (A, B, C, D, dt); found {len(system)} entries")
        return _from_arrays(*system)
    from scipy import signal

    dt = getattr(system, "dt", None)
    continuous = isinstance(system, signal.lti) or (dt is not None and dt == 0)
    require(not continuous, f"system must be in discrete time; found a continuous one; {DISCRETISE}")
    realised = _realised(system)
    require(
        all(hasattr(realised, name) for name in "ABCD"),
        f"system must be of python-control or scipy.signal, or a tuple (A, B, C, D, dt); found {type(system).__name__}",
    )
    require(dt is not None, f"system must state its sampling time dt; found None; {DISCRETISE}, or set dt")
    return _from_arrays(realised.A, realised.B, realised.C, realised.D, dt)


def _realised(system: Any) -> Any:
    """A transfer function as state space, by the library it is from; anything else as it is."""
    if all(hasattr(system, name) for name in "ABCD"):
        return system
    try:
        if hasattr(system, "to_ss"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # leading zeros of numerators, which to_ss pads itself
                return system.to_ss()
        if type(system).__module__.startswith("control."):
            return library("control", "control").ss(system)
    except (TypeError, ValueError, ImportError, NotImplementedError) as error:
        raise InputError(f"system must have a state space; found {type(system).__name__}: {error}") from None
    return system


def _from_arrays(A: object, B: object, C: object, D: object, dt: Any) -> StateSpace:
    C, D = (matrix(name, np.atleast_2d(np.asarray(value))) for name, value in (("C", C), ("D", D)))
    return StateSpace(matrix("A", A), matrix("B", B), C, D, dt)


def plant_from(system: object) -> Plant:
    """The plant of the experiment from a discrete-time system of python-control or scipy.signal.

    :param system: what :func:`read_system` reads; no feedthrough, as the agent acts on what it has read
    :raises InputError: if it is continuous, has no stated timebase, or has D ≠ 0
    """
    found = read_system(system)
    largest = float(np.abs(found.D).max(initial=0.0))
    require(
        largest == 0, f"D must be zero, as y_t = C x_t; found an entry of size {largest:g}; add a delay to the plant"
    )
    return Plant(found.A, found.B, found.C)


def plant_system(plant: Plant, dt: float | bool) -> StateSpace:
    """A plant as a state space from controls u to observations y.

    :param dt: sampling time, or True for steps of no stated length
    """
    n, p, q = plant.shape
    return StateSpace(plant.A, plant.B, plant.C, np.zeros((q, p)), dt, names("u", p), names("y", q), names("x", n))
