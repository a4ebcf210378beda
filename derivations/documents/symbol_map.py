"""The paper's symbols and their names in the code, as one table for the reference documentation.

Names are dotted paths that a test resolves; letters are those of :mod:`theory.symbols`.
"""

from sympy import Symbol
from sympy.printing.mathml import mathml

from derivations.documents.book import meaning
from derivations.documents.text import plain
from theory import symbols

PAPER: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "A B C",
        "plant",
        ("theory.core.plant.LinearPlant", "numerics.common.plants.Plant", "numerics.interop.exact.exact_plant"),
    ),
    ("x_t y_t", "plant state and observation", ("numerics.experiment.trajectory.Trajectory.x",)),
    ("u_t", "control; the weights u share the letter", ("numerics.experiment.trajectory.Trajectory.u",)),
    ("h_t", "neurons", ("numerics.experiment.trajectory.Trajectory.h", "numerics.experiment.neurons.Neurons")),
    (
        "m z u v W",
        "weights; W = u vᵀ for rank one",
        ("numerics.common.weights.Weights", "theory.core.loop.explicit_weights"),
    ),
    (
        "P",
        "joint matrix of plant and agent",
        ("theory.core.loop.joint_matrix", "numerics.common.spectrum.joint_matrix"),
    ),
    ("P_eff", "reduced matrix", ("theory.core.loop.ReducedLoop.matrix", "numerics.reduced.spectra.reduced_matrix")),
    ("sigma_zm", "overlap block zᵀm", ("theory.core.loop.Overlaps.zm", "numerics.common.weights.Weights.overlaps")),
    ("sigma_zu", "overlap block zᵀu", ("theory.core.loop.Overlaps.zu", "numerics.common.weights.Weights.overlaps")),
    ("sigma_vm", "overlap block vᵀm", ("theory.core.loop.Overlaps.vm", "numerics.common.weights.Weights.overlaps")),
    ("sigma_vu", "overlap block vᵀu", ("theory.core.loop.Overlaps.vu", "numerics.common.weights.Weights.overlaps")),
    (
        "chi",
        "characteristic polynomial",
        ("theory.core.spectrum.characteristic_polynomial", "theory.double_integrator.spectrum.cubic"),
    ),
    (
        "lamda_1 lamda_2",
        "dominant pair",
        ("theory.double_integrator.spectrum.dominant_modulus", "numerics.reduced.spectra.reduced_eigenvalues"),
    ),
    (
        "lamda_3",
        "fast real root",
        ("theory.double_integrator.spectrum.fast_root_perturbative", "numerics.reduced.gains.fast_root"),
    ),
    (
        "rho",
        "spectral radius",
        ("numerics.replay.results.Run.spectral_radius", "numerics.reduced.spectra.reduced_radius"),
    ),
    ("L_2", "short-term loss", ("theory.core.loss.short_term_loss",)),
    ("L_∞", "long-term loss, ρ²ᵀ", ("theory.double_integrator.long_term.long_term_loss",)),
    ("L_T", "loss over T steps", ("theory.core.loss.horizon_loss", "numerics.reduced.population.population_loss")),
    ("alpha", "weight of the long-term loss in the surrogate", ("theory.double_integrator.long_term.surrogate",)),
    (
        "beta",
        "weight of the control cost, on the same scale as that of the state",
        ("theory.core.loss.Cost.penalty", "numerics.replay.settings.Settings.control_penalty"),
    ),
    (
        "beta",
        "control cost in the paper: summed over time beside an averaged state cost, so control_penalty is β T",
        ("numerics.replay.settings.paper_penalty",),
    ),
    ("T", "episode length", ("numerics.replay.settings.Settings.horizon",)),
    ("eta", "learning rate", ("numerics.replay.settings.Settings.learning_rate",)),
    (
        "k_1 k_2",
        "effective gains, derived",
        ("theory.double_integrator.gain.effective_gains", "numerics.reduced.gains.closed_form"),
    ),
    ("k_1 k_2", "effective gains, by regression as in the paper", ("numerics.experiment.observe.regressed_gains",)),
    (
        "M_cl",
        "plant under the effective gains",
        ("theory.double_integrator.gain.state_feedback", "theory.double_integrator.gain.gain_stability"),
    ),
    (
        "G",
        "Gram matrix of m, z, u, v",
        ("theory.core.learning.descent", "theory.core.learning.flow", "numerics.reduced.descent.descend"),
    ),
    ("K", "the agent as a filter", ("theory.core.spectrum.controller", "theory.open_loop.imitation.AgentFilter")),
    (
        "omega",
        "tracked frequency",
        ("numerics.replay.tracking_task.TrackingTask.frequencies", "theory.tracking.sinusoids.stationary_loss"),
    ),
    (
        "r_t",
        "reference",
        ("numerics.replay.tracking_task.TrackingTask.references", "theory.tracking.loop.TrackingLoop.transfer"),
    ),
    ("phi", "activation", ("numerics.common.activations.activate", "theory.nonlinear.gaussian.activation")),
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
