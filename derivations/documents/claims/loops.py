"""Claims about the loop, and about learning in closed and in open loop."""

from derivations.documents.claims.claim import Claim, Verdict

LOOP = (
    Claim(
        "Agent and environment are one linear system, and the eigenvalues of its joint matrix decide its stability.",
        "Sec. 3",
        Verdict.CONDITION,
        (
            "joint-system",
            "main: spectrum of P: coefficients of the cubic",
            "full: small x_0: joint radius < 1 tells what settles",
        ),
        "linear neurons; of tanh networks the matrix at rest decides for small states",
    ),
    Claim(
        "Of a network of rank one four overlaps suffice: a system of four dimensions has the spectrum of the whole.",
        "Sec. 3",
        Verdict.CONFIRMED,
        ("joint-system", "characteristic-polynomial", "main: bulk of P with leak 0.5: multiplicity of 1-γ"),
        "for any rank, plant and leak; besides there is only the eigenvalue 1-γ of the silent directions",
    ),
    Claim(
        "The reduction is exact within an episode only; learning across episodes is not fully characterised.",
        "summary",
        Verdict.DIFFERS,
        ("learning-map", "main: overlaps (absolute)", "main: epoch of stabilisation"),
        "of linear low-rank networks gradient descent, clipping included, is an exact map of the Gram matrix",
    ),
    Claim(
        "The policy is u_t ≈ -k_1 x_t - k_2 v_t, position x and velocity v; stability is read off A - B K.",
        "Sec. 3, Fig. 2",
        Verdict.CONDITION,
        ("effective-gains", "main: gain k_2 near stabilisation, regression from t ="),
        "exact on the plane of the slow pair; regression on whole episodes mixes the third mode in",
    ),
    Claim(
        "The agent is trained by policy gradient.",
        "Sec. 2",
        Verdict.CONDITION,
        ("horizon-loss", "main: gradient by all weights, back-propagation"),
        "it is the exact gradient through plant and agent, none that is estimated from rewards",
    ),
)

WAYS = (
    Claim(
        "Identical networks take different paths in closed and in open loop, in the plane of gains too.",
        "abstract, Fig. 1, 2",
        Verdict.CONFIRMED,
        ("open-loop: closed against open loop: smallest of", "open-loop: two closed-loop runs with different batches"),
        "Hausdorff distance of the paths of regressed gains, over the length of the LQR gain",
    ),
    Claim(
        "Both ways end at the same solution.",
        "introduction, Fig. 2",
        Verdict.CONDITION,
        ("open-loop: closed and open loop end together", "stages: relative distance above the optimum after"),
        "in open loop a network ends where its teacher, the closed-loop run, ended; neither has reached the optimum by then",
    ),
    Claim(
        "In open loop the closed-loop test loss spikes, in closed loop it does not.",
        "Fig. 1",
        Verdict.CONDITION,
        (
            "open-loop-spike",
            "open-loop: open loop: share of seeds whose test loss rises tenfold or more",
            "open-loop: closed loop: share of seeds whose loss never does",
            "full: runs whose test loss rises over",
        ),
        "white inputs; in every network of rank one and every full tanh network that was tried, not proved",
    ),
    Claim(
        "Learning in closed loop, in contrast to open loop, is governed by the long-term stability of the loop.",
        "abstract",
        Verdict.CONDITION,
        (
            "open-loop-loss",
            "markov-parameters",
            "stages: stage 2: fraction of epochs with cos(∇L_2, ∇L_∞) < -0.9",
            "stages: stage 2 ends: loss falls tenfold within",
        ),
        "open loop: derived, its loss is a quadratic form of the agent's impulse response, without stability in it; closed "
        "loop: measured, short- and long-term gradients compete in stage 2, and the loss falls once the loop is stable",
    ),
    Claim(
        "Learning in closed loop unfolds in three stages that spectrum and loss show.",
        "abstract, Sec. 4",
        Verdict.CONDITION,
        (
            "stage-boundaries",
            "stages: both ends of stages found from the spectrum",
            "stages: stage 1 ends: loss within a factor 2.5 of the median of stage 2",
        ),
        "many initial networks have no stage 1: they start where it ends",
    ),
    Claim(
        "The spectrum of the joint system, rather than that of the network, is necessary and sufficient.",
        "introduction",
        Verdict.CONDITION,
        (
            "full: the training's x_0: joint radius < 1 tells what settles",
            "full: the training's x_0: radius of W < 1 does no better than chance",
            "full: radius of W while the loop is unstable, largest",
        ),
        "to tell stability it suffices, and the spectrum of W does not tell it; that nothing less would do is not shown",
    ),
)
