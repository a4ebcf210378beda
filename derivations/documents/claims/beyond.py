"""Claims about tracking, and beyond linear networks of rank one on the double integrator."""

from derivations.documents.claims.claim import Claim, Verdict

TRACKING = (
    Claim(
        "Tracking is learned in a staircase, a frequency a step, low ones first.",
        "Fig. 6",
        Verdict.CONDITION,
        (
            "tracking-order",
            "tracking: low ones first: share of seeds (at least",
            "tracking: amplitudes in proportion to f²: a higher frequency acquired before a lower one",
            "tracking: plain gradient descent: 0.1 Hz acquired",
        ),
        "with Adam and equal amplitudes; amplitudes in proportion to f² change the order, and plain gradient descent takes another way",
    ),
    Claim(
        "While a frequency is learned, one that was acquired suffers.",
        "Fig. 6",
        Verdict.CONFIRMED,
        ("tracking: is learned: loss over its usual, median",),
    ),
    Claim(
        "People acquire frequencies in the same order.",
        "summary",
        Verdict.UNTESTED,
        how="an experiment with people",
    ),
)

BEYOND = (
    Claim(
        "Nonlinear networks go through the same stages.",
        "summary",
        Verdict.CONDITION,
        (
            "full: epoch from which they are stable in the plane, against joint radius < 1",
            "full: epochs from joint radius < 1 to settling, largest",
        ),
        "tanh: instability, and stabilisation when the joint radius tells; what lies between was not measured in the same way",
    ),
    Claim(
        "Gains of nonlinear networks end in the stable region without oscillation, near LQR.",
        "Fig. 2",
        Verdict.DIFFERS,
        (
            "full: last ones from those of the best time-invariant linear agent, over |K_LQR|, largest",
            "full: last ones from full-state LQR's, over |K_LQR|, largest",
            "full: are stable with a complex pair, k_2² < 4k_1: share",
        ),
        "stable and near the best time-invariant linear agent, but, as that agent by regression, where the plane oscillates",
    ),
    Claim(
        "The theory rests on linear neurons and rank one.",
        "summary",
        Verdict.DIFFERS,
        (
            "joint-system",
            "word-space",
            "word-gram-limit",
            "nonlinear-reduction",
            "full-theory: closed loop: 2 neurons learn exactly as 100",
            "full-theory: limit of linear neurons: epoch of stabilisation of tanh networks",
            "main: random plant n=3, p=2, q=1, rank 2, leak 0.7, 100 epochs: final Gram",
            "main: erf neurons: exponent in N of the trajectory's error",
        ),
        "any rank, linear plant and leak; full linear networks on the words of their initial weights; loops of erf neurons with Gaussian weights as their number grows, but not their learning",
    ),
    Claim(
        "Plants of higher dimension, and nonlinear ones, are learned in the same stages.",
        "summary",
        Verdict.OPEN,
        how="reduction and learning map hold for any linear plant; stages were looked for on the double integrator only",
    ),
    Claim(
        "A curriculum, or a schedule of episode lengths, eases the competition.",
        "summary",
        Verdict.OPEN,
    ),
    Claim(
        "The theory carries over to reinforcement learning with sparse rewards or actor and critic.",
        "summary",
        Verdict.OPEN,
    ),
    Claim(
        "Plateaus are like phase transitions in reinforcement learning, perhaps like grokking.",
        "summary",
        Verdict.OPEN,
    ),
)
