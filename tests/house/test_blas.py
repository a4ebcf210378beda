"""OpenBLAS gets one thread, never against the user's own wish."""

import os

from numerics.blas import prepare_blas


def test_one_thread_unless_told_otherwise(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    prepare_blas()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "2"
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    prepare_blas()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
