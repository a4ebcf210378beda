"""Reading and writing .npz and text: whole files or none, and no pickled objects."""

import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np

from numerics.common.errors import InputError, require


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """All arrays of an .npz file.

    :raises InputError: if it is missing, unreadable, not an .npz archive, or contains pickled objects
    """
    path = Path(path)
    require(os.path.exists(path), f"{path} must be an existing .npz file; found nothing there; check the path")
    kind = "directory" if path.is_dir() else "device or pipe"
    require(path.is_file(), f"{path} must be an .npz file; found a {kind}")
    try:
        with open(path, "rb") as handle:
            archive = np.load(handle, allow_pickle=False)
            require(not isinstance(archive, np.ndarray), f"{path} must be an .npz archive; found a single array")
            with archive:
                return {name: archive[name] for name in archive.files}
    except InputError:
        raise
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError, NotImplementedError) as error:
        if "allow_pickle" in str(error) and zipfile.is_zipfile(path):
            what = f"{path} must hold plain arrays; found pickled objects, which are refused; save numbers only"
            raise InputError(what) from None
        what = f"{path} must be an .npz archive; found a corrupt or different file; write it with numpy.savez"
        raise InputError(what) from None


def check_writable(path: str | Path, *read: Path | None) -> None:
    """Refuse a path to which no file could be written; to be asked before long work.

    :param path: where a file is to go
    :param read: files that it is made from, if any
    :raises InputError: if the folder is missing or not writable, something other than a regular file is there, or the
        file is one of those that are read
    """
    target = _target(path)
    _try_writing(target.parent, f"{path} must lie in a writable folder")
    same = any(source is not None and target == _target(source) for source in read)
    require(not same, f"--out must not be a file that is read; found {path} for both; name another")


def _target(path: str | Path) -> Path:
    """The file that writing to the path would make or replace; a link is followed and stays."""
    target = Path(os.path.realpath(path))
    folder = target.parent
    try:
        require(folder.is_dir(), f"{path} must lie in an existing folder; found no folder {folder}; create it first")
        require(not target.is_dir(), f"{path} must be a file name; found a directory")
        plain = target.is_file() or not os.path.lexists(target)
    except OSError as error:
        raise InputError(f"{path} must be a file name; found: {error.strerror}") from None
    require(plain, f"{path} must be a regular file or a new name; found a device, pipe, socket or circular link")
    return target


def _try_writing(folder: Path, what: str) -> None:
    """Write a nameless file into a folder: permissions alone do not tell."""
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"{what}; found {folder}, which takes no files: {error.strerror}; name another") from None


@contextmanager
def atomic(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """A file that appears under its name only once it is complete.

    :param path: where the file is to go; a link is followed
    :param mode: ``"w"`` for text, ``"wb"`` for bytes
    :raises InputError: if it cannot be written
    """
    target = _target(path)
    temporary = target.with_name(f".{target.name[:32]}.{os.getpid()}.tmp")
    try:
        with open(temporary, mode, encoding=None if "b" in mode else "utf-8") as handle:
            yield handle
        os.replace(temporary, target)
    except OSError as error:
        raise InputError(f"{path} must be writable; found: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)


def write_arrays(path: str | Path, arrays: dict[str, object]) -> None:
    """Write arrays to an .npz file under exactly this name, at once.

    :param arrays: arrays, numbers or strings by name
    :raises InputError: if it cannot be written
    """
    with atomic(path, "wb") as handle:
        np.savez(handle, **{name: np.asarray(value) for name, value in arrays.items()})  # type: ignore[arg-type]


def write_text(path: str | Path, text: str) -> None:
    """Write a text file in UTF-8, at once.

    :raises InputError: if it cannot be written
    """
    with atomic(path) as handle:
        handle.write(text)


def check_folder(path: str | Path, names: Iterable[str] = ()) -> Path:
    """A folder in which files could be written, now or once it is made; nothing is created.

    :raises InputError: if it cannot be a folder, or a file in it could not be written
    """
    path = Path(path)
    require(path.is_dir() or not path.exists(), f"--out must be a folder; found the file {path}; name another")
    require(path.is_dir() or path.parent.is_dir(), f"--out must lie in an existing folder; found no {path.parent}")
    _try_writing(path if path.is_dir() else path.parent, "--out must be a writable folder, or lie in one")
    for name in names if path.is_dir() else ():
        check_writable(path / name)
    return path


def make_folder(path: Path) -> Path:
    """A folder for results, created if absent.

    :param path: the folder, see :func:`check_folder`
    :raises InputError: if it cannot be made
    """
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"--out must be writable; found for {path}: {error.strerror}") from None
    return path
