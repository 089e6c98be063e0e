"""Files of a results folder may hold anything: each odd one is one error that names it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.corpus import Vocabulary
from benchmark.storage import reading
from benchmark.storage.reading import MOST_BYTES, Unreadable, read_json, read_json_object, read_yaml

ODD_JSON = {
    "empty": b"",
    "cut off": b'{"a": 1',
    "binary": b"\xff\xfe\x00\x01",
    "nested": b"[" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "moderately nested": b"[" * 100 + b"]" * 100,
    "no number": b'{"a": NaN}',
    "infinite": b'{"a": -Infinity}',
    "beyond floating point": b'{"a": 1e999}',
    "huge integer": b'{"a": ' + b"9" * 5_000 + b"}",
    "large integer": b"[1, 2, 18446744073709551616]",
    "twice": b'{"a": {"b": 1, "b": 2}}',
    "surrogate": b'{"a": "\\ud800"}',
    "surrogate in a name": b'{"\\udfff": 1}',
    "two documents": b"{} {}",
}
LAUGHS = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
ODD_YAML = {
    "binary": b"\xff\xfe\x00\x01",
    "control characters": b"a: \x00",
    "nested": b"[" * 100_000,
    "nested blocks": b"- " * 100_000,
    "code": b"a: !!python/object/apply:os.system [id]",
    "file": b"!!python/name:os.system",
    "bytes": b"a: !!binary aGVsbG8=",
    "set": b"a: !!set {b, c}",
    "no such value": b"a: !!bool perhaps",
    "twice": b"a: 1\na: 2\n",
    "itself": b"a: &a [*a]",
    "a billion values": b"a0: &a0 [1, 2]\n" + LAUGHS.encode(),
    "no number": b"a: .nan",
    "huge integer": b"a: " + b"9" * 5_000,
    "two documents": b"--- a\n--- b\n",
    "unhashable key": b"? [a]\n: b\n",
}


def refusal(read: Callable[[Path], Any], path: Path) -> str:
    with pytest.raises(Unreadable) as refused:
        read(path)
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"cannot read {path}: ")
    assert len(line) < len(str(path)) + 300
    return line


@pytest.mark.parametrize("kind", ODD_JSON)
def test_odd_json_is_one_line_that_names_the_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(ODD_JSON[kind])
    refusal(read_json, path)


@pytest.mark.parametrize("kind", ODD_YAML)
def test_odd_yaml_is_one_line_that_names_the_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_bytes(ODD_YAML[kind])
    refusal(read_yaml, path)


def test_what_is_no_file_of_ours_is_not_read(tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe", tmp_path / "large"
    os.mkfifo(pipe)
    with large.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert "is no regular file" in refusal(read_json, pipe)
    assert "is no regular file" in refusal(read_json, Path("/dev/zero"))
    assert "more than 64 MiB" in refusal(read_json, large)
    assert "Is a directory" in refusal(read_json, tmp_path) or "no regular file" in refusal(
        read_json, tmp_path
    )
    for missing in (tmp_path / "none", large / "below a file"):
        with pytest.raises(FileNotFoundError):
            read_json(missing)


def test_plain_data_are_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'\xef\xbb\xbf{"a": [1, -2.5, "\xc3\xa9", true, null, {}], "b": 9223372036854775807}')
    assert read_json(path) == {"a": [1, -2.5, "é", True, None, {}], "b": 2**63 - 1}
    path.write_text("a: 1e-4\nb: 2020-01-01\nc: &c [x, .inf]\nd: *c\ne: ${f}\n", encoding="utf-8")
    inf = float("inf")
    assert read_yaml(path) == {"a": 1e-4, "b": "2020-01-01", "c": ["x", inf], "d": ["x", inf], "e": "${f}"}
    path.write_text("[1]", encoding="utf-8")
    assert "it holds a list, not a JSON object" in refusal(read_json_object, path)


def test_a_file_is_warned_of_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "odd.json"
    assert reading.or_warn(lambda: read_json(path), 7) == 7
    assert capsys.readouterr().err == ""
    path.write_text("{")
    assert [reading.or_warn(lambda: read_json(path), 7) for _ in range(3)] == [7, 7, 7]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: cannot read {path}: ")
    reading.forget_warnings()
    reading.or_warn(lambda: read_json(path), 7)
    assert capsys.readouterr().err == f"{line}\n"


def test_a_vocabulary_of_millions_of_words(tmp_path: Path) -> None:
    """More than 64 MiB and five million values."""
    vocabulary = Vocabulary(("word" * 8,) * 2_600_000, np.zeros(2_600_000, dtype=np.int64))
    vocabulary.save(tmp_path / "vocabulary.json")
    assert len(Vocabulary.load(tmp_path / "vocabulary.json")) == 2_600_000
