"""Files are read whole or refused in one line, and written whole or not at all."""

import io
import zipfile

import numpy as np
import pytest

from numerics.common.errors import InputError
from numerics.common.files import read_arrays, write_arrays, write_text


def test_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / "p.npz", m=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="pickled objects, which are refused"):
        read_arrays(tmp_path / "p.npz")


def corrupt_zip():
    buffer = io.BytesIO()
    np.savez(buffer, m=np.ones(1000))
    return buffer.getvalue()[:-200]


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PK\x03\x04 broken", corrupt_zip()], ids=["empty", "text", "zip", "cut"]
)
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"must be an \.npz archive"):
        read_arrays(path)


def test_a_flipped_byte_is_noticed(tmp_path):
    np.savez(tmp_path / "x.npz", m=np.arange(1000.0))
    data = bytearray((tmp_path / "x.npz").read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "x.npz").write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"must be an \.npz archive"):
        read_arrays(tmp_path / "x.npz")


def test_single_arrays_and_folders_and_nothing_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.ones(3))
    for path, message in (
        (tmp_path / "a.npy", "single array"),
        (tmp_path, "directory"),
        (tmp_path / "no", "nothing there"),
    ):
        with pytest.raises(InputError, match=message):
            read_arrays(path)


def test_files_appear_whole_or_not_at_all(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        write_text(tmp_path / "missing" / "a.txt", "x")
    with pytest.raises(InputError, match="found a directory"):
        write_arrays(tmp_path, {"a": 1})

    class Unsavable:
        def __array__(self, *arguments, **options):
            raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError):
        write_arrays(tmp_path / "a.npz", {"a": Unsavable()})
    assert list(tmp_path.iterdir()) == []


def test_names_are_kept_without_an_extension(tmp_path):
    write_arrays(tmp_path / "plain", {"a": 1})
    assert zipfile.is_zipfile(tmp_path / "plain")
