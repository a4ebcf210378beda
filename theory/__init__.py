"""The theory, exact: sympy expressions without floats. Start with :class:`theory.core.loop.ReducedLoop`.

``core`` holds for any linear plant, rank and leak; ``double_integrator``, ``open_loop``, ``tracking`` and ``nonlinear``
are its subjects; ``symbols`` is the one table of letters. The public names are loaded when they are first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
