"""Temporary files: those of killed processes are swept up, those in use stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmark.errors import UserError
from benchmark.storage import exchange
from benchmark.storage.exchange import put_back, put_in_place
from benchmark.storage.files import atomic_file, atomic_folder, write_text
from benchmark.storage.temporary import TemporaryFolder, remove_abandoned

HOLD = """
import sys
from pathlib import Path
from benchmark.storage.temporary import TemporaryFolder, temporary_file
here = Path(sys.argv[1])
folder = TemporaryFolder.beside(here / "checkpoint")
(folder.path / "half").write_text("half")
with temporary_file(here / "result.json") as (path, file):
    print("ready", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds a temporary file and a temporary folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_what_a_killed_process_left_is_swept_up_and_what_is_in_use_stays(tmp_path: Path) -> None:
    (tmp_path / "theirs.tmp").write_text("a file of the user's")
    with holder(tmp_path) as one, holder(tmp_path):
        assert len(list(tmp_path.iterdir())) == 5
        remove_abandoned(tmp_path)
        assert len(list(tmp_path.iterdir())) == 5
        one.send_signal(signal.SIGKILL)
        one.wait()
        write_text(tmp_path / "any", "whoever writes here sweeps")
        assert len(list(tmp_path.iterdir())) == 4
    remove_abandoned(tmp_path.parent, depth=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["any", "theirs.tmp"]


def test_a_temporary_folder_ends_with_its_owner(tmp_path: Path) -> None:
    owner = TemporaryFolder.elsewhere("test", tmp_path)
    (owner.path / "file").write_text("some")
    remove_abandoned(tmp_path)
    assert (owner.path / "file").exists()
    del owner
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link_and_a_device_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "file")
    write_text(tmp_path / "link", "some")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "file").read_text() == "some"
    write_text(Path("/dev/null"), "some")
    assert not Path("/dev/null").is_file()


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_text(path, "old")

    def break_off() -> None:
        with atomic_file(path) as file:
            file.write(b"new")
            raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match=r"cannot write .*file: No space left on device"):
        break_off()
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file", "old")]


@pytest.mark.parametrize("able", [True, False])
def test_a_folder_takes_the_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, able: bool
) -> None:
    if not able:  # as on file systems that cannot exchange two paths
        monkeypatch.setattr(exchange, "_exchanged", lambda *_: False)
    for text in ("one", "two"):
        with atomic_folder(tmp_path / "folder") as aside:
            (aside / text).write_text(text)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "two"]


def test_a_kill_between_two_renames_loses_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_exchanged", lambda *_: False)
    new, old = tmp_path / "new", tmp_path / "old"
    for folder in (new, old):
        folder.mkdir()
        (folder / "file").write_text(folder.name)
    rename, kills = Path.rename, iter([False, True])

    def killed(self: Path, target: Path) -> Path:
        if next(kills):
            os.kill(os.getpid(), signal.SIGINT)
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            put_in_place(new, old)
    assert not old.exists()
    put_back(tmp_path)
    assert (old / "file").read_text() == "old"
    assert (new / "file").read_text() == "new"
