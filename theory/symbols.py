"""The one symbol table: every letter of the theory, with its meaning, unit and LaTeX.

Symbols that differ only in their assumptions are different symbols in sympy, so the letters of the theory are made
once, here; families of letters come from :func:`matrix_symbols`.
"""

from dataclasses import dataclass

from sympy import ImmutableMatrix, Symbol, latex


@dataclass(frozen=True)
class Entry:
    """One letter of the theory.

    :param symbol: the sympy symbol
    :param meaning: what it stands for
    :param unit: what it is counted in, "1" if a pure number
    """

    symbol: Symbol
    meaning: str
    unit: str = "1"

    @property
    def latex(self) -> str:
        """The letter as LaTeX."""
        return letter(self.symbol)


TABLE: dict[str, Entry] = {}
SPELT = {
    "dt": r"\Delta t",
    **{f"{name}T": f"{name}^T" for name in "MZUVX"},
    **{f"{name}T": f"{name}^T" for name in ("E", "D", "K", "W", "X_0", "m", "z", "y", "s")},
    "W_0T": "W_0^T",
    "What_0T": r"\hat{W}_0^T",
    **{f"{name}hatT": rf"\hat{{{name}}}^T" for name in ("M", "Z", "h")},
    "muT": r"\mu^T",
    "zetaT": r"\zeta^T",
    "etahatT": r"\hat{\eta}^T",
    **{f"d_{pair}T": f"d_{{{pair}}}^T" for pair in ("zu", "vm", "vu")},
}
"""Letters that sympy would take apart, and the transposes of blocks."""


def letter(symbol: Symbol) -> str:
    r"""A symbol as LaTeX; ``mu`` in a subscript is the pair of weights m and u, ``next`` the index t + 1."""
    return SPELT.get(symbol.name) or latex(symbol).replace(r"{\mu}", "{mu}").replace("{next}", "{t+1}")


def names() -> dict[str, Symbol]:
    """Every symbol of the table by the name it prints as, e.g. as ``locals`` of ``sympify``.

    λ is spelt ``lamda``, as everywhere in sympy, because ``lambda`` is a word of Python.
    """
    return {name: entry.symbol for name, entry in TABLE.items()}


def _declare(name: str, meaning: str, unit: str = "1", **assumptions: bool) -> Symbol:
    symbol = Symbol(name, **assumptions)
    TABLE[name] = Entry(symbol, meaning, unit)
    return symbol


sigma_zm = _declare("sigma_zm", "overlap of read-out z and input weights m, z·m", real=True)
sigma_zu = _declare("sigma_zu", "overlap of read-out z and left recurrent factor u, z·u", real=True)
sigma_vm = _declare("sigma_vm", "overlap of right recurrent factor v and input weights m, v·m", real=True)
sigma_vu = _declare("sigma_vu", "overlap of the recurrent factors, v·u", real=True)
sigma_mm = _declare("sigma_mm", "squared norm of the input weights m", nonnegative=True)
sigma_uu = _declare("sigma_uu", "squared norm of the left recurrent factor u", nonnegative=True)
sigma_mu = _declare("sigma_mu", "overlap of input weights m and left recurrent factor u, m·u", real=True)
kappa = _declare("kappa", "visible product sigma_zu sigma_vm", real=True)
scaling = _declare("c", "scale of the symmetry u -> c u, v -> v / c", positive=True)

lam = _declare("lamda", "eigenvalue of the joint system, per step")
lambda_1 = _declare("lamda_1", "dominant eigenvalue of the joint system")
lambda_3 = _declare("lamda_3", "fast real eigenvalue of the joint system", real=True)
rho = _declare("rho", "spectral radius of the joint system, the modulus of a complex dominant pair", positive=True)
short_term = _declare("L_2", "short-term loss", real=True)
k_1 = _declare("k_1", "effective gain on position", real=True)
k_2 = _declare("k_2", "effective gain on velocity", real=True)

neurons = _declare("N", "number of neurons", positive=True)
preactivation = _declare("s", "pre-activation of a neuron", real=True)
variance = _declare("Delta", "variance of the pre-activations over the neurons", positive=True)
kappa_m = _declare("kappa_m", "input that moves the neurons along m, the observation y as a pre-activation", real=True)
kappa_u = _declare("kappa_u", "input that moves the neurons along u, v·h of the step before", real=True)

dt = _declare("dt", "time step of the plant", "time", positive=True)
gamma = _declare("gamma", "leak of the neurons, dt/tau", positive=True)
horizon = _declare("T", "episode length", "step", positive=True, integer=True)
alpha = _declare("alpha", "weight of the long-term loss in the surrogate", real=True)
beta = _declare("beta", "weight of the control cost", nonnegative=True)
eta = _declare("eta", "learning rate", "1/loss", positive=True)
clip = _declare("c_max", "largest gradient norm that passes unscaled", "loss", positive=True)
clip_factor = _declare("c_g", "factor by which clipping scales a gradient", positive=True)

small = _declare("epsilon", "size of small overlaps", positive=True)
noise = _declare("varsigma", "standard deviation of the open-loop inputs", "position", positive=True)
open_loop_inputs = _declare("n_y", "number of inputs of an open-loop episode", "step", positive=True, integer=True)

omega = _declare("omega", "angle by which a sinusoid advances in a step, 2 pi f dt", "radian", positive=True)
amplitude = _declare("a", "amplitude of a sinusoid in the reference", "position", positive=True)
phase = _declare("varphi", "phase of a sinusoid in the reference", "radian", real=True)
plant_gain = _declare("G_o", "transfer function of the plant, from control to tracked output")
gain_p = _declare("K_p", "transfer function of the agent from tracked output to control")
gain_r = _declare("K_r", "transfer function of the agent from reference to control")
feedforward = _declare("k_r", "control per reference of an agent without memory", real=True)

OVERLAPS = (sigma_zm, sigma_zu, sigma_vm, sigma_vu)
"""The four overlaps of the rank-one loop, in the order used everywhere."""


def matrix_symbols(name: str, rows: int, columns: int, symmetric: bool = False) -> ImmutableMatrix:
    """A matrix of real symbols; a 1×1 matrix holds the plain letter ``name``.

    :param name: stem of the entries: ``name`` itself if 1×1, else ``name_ij``, ``name_i_j`` from ten rows or columns on
    :param rows: number of rows
    :param columns: number of columns
    :param symmetric: whether entries (i, j) and (j, i) are the same symbol
    """
    if rows == columns == 1:
        return ImmutableMatrix([[Symbol(name, real=True)]])

    separator = "" if max(rows, columns) < 10 else "_"

    def entry(i: int, j: int) -> Symbol:
        i, j = (min(i, j), max(i, j)) if symmetric else (i, j)
        return Symbol(f"{name}_{i + 1}{separator}{j + 1}", real=True)

    return ImmutableMatrix(rows, columns, entry)
