"""Commands that set theory beside the experiment: validate, stages, compare, figure."""

import json
from pathlib import Path
from typing import Annotated

import typer

from derivations.commands import screen, waiting
from derivations.commands.app import MANY, ReplayFile, app, examples
from derivations.commands.options import OPTIONS, comparable, make_replay, read_teacher, with_protocol, words
from numerics.common import files
from numerics.common.errors import FINITE, choice, number, require, whole

COMPARABLE = [name for name in OPTIONS if name not in {"seed", "activation", "optimizer", "leak", "train"}]


Report = Annotated[
    Path | None, typer.Option(help="Folder of the report [default: report; report-stages with --stages, …].")
]
Seeds = Annotated[
    int | None,
    typer.Option(help="Number of seeds, 0, 1, … [default: 3; stages 50; open loop 20; full theory 6; tracking 10]."),
]
Stages = Annotated[bool, typer.Option("--stages", help="Decide the claims about the three stages instead.")]
OpenLoop = Annotated[bool, typer.Option("--open-loop", help="Decide those about open loop instead.")]
Full = Annotated[bool, typer.Option("--full", help="Decide those about full tanh networks instead.")]
FullTheory = Annotated[
    bool, typer.Option("--full-theory", help="Decide those about the theory of full networks instead.")
]
Tracking = Annotated[bool, typer.Option("--tracking", help="Decide those about tracking instead.")]


@app.command()
@examples(
    "validate",
    "validate --out report --seeds 1 --epochs 200",
    "validate --stages",
    "validate --open-loop --seeds 5",
    "validate --full",
    "validate --full-theory",
    "validate --tracking",
)
@with_protocol(*COMPARABLE)
def validate(
    out: Report = None,
    seeds: Seeds = None,
    stages: Stages = False,
    open_loop: OpenLoop = False,
    full: Full = False,
    full_theory: FullTheory = False,
    tracking: Tracking = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON alone.")] = False,
    *,
    protocol: dict,
) -> None:
    """The main job: derive, descend, train N neurons, compare.

    Prints one line a claim and writes report.md, report.json, expressions.tex and, for the main job and --stages, three figures. In one-sided claims theory is the bound and simulation the value; a difference of 0 means that it holds. Exit code 1 if a claim fails.

    The report says of every claim on which runs it rests. Of the seeds asked for:

    Main job: all of them, trained directly and descended exactly by the options of the protocol, once more in open loop, and as full linear networks. Besides, whatever the seeds: the derivations, one random plant, networks of erf neurons.

    --stages (at least 3): all of them by the exact map, 1000 epochs; the first three also trained directly, with SGD and with Adam, and refined in stage 3 with control costs. Besides: ten networks on the axis of stage 1, one network on the plateau for six episode lengths, the plateau of seed 1 in seven variants.

    --open-loop: all, in open loop, taught by their own closed-loop runs. --full: all, as full networks, linear and tanh, in closed and in open loop. --full-theory: all, as full linear networks and as full tanh networks; besides, the limit of many neurons. --tracking: all, by the tracking protocol.
    """
    flags = {"stages": stages, "open-loop": open_loop, "full": full, "full-theory": full_theory, "tracking": tracking}
    asked = [name for name, given in flags.items() if given]
    require(len(asked) < 2, f"--{' and --'.join(asked)} are two jobs; found both; run one after the other")
    _validate(asked[0] if asked else "main", seeds, protocol, out, as_json)


def _validate(name: str, seeds: int | None, protocol: dict, out: Path | None, as_json: bool) -> None:
    """Do one job, write its report and show it."""
    from derivations.checks.jobs import JOBS
    from derivations.documents import validation
    from derivations.evidence.kinds import meaning
    from derivations.figures import learning

    job = JOBS[name]
    require(not (job.fixed and protocol), f"--{name} fixes the protocol; found also {words(protocol)}; remove it")
    count = whole("--seeds", job.seeds if seeds is None else seeds, job.least, MANY)
    make_replay(None, protocol)
    whole("--neurons", protocol.get("neurons", 2), 2)
    whole("--horizon", protocol.get("horizon", 2), 2)
    place = out or Path("report" if name == "main" else f"report-{name}")
    folder = files.check_folder(place, validation.TEXTS + (learning.PICTURES if job.drawn else ()))
    with waiting.progress() as progress:
        evidence = job.gathering(count, protocol, progress)
        lines = tuple(job.decide(evidence, progress))
        kinds = {kind: meaning(kind) for kind in job.evidence}
        report = validation.Report(lines, range(count), job.protocol(0, **protocol).config(), kinds)
        validation.write_texts(files.make_folder(folder), report, evidence["derived"].results)
        if job.drawn:
            learning.save(folder, evidence[job.drawn][0])
    typer.echo(validation.as_json(report)) if as_json else screen.table(lines, folder)
    raise typer.Exit(0 if report.passed else 1)


