"""Claims about the three stages."""

from derivations.documents.claims.claim import Claim, Verdict

FIRST = (
    Claim(
        "Stage 1: the loss falls fast.",
        "Sec. 4, Fig. 3",
        Verdict.CONDITION,
        ("stages: that do not start at its end: smallest factor by which the loss falls",),
        "of the runs that have a stage 1",
    ),
    Claim(
        "The agent learns a control in proportion to the position, with λ² - 2λ + 1 - σ_zm.",
        "Sec. 4, Fig. 3",
        Verdict.CONDITION,
        ("stage-one", "stages: stage 1: |1 + √σ_zm| at σ_zm = -0.2 against 100 neurons"),
        "for κ = σ_vu = 0",
    ),
    Claim(
        "An asymmetric loss drives σ_zm to a small negative value.",
        "Sec. 4, Fig. 3",
        Verdict.CONDITION,
        (
            "axis-minimiser",
            "stages: stage 1: σ_zm from ±0.2 is driven into (-0.1, 0)",
            "stages: stage 1: plateaus with 20 epochs at |κ| < 0.002 rest in the valley downhill of the start",
        ),
        "learning stops in the first valley that it meets, which need not be the deepest",
    ),
    Claim(
        "The loop is unstable then: it oscillates with growing amplitude.",
        "Sec. 4, Fig. 3",
        Verdict.CONDITION,
        (
            "stage-one",
            "stages: stage 1 ends in a complex pair outside the unit circle",
            "stages: stage 1 ends: 100 neurons there oscillate with growing amplitude",
        ),
        "in nearly all runs",
    ),
)

SECOND = (
    Claim(
        "Stage 2: the loss stays on a plateau.",
        "Sec. 4, Fig. 4",
        Verdict.CONFIRMED,
        ("saddle", "stages: stage 2: loss within a factor 5 of its start until stabilisation"),
    ),
    Claim(
        "On the plateau the agent builds a model of its world: it infers the velocity that it does not observe.",
        "Sec. 4, Fig. 4",
        Verdict.CONDITION,
        ("effective-gains", "saddle", "stages: plateau: rank correlation with the saddle law"),
        "model means the memory κ, which grows from a saddle all along and gives the gain on the velocity",
    ),
    Claim(
        "The plateau is a necessary phase.",
        "summary",
        Verdict.OPEN,
        how="no run without it, and no proof that there is none",
    ),
    Claim(
        "Gradients of short-term and long-term loss are nearly opposite on the plateau.",
        "Sec. 4, Fig. 4",
        Verdict.CONDITION,
        (
            "short-term-loss",
            "long-term-loss",
            "stages: stage 2: fraction of epochs with cos(∇L_2, ∇L_∞) < -0.9",
            "stages: stage 2: largest cosine in any run",
        ),
        "in nearly every epoch, not in every one",
    ),
    Claim(
        "This conflict makes the path zigzag.",
        "Sec. 4, Fig. 4",
        Verdict.DIFFERS,
        ("stages: zigzag, no batch noise: reversed steps", "stages: zigzag, learning rate / 100: reversed steps"),
        "the zigzag is an effect of the finite step: without batch noise it stays, with a small learning rate it goes",
    ),
    Claim(
        "A weighted sum of both losses reproduces the turn of the path of λ_1.",
        "Sec. 4, Fig. 4",
        Verdict.CONDITION,
        ("stages: Im λ_1 stays (share of its move at α = 0)",),
        "the weight at which it turns depends on the episode length",
    ),
    Claim(
        "Short episodes drive λ_1 up the imaginary axis, long ones down.",
        "Sec. 4, Fig. 4",
        Verdict.CONDITION,
        ("stages: T = 5, 10: Im λ_1 rises over 20 epochs", "stages: T = 100, 200: Im λ_1 falls over 20 epochs"),
        "from one network on the plateau",
    ),
    Claim(
        "λ_3 ≈ σ_vu + κ/(σ_vu² - 2σ_vu - σ_zm + 1).",
        "Sec. 4",
        Verdict.CONDITION,
        (
            "perturbed-roots",
            "convergence-radius",
            "stages: orders 0 to 3, first half of stage 2: error ratio per order",
            "stages: series in κ: |κ| below its radius along all of stage 2",
        ),
        "first order in κ; the series converges along stage 2 and not far beyond it",
    ),
    Claim(
        "Stage 2 ends when the dominant pair enters the unit circle.",
        "Sec. 4, Fig. 4",
        Verdict.CONFIRMED,
        ("stability-region", "stages: stage 2 ends: loss falls tenfold within"),
    ),
    Claim(
        "Adam mitigates the zigzag, since it relieves the conflict of gradients.",
        "summary",
        Verdict.CONDITION,
        ("stages: zigzag: fraction of reversed steps in stage 2, Adam against SGD",),
        "that it does; the reason is not tested",
    ),
)

THIRD = (
    Claim(
        "Stage 3: λ_3 grows to a second slow mode.",
        "Sec. 4, Fig. 5",
        Verdict.CONFIRMED,
        ("stages: stage 3: λ_3 is larger",),
    ),
    Claim(
        "Trajectories become fast and do not oscillate any more.",
        "Sec. 4, Fig. 5",
        Verdict.CONDITION,
        (
            "optimum",
            "full: dominant joint eigenvalue real in the last",
            "full: are stable with a complex pair, k_2² < 4k_1: share",
            "stages: k_2²/(4 k_1), a complex pair,",
        ),
        "the dominant root becomes real; a faster pair stays complex, and the regressed gains lie where A - B K has a complex pair; "
        "the loop of the best time-invariant agent oscillates at every control cost of the paper but 0",
    ),
    Claim(
        "The model of the four overlaps reproduces stage 3 accurately.",
        "Sec. 4, Fig. 5",
        Verdict.CONDITION,
        (
            "learning-map",
            "stages: the naive descent's loss is off in the first",
            "stages: and in the last",
        ),
        "descended alone the overlaps are off early and right late; with the Gram matrix they are exact",
    ),
    Claim(
        "With a control cost the gains approach those that are optimal for it.",
        "Sec. 4, Fig. 5",
        Verdict.CONDITION,
        (
            "long-horizon-optimum",
            "stages: gain k_2 against full-state LQR's",
            "stages: distance of the gains from LQR's at both ends of stage 3",
            "stages: loss above the optimum after the last epoch, relative,",
        ),
        "the best time-invariant agent has the gains of full-state LQR; with a cost of the paper learning comes near it "
        "within the protocol's epochs, without one it does not",
    ),
)
