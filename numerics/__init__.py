"""Numbers: the theory as fast code, and the experiment it is checked against, side by side.

``reduced`` is the theory in numbers, ``experiment`` the neurons, which import neither sympy nor ``theory``; both answer
in the same results to the same ``replay``, and ``common`` is what they share. The public names are loaded when they are
first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
