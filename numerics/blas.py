"""One thread for OpenBLAS, to be asked for before numpy is imported; so this module does not import it."""

import os


def prepare_blas() -> None:
    """Ask OpenBLAS for one thread, unless the user has asked for another number.

    Our matrices are small: a second thread costs more than it gains, and full networks bring their own.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