@app.command()
@examples(
    "stages",
    "stages --network full --seeds 5",
    "stages --study spectrum --seeds 20",
    "stages --study closure --seeds 4 --epochs 300",
)
def stages(
    seeds: Annotated[int, typer.Option(help="Number of seeds, 0, 1, ….")] = 50,
    network: Annotated[
        str | None, typer.Option(help="rank-one (exact map) or full (tanh, direct training) [default: rank-one].")
    ] = None,
    epochs: Annotated[int, typer.Option(help="Number of updates.")] = 1000,
    study: Annotated[
        str | None,
        typer.Option(
            help="Instead, of full networks: spectrum (does it tell what settles) or spike (in open loop); of erf neurons: closure (of their learning)."
        ),
    ] = None,
) -> None:
    """Where the stages end, over seeds: medians and intervals.

    The intervals are bootstrapped, 95 %.
    """
    from derivations.studies import closure, spectrum, spike, stage_statistics

    count, updates = range(whole("--seeds", seeds, 1, MANY)), whole("--epochs", epochs, 2)
    studies = {
        "spectrum": lambda report: spectrum.report(spectrum.watches(count, updates, progress=report)),
        "spike": lambda report: spike.report(spike.many(count, updates, min(450, updates), report)),
        "closure": lambda report: closure.report(count, updates, progress=report),
        None: lambda report: stage_statistics.measure(len(count), network or "rank-one", updates, report),
    }
    if study is not None:
        choice("--study", study, tuple(name for name in studies if name))
        require(network is None, f"--study fixes the network; found also --network {network}; remove either")
    with waiting.progress() as report:
        text = studies[study](report)
    typer.echo(text)


def _network(replay: Path | None, network: str | None, kinds: tuple[str, ...]) -> str:
    require(replay is None or network is None, f"--replay fixes the network; found also --network {network}; remove it")
    return choice("--network", network or "rank-one", kinds)


Teacher = Annotated[
    Path | None,
    typer.Option(
        help="Open-loop teacher, .npz: a result, or a replay's initial weights [default: the closed-loop run's]."
    ),
]
Compared = Annotated[int | None, typer.Option(help="Compare seeds 0, 1, … instead of one [default: --seed].")]
Network = Annotated[
    str | None, typer.Option(help="rank-one (linear) or full (tanh, every weight trained) [default: rank-one].")
]
HalfWidth = Annotated[
    float | None, typer.Option(help="a of the closed-loop test, x_0 uniform on ±a [default: 2; full network: 1].")
]


@app.command()
@examples(
    "compare --seed 1",
    "compare --network full --epochs 300",
    "compare --replay run.npz --teacher trained.npz --inputs teacher",
)
@with_protocol()
def compare(
    replay: ReplayFile = None,
    teacher: Teacher = None,
    seeds: Compared = None,
    network: Network = None,
    half_width: HalfWidth = None,
    inputs: Annotated[str, typer.Option(help="Open-loop inputs: white, or teacher (its own observations).")] = "white",
    variance: Annotated[float, typer.Option(help="Variance of white inputs.")] = 2.0,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("compare"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the summaries as JSON alone.")] = False,
    *,
    protocol: dict,
) -> None:
    """Train one network in closed and in open loop, compare.

    Both are tested in closed loop. Prints a table a seed and writes compare.json, compare.npz and compare.png.
    """
    from derivations.figures import compare_report
    from derivations.studies import compare as job

    kind = _network(replay, network, tuple(job.HALF_WIDTHS))
    choice("--inputs", inputs, ("white", "teacher"))
    number("--variance", variance, 0, FINITE)
    runs = comparable(replay, kind, seeds, protocol)
    job.check_teacher(teacher, runs)
    weights = read_teacher(teacher)
    folder = files.check_folder(out, compare_report.FILES)
    with waiting.progress() as report:
        width = job.HALF_WIDTHS[kind] if half_width is None else half_width
        found = [job.compare(run, weights, inputs, variance, width, report) for run in runs]
    rows = compare_report.report(files.make_folder(folder), found)
    tables = "\n\n".join(job.table(row) for row in rows)
    typer.echo(json.dumps(rows) if as_json else f"{tables}\n{compare_report.verdict(rows)}; report in {folder}/")


@app.command()
@examples(
    "figure 4",
    "figure 5 --seed 2 --out figures",
    "figure 1 2 3 4 5 6 7 --out figures",
)
def figure(
    which: Annotated[
        list[int], typer.Argument(metavar="NUMBER", help="Figures of the paper: 1 to 6; 7: full networks.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the pictures and their numbers.")] = Path("figures"),
    seed: Annotated[int | None, typer.Option(help="Seed of the run that is shown [default: the figure's own].")] = None,
) -> None:
    """Draw figures of the paper from fresh runs.

    Theory lies over simulation, and the numbers are saved beside each picture.

    1: closed and open loop. 2: the same in the plane of gains. 3: stage 1. 4: stage 2. 5: stage 3.
    6: tracking. 7: full networks.
    """
    from derivations.figures import gallery

    gallery.check(which, out)
    if seed is not None:
        whole("--seed", seed, 0)
    for each in which:
        with waiting.progress() as report:
            picture, arrays, gap = gallery.make(each, out, seed, report)
        typer.echo(f"{picture}, {arrays}: theory and simulation differ by {gap:.1e}")
