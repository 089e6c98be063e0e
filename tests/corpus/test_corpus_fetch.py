"""Files from a publisher: a server on this machine stands in for it."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from corpus_cases import opened

from benchmark.corpus import archive as archive_module
from benchmark.corpus.archive import unpack
from benchmark.errors import UserError

TEXT = b"a b c\n" * 200


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class Cut(Quiet):
    """Promises more bytes than it sends."""

    def end_headers(self) -> None:
        if self.path.endswith("short.txt"):
            self.send_header("Content-Length", "100000")
        super().end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(TEXT)


@pytest.fixture(params=[Quiet])
def publisher(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    folder = tmp_path / "publisher"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(request.param, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()
    thread.join()


def published(url: str, **source: Any) -> dict[str, Any]:
    return {
        "name": "small",
        "source": {"kind": "files", "folder": "small", "url": url, **source},
        "text": "text.txt",
        "split": [0.8, 0.1, 0.1],
    }


def leftovers(folder: Path) -> list[str]:
    return sorted(
        path.name for path in (folder / "cache").rglob("*") if path.is_file() and path.name != ".lock"
    )


def test_a_missing_file_is_fetched_once(tmp_path: Path, publisher: tuple[str, Path]) -> None:
    url, folder = publisher
    (folder / "text.txt").write_bytes(TEXT)
    options = published(url, checksums={"text.txt": f"sha256:{hashlib.sha256(TEXT).hexdigest()}"})
    first = opened(options, tmp_path)
    (folder / "text.txt").unlink()
    assert opened(options, tmp_path).fingerprint == first.fingerprint
    assert (tmp_path / "cache" / "corpora" / "small" / "text.txt").read_bytes() == TEXT


def test_the_users_folder_comes_first(tmp_path: Path, publisher: tuple[str, Path]) -> None:
    (tmp_path / "mine" / "small").mkdir(parents=True)
    (tmp_path / "mine" / "small" / "text.txt").write_bytes(TEXT)
    opened(published(publisher[0]), tmp_path, corpora_dir=tmp_path / "mine")
    assert not (tmp_path / "cache" / "corpora").exists()


def test_a_wrong_download_is_not_kept(tmp_path: Path, publisher: tuple[str, Path]) -> None:
    url, folder = publisher
    (folder / "text.txt").write_bytes(TEXT)
    with pytest.raises(
        UserError, match=r"text.txt is not the expected file: its md5 is .*, not 0000; nothing was kept"
    ):
        opened(published(url, checksums={"text.txt": "md5:0000"}), tmp_path)
    assert leftovers(tmp_path) == []


def test_not_found(tmp_path: Path, publisher: tuple[str, Path]) -> None:
    with pytest.raises(
        UserError, match=r"small/text.txt is missing and could not be fetched \(404"
    ) as caught:
        opened(published(publisher[0]), tmp_path)
    assert str(tmp_path / "cache" / "corpora" / "small" / "text.txt") in str(caught.value)
    assert leftovers(tmp_path) == []


def test_no_network(tmp_path: Path) -> None:
    # Port 9 of this machine: nothing listens there.
    with pytest.raises(UserError) as caught:
        opened(published("http://127.0.0.1:9"), tmp_path, corpora_dir=tmp_path / "mine")
    message = str(caught.value)
    assert message.startswith(
        "small/text.txt is missing and could not be fetched (no connection): looked for "
    )
    assert str(tmp_path / "mine" / "small" / "text.txt") in message
    assert "get it from http://127.0.0.1:9/text.txt and put it there" in message
    assert message.endswith("(corpora_dir=FOLDER or NEXTWORD_CORPORA names a folder of yours)")


@pytest.mark.parametrize("publisher", [Cut], indirect=True)
def test_a_broken_download_is_not_kept(tmp_path: Path, publisher: tuple[str, Path]) -> None:
    options = {**published(publisher[0]), "text": "short.txt"}
    with pytest.raises(UserError, match="could not be fetched"):
        opened(options, tmp_path)
    assert leftovers(tmp_path) == []


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize(("make", "name"), [(zipped, "small.zip"), (tarred, "small.tar.gz")])
def test_an_archive_is_unpacked_once(
    tmp_path: Path, publisher: tuple[str, Path], make: Any, name: str
) -> None:
    url, folder = publisher
    make(folder / name, {"top/text.txt": TEXT, "top/other": b"x", "else/text.txt": b"y"})
    source = {"kind": "archive", "name": name, "folder": "small", "inside": "top", "url": f"{url}/{name}"}
    options = {**published(url), "source": source}
    first = opened(options, tmp_path)
    assert (tmp_path / "cache" / "corpora" / "small" / "text.txt").read_bytes() == TEXT
    assert not (tmp_path / "cache" / "corpora" / "small" / "other").exists()
    (folder / name).unlink()
    assert opened(options, tmp_path).fingerprint == first.fingerprint


@pytest.mark.parametrize("make", [zipped, tarred])
@pytest.mark.parametrize("name", ["../out.txt", "a/../../out.txt", "/out.txt", "a\\..\\out.txt"])
def test_names_that_point_outside_are_refused(tmp_path: Path, make: Any, name: str) -> None:
    made = make(tmp_path / "bad", {name: b"x"})
    with pytest.raises(UserError, match="points outside: refused"):
        unpack(made, None, ["*"], tmp_path / "folder")
    assert not list(tmp_path.rglob("out.txt"))
    assert not (tmp_path / "folder").exists()


def test_too_many_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MOST_BYTES", 10)
    with pytest.raises(UserError, match="refused"):
        unpack(zipped(tmp_path / "bad", {"a": b"x" * 11}), None, ["*"], tmp_path / "folder")


@pytest.mark.parametrize("make", [zipped, tarred])
def test_half_an_archive_is_named(tmp_path: Path, make: Any) -> None:
    made = make(tmp_path / "half", {"a": bytes(range(256)) * 1000})
    made.write_bytes(made.read_bytes()[:700])
    with pytest.raises(UserError, match="is not a whole archive"):
        unpack(made, None, ["*"], tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_a_missing_member_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no 'b' in its folder top"):
        unpack(zipped(tmp_path / "some", {"top/a": b"x"}), "top", ["a", "b"], tmp_path / "folder")
