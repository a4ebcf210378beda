"""The public names: there, loaded when asked for, and the same in all four places."""

import subprocess
import sys
from importlib import import_module

import pytest

import closedloop as cl

PACKAGES = ("theory", "numerics", "derivations")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_there(package):
    module = import_module(package)
    assert len(module.__all__) > 4
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert getattr(cl, name) is getattr(module, name)
    assert set(module.__all__) <= set(dir(module))


def test_no_name_means_two_things():
    names = [name for package in PACKAGES for name in import_module(package).__all__]
    assert len(set(names)) == len(names)
    assert set(cl.__all__) == set(names) == set(dir(cl))


def test_what_is_no_name_is_said():
    with pytest.raises(AttributeError, match="closedloop has no attribute 'xyzzy'"):
        cl.xyzzy  # noqa: B018


def test_importing_the_facade_loads_no_heavy_library():
    script = "import sys, closedloop; sys.exit(bool({'sympy', 'numpy', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_loop_and_a_run_through_the_facade():
    replay = cl.rank_one_replay(seed=2, epochs=40)
    theory, simulation = cl.descend(replay), cl.train(replay)
    assert abs(theory.overlaps - simulation.overlaps).max() < 1e-10
    assert cl.characteristic_polynomial(cl.ReducedLoop()).degree() == 4
    assert cl.derive("stage-one").verified
