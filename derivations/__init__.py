"""Where theory and experiment meet: derived results, the claims between the two, figures, documents, the command.

``results`` has one module a result; ``evidence`` makes the runs that ``checks`` decide claims on and ``figures`` draw.
The public names are loaded when they are first used.

Arguments of these names mean the same everywhere; functions that no user calls do not describe them again:

- ``seed``, ``seeds``: of weights and initial states; ``epochs``: number of updates; ``neurons``: their number N;
- ``progress``: called with (what, done, in all), see :data:`derivations.progress.Progress`;
- ``ensemble``, ``pairs``, ``opened``, ``tracked``: runs, kinds of evidence in :data:`derivations.evidence.kinds.KINDS`;
- ``claim``: what a line of a report claims; ``beta``: β of the paper; ``found``, ``data``: what was measured;
- ``left``, ``right``: sides of an equation, the left as LaTeX; ``letters``: the letters to write it in;
- ``ax``: where to draw; ``out``: where to write.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
