"""What the parser of the command line refuses is told in one line: argument, expected, found, where to look."""

import re
from time import sleep

import pytest

from derivations import catalogue, cli
from derivations.check import Check
from derivations.commands import runs, screen, waiting


def complaint(capsys, words):
    with pytest.raises(SystemExit) as exit_:
        cli.main(words.split())
    captured = capsys.readouterr()
    assert captured.out == ""
    return exit_.value.code, captured.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("train --epochs x --out a.npz", "--epochs must be an integer; found x; see closedloop train --help"),
        ("train --leak=x --out a.npz", "--leak must be a number; found x; see closedloop train --help"),
        ("train", "--out must be given; found none; see closedloop train --help"),
        ("figure", "NUMBER must be given; found none; see closedloop figure --help"),
        ("figure x", "NUMBER must be an integer; found x; see closedloop figure --help"),
        ("evaluate --overlaps 1 2 3 x", "--overlaps must be a number; found x; see closedloop evaluate --help"),
        (
            "validate --bogus",
            "options must be those of closedloop validate; found --bogus; see closedloop validate --help",
        ),
        ("frob", "COMMAND must be one that closedloop has; found 'frob'; see closedloop --help"),
        (
            "train --epoch 3",
            "options must be those of closedloop train; found --epoch; did you mean --epochs?; see closedloop train --help",
        ),
        ("--frob", "options must be those of closedloop; found --frob; see closedloop --help"),
        ("evaluate --overlaps 1 2", "--overlaps must have 4 values; found fewer; see closedloop evaluate --help"),
        ("derive --format", "--format must have a value; found fewer; see closedloop derive --help"),
        (
            "stages extra",
            "arguments must be those of closedloop stages; found also extra; see closedloop stages --help",
        ),
    ],
)
def test_usage_errors(capsys, words, expected):
    assert complaint(capsys, words) == (2, f"closedloop: {expected}\n")


@pytest.mark.parametrize(
    ("words", "start"),
    [
        ("train --seed -1 --out a.npz", "--seed must be"),
        ("train --learning-rate nan --out a.npz", "--learning-rate must"),
        ("track --amplitude x --out a.npz", "--amplitude must"),
        ("compare --neurons 0", "--neurons must"),
        ("validate --horizon 1", "--horizon must"),
    ],
)
def test_bad_settings_are_named_as_options(capsys, words, start, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, err = complaint(capsys, words)
    assert (code, err.startswith(f"closedloop: {start}")) == (2, True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", ["-h", "--help", "train -h", "--version"])
def test_help_and_version(capsys, words):
    with pytest.raises(SystemExit) as exit_:
        cli.main(words.split())
    assert exit_.value.code == 0
    assert "closedloop" in capsys.readouterr().out


def test_the_list_of_commands_fits_eighty_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]


def test_an_interrupted_command_says_so(capsys, monkeypatch, tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "make_replay", interrupt)
    assert complaint(capsys, f"train --out {tmp_path / 'a.npz'}") == (130, "closedloop: interrupted\n")
    monkeypatch.setattr(waiting, "progress", interrupt)
    assert complaint(capsys, f"figure 4 --out {tmp_path / 'new'}")[0] == 130
    assert not list(tmp_path.iterdir())


def test_long_silence_is_broken(capsys, monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", -0.45)
    with waiting.progress() as report:
        monkeypatch.setattr(waiting, "PATIENCE", 100.0)
        report("deriving saddle", 0, 3)
        sleep(0.3)
        assert capsys.readouterr().err == "deriving saddle: 0/3\n"
        sleep(0.1)
    assert capsys.readouterr().err == ""


def test_the_list_of_results_is_bare_in_a_pipe_and_titled_on_a_terminal(capsys, monkeypatch):
    def listed():
        with pytest.raises(SystemExit):
            cli.main(["derive", "--list"])
        return capsys.readouterr().out.splitlines()

    assert listed() == list(catalogue.ORDER)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    lines = listed()
    assert [line.split()[0] for line in lines] == list(catalogue.ORDER)
    assert all(line.endswith(".") for line in lines)
    assert max(map(len, lines)) < 120


@pytest.mark.parametrize(("width", "head"), [(80, "tolerance"), (110, "simulation"), (150, "simul. s")])
def test_the_table_of_claims_fits_the_terminal(capsys, monkeypatch, tmp_path, width, head):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    claim = "open loop, 1000 epochs: overlaps, largest difference of 3 seeds (last σ_zm shown)"
    screen.table([Check(claim, -0.0254934, -0.0254934, 1e-16, 1e-8, 0.1, 0.4)] * 2, tmp_path)
    lines = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out).splitlines()
    assert lines[0].split()[-len(head.split()) :] == head.split()
    assert max(map(len, lines[:-1])) <= width
    assert len(lines) <= 8
    assert lines[-1].startswith("2 of 2 claims hold")
