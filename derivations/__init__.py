"""Where theory and experiment meet: derived results, the claims between the two, figures, documents, the command.

``results`` has one module a result; ``evidence`` makes the runs that ``checks`` decide claims on and ``figures`` draw.
The public names are loaded when they are first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
