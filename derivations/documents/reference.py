"""The reference documentation: every public name with its docstring, as a folder of HTML pages (extra ``docs``).

``make docs``, or ``python -m derivations.documents.reference site``.
"""

import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from derivations.wording import counted
from numerics.common.errors import library

PACKAGES = ("theory", "numerics", "derivations")


def modules() -> list[str]:
    """The packages, and what is directly inside them: a package with public names does not list its modules itself."""
    found = list(PACKAGES)
    for package in PACKAGES:
        known = import_module(package)
        inside = (info.name for info in iter_modules(known.__path__) if info.name not in known.__all__)
        found += [f"{package}.{name}" for name in inside]
    return found


def build(folder: str | Path) -> list[Path]:
    """Write the pages and list them.

    :param folder: where to write; made if it is absent
    :raises InputError: if pdoc is not installed
    """
    pdoc = library("pdoc", "docs")
    pdoc.render.configure(docformat="restructuredtext", show_source=False)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    pdoc.pdoc(*modules(), output_directory=target)
    return sorted(target.rglob("*.html"))


if __name__ == "__main__":
    site = sys.argv[1] if len(sys.argv) > 1 else "site"
    print(f"{counted(len(build(site)), 'page')} in {site}")
