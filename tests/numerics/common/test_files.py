"""Writing files: whole or not at all, through links, and never over anything but a regular file."""

import os
import socket
import stat

import pytest

from numerics.common.errors import InputError
from numerics.common.files import check_writable, read_arrays, write_arrays, write_text


def special(kind, path):
    """A file that is not regular."""
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to(path.name)


@pytest.mark.parametrize("kind", ["fifo", "socket", "directory", "circular link"])
@pytest.mark.parametrize("linked", [False, True])
def test_anything_but_a_regular_file_is_refused_and_left_alone(tmp_path, monkeypatch, kind, linked):
    monkeypatch.chdir(tmp_path)
    special(kind, tmp_path / "it")
    (tmp_path / "link").symlink_to("it")
    name = "link" if linked else "it"
    before = os.lstat("it")
    for write in (check_writable, lambda path: write_arrays(path, {"a": 1}), lambda path: write_text(path, "a")):
        with pytest.raises(InputError, match=f"^{name} must be a"):
            write(name)
    assert stat.S_IFMT(os.lstat("it").st_mode) == stat.S_IFMT(before.st_mode)
    assert os.lstat("it").st_ino == before.st_ino
    assert sorted(os.listdir()) == ["it", "link"]


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_written_through(tmp_path, exists):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target.txt", tmp_path / "link.txt"
    if exists:
        target.write_text("old")
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert list(target.parent.iterdir()) == [target]


def test_a_regular_file_is_replaced(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    write_text(path, "new")
    assert path.read_text() == "new"


def test_a_failure_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fills_up_is_one_clear_line(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(InputError, match="must be writable; found: No space left on device"):
        write_text(tmp_path / "a.txt", "new")
    assert not list(tmp_path.iterdir())


def test_a_long_name_is_written(tmp_path):
    write_text(tmp_path / ("a" * 255), "new")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_name_that_is_too_long_is_one_clear_line(tmp_path):
    with pytest.raises(InputError, match="must be a file name; found: File name too long"):
        check_writable(tmp_path / ("a" * 300))


@pytest.mark.parametrize(("kind", "found"), [("fifo", "device or pipe"), ("directory", "directory")])
def test_reading_anything_but_a_regular_file_names_it(tmp_path, kind, found):
    special(kind, tmp_path / "it")
    with pytest.raises(InputError, match=f"must be an .npz file; found a {found}"):
        read_arrays(tmp_path / "it")


def test_reading_a_name_that_is_too_long_finds_nothing(tmp_path):
    with pytest.raises(InputError, match="found nothing there"):
        read_arrays(tmp_path / ("a" * 300))
