"""Where theory and experiment meet: derived results, the checks between the two, figures, documents, the command.

Each module here but ``catalogue``, ``result`` and ``cli`` derives one result.
"""

import numerics  # noqa: F401  its settings of OpenBLAS come before numpy
