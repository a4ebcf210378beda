"""The paper's symbols and their names in the code, as one table for the reference documentation.

Names are dotted paths that a test resolves; letters are those of :mod:`theory.symbols`.
"""

from sympy import Symbol
from sympy.printing.mathml import mathml

from derivations.documents.book import meaning
from derivations.documents.text import plain
from theory import symbols

PAPER: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("A B C", "plant", ("theory.plant.LinearPlant", "numerics.plants.Plant", "numerics.interop.exact.exact_plant")),
    ("x_t y_t", "plant state and observation", ("numerics.experiment.simulate.Trajectory.x",)),
    ("u_t", "control; the weights u share the letter", ("numerics.experiment.simulate.Trajectory.u",)),
    ("h_t", "neurons", ("numerics.experiment.simulate.Trajectory.h", "numerics.experiment.neurons.Neurons")),
    (
        "m z u v W",
        "weights; W = u vᵀ for rank one",
        ("numerics.weights.Weights", "theory.loop.explicit_weights"),
    ),
    ("P", "joint matrix of plant and agent", ("theory.loop.joint_matrix", "numerics.experiment.simulate.joint_matrix")),
    ("P_eff", "reduced matrix", ("theory.loop.ReducedLoop.matrix", "numerics.spectra.reduced_matrix")),
    ("sigma_zm", "overlap block zᵀm", ("theory.loop.Overlaps.zm", "numerics.weights.Weights.overlaps")),
    ("sigma_zu", "overlap block zᵀu", ("theory.loop.Overlaps.zu", "numerics.weights.Weights.overlaps")),
    ("sigma_vm", "overlap block vᵀm", ("theory.loop.Overlaps.vm", "numerics.weights.Weights.overlaps")),
    ("sigma_vu", "overlap block vᵀu", ("theory.loop.Overlaps.vu", "numerics.weights.Weights.overlaps")),
    ("chi", "characteristic polynomial", ("theory.spectrum.characteristic_polynomial", "theory.spectrum.cubic")),
    ("lamda_1 lamda_2", "dominant pair", ("theory.spectrum.dominant_modulus", "numerics.spectra.reduced_eigenvalues")),
    ("lamda_3", "fast real root", ("theory.spectrum.fast_root_perturbative", "numerics.gains.fast_root")),
    ("rho", "spectral radius", ("numerics.results.Run.spectral_radius", "numerics.spectra.reduced_radius")),
    ("L_2", "short-term loss", ("theory.loss.short_term_loss",)),
    ("L_∞", "long-term loss, ρ²ᵀ", ("theory.loss.long_term_loss",)),
    ("L_T", "loss over T steps", ("theory.loss.horizon_loss", "numerics.population.population_loss")),
    ("alpha", "weight of the long-term loss in the surrogate", ("theory.loss.surrogate",)),
    (
        "beta",
        "weight of the control cost, on the same scale as that of the state",
        ("theory.loss.Cost.penalty", "numerics.replay.Settings.control_penalty"),
    ),
    (
        "beta",
        "control cost in the paper: summed over time beside an averaged state cost, so control_penalty is β T",
        ("numerics.replay.paper_penalty",),
    ),
    ("T", "episode length", ("numerics.replay.Settings.horizon",)),
    ("eta", "learning rate", ("numerics.replay.Settings.learning_rate",)),
    ("k_1 k_2", "effective gains, derived", ("theory.gain.effective_gains", "numerics.gains.closed_form")),
    ("k_1 k_2", "effective gains, by regression as in the paper", ("numerics.experiment.observe.regressed_gains",)),
    ("M_cl", "plant under the effective gains", ("theory.gain.state_feedback", "theory.gain.gain_stability")),
    ("G", "Gram matrix of m, z, u, v", ("theory.learning.descent", "theory.learning.flow", "numerics.descent.descend")),
    ("K", "the agent as a filter", ("theory.spectrum.controller", "theory.open_loop.AgentFilter")),
    (
        "omega",
        "tracked frequency",
        ("numerics.tracking_task.TrackingTask.frequencies", "theory.sinusoids.tone_loss"),
    ),
    (
        "r_t",
        "reference",
        ("numerics.tracking_task.TrackingTask.references", "theory.tracking.TrackingLoop.transfer"),
    ),
    ("phi", "activation", ("numerics.experiment.activations.activate", "theory.nonlinear.activation")),
)
"""Letters, as sympy spells them; what they are; where they are in the code."""


def _math(name: str) -> str:
    """A letter as MathML; its subscript as it is spelt, so that mu stays m, u."""
    if name in symbols.SPELT:
        return f"<math><mi>{plain(symbols.SPELT[name])}</mi></math>"
    stem, _, subscript = name.partition("_")
    letter = mathml(Symbol(stem), printer="presentation")
    return f"<math>{f'<msub>{letter}<mi>{subscript}</mi></msub>' if subscript else letter}</math>"


def in_code(symbol: Symbol) -> str:
    """The name in :mod:`theory.symbols` of a letter of the table.

    :param symbol: the letter
    """
    return next(f"theory.symbols.{name}" for name, value in vars(symbols).items() if value is symbol)


def page() -> str:
    """Both tables as markdown: the paper's symbols and where they are, then every letter of the theory."""
    lines = ["| symbol | is | in the code |", "|---|---|---|"]
    for names, what, places in PAPER:
        marks = ", ".join(map(_math, names.split()))
        lines.append(f"| {marks} | {what} | {', '.join(f'``{place}``' for place in places)} |")
    lines += ["", "Every letter of the theory:", "", "| letter | in the code | meaning | unit |", "|---|---|---|---|"]
    for entry in symbols.TABLE.values():
        lines.append(
            f"| {_math(entry.symbol.name)} | ``{in_code(entry.symbol)}`` | {plain(meaning(entry))} | {entry.unit} |"
        )
    return "\n".join(lines)


__doc__ = f"{__doc__}\n{page()}"
