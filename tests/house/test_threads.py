"""BLAS gets one thread while we compute, never against the user's own wish, and importing changes nothing."""

import os
import subprocess
import sys

import numpy as np
from threadpoolctl import threadpool_info

from numerics.common.threads import VARIABLES, single_threaded


def threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_one_thread_within_the_block_only(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    before = threads()
    with single_threaded():
        assert threads() == {1}
    assert threads() == before


def test_the_users_choice_is_left_alone(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    before = threads()
    with single_threaded():
        assert threads() == before


def test_importing_leaves_the_environment_alone():
    script = (
        "import os, sys; before = dict(os.environ); import closedloop as cl; cl.train, cl.descend; "
        "sys.exit(dict(os.environ) != before)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, env=dict(os.environ)).returncode == 0
