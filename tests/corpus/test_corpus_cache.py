"""The cache of encoded corpora: found again, mended when damaged, whole whatever happens."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus_cases import opened, silent, texts

from benchmark.corpus import Corpus, fingerprint, open_corpus

TEXT = "the cat sat on the mat\n" * 50


def said(options: dict[str, Any], folder: Path) -> list[str]:
    lines: list[str] = []
    open_corpus(options, corpora_dir=None, cache_dir=folder / "cache", say=lines.append)
    return lines


def the_encoding(folder: Path) -> Path:
    return next(path for path in (folder / "cache" / "encoded").iterdir() if path.name.startswith("small-"))


def test_a_second_opening_encodes_nothing(tmp_path: Path) -> None:
    options = texts(tmp_path, TEXT)
    assert said(options, tmp_path) == ["encoding small"]
    assert said(options, tmp_path) == []


def test_arrays_are_mapped_and_read_only(tmp_path: Path) -> None:
    stream = opened(texts(tmp_path, TEXT), tmp_path).train
    assert isinstance(stream.ids, np.memmap)
    assert isinstance(stream.lines, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        stream.ids[0] = 1


@pytest.mark.parametrize("file", ["train.ids.npy", "valid.lines.npy", "vocabulary.json", "meta.json"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_a_damaged_cache_is_made_again(tmp_path: Path, file: str, damage: str) -> None:
    options = texts(tmp_path, TEXT)
    before = np.array(opened(options, tmp_path).train.ids)
    path = the_encoding(tmp_path) / file
    data = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    else:
        data[len(data) // 2] ^= 0x40
        path.write_bytes(data)
    assert said(options, tmp_path) == ["encoding small again: its cache is damaged or of another version"]
    assert np.array_equal(opened(options, tmp_path).train.ids, before)


def test_a_cache_with_other_additions_is_made_again_for_the_same_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = texts(tmp_path, TEXT)
    before = opened(options, tmp_path)
    monkeypatch.setattr("benchmark.corpus.cache.ADDITIONS", -1)
    assert said(options, tmp_path) == ["encoding small again: its cache is damaged or of another version"]
    assert opened(options, tmp_path).fingerprint == before.fingerprint


def _open_in_process(options: dict[str, Any], folder: str, queue: Any) -> None:
    corpus = open_corpus(options, corpora_dir=None, cache_dir=Path(folder) / "cache", say=silent)
    queue.put((corpus.fingerprint, int(np.asarray(corpus.train.ids).astype(np.int64).sum())))


def test_processes_at_once_agree(tmp_path: Path) -> None:
    options = texts(tmp_path, TEXT * 200)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    processes = [
        context.Process(target=_open_in_process, args=(options, str(tmp_path), queue)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    answers = {queue.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert len(answers) == 1


ENCODE = """
import json, sys
from pathlib import Path
from benchmark.corpus import open_corpus
say = lambda line: print(line, flush=True)
open_corpus(json.loads(sys.argv[1]), corpora_dir=None, cache_dir=Path(sys.argv[2]), say=say)
"""


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.2])
def test_a_killed_encoding_leaves_none(tmp_path: Path, delay: float) -> None:
    words = " ".join(f"w{number * 7919 % 100_003}" for number in range(300_000))
    options = texts(tmp_path, f"{words}\n" * 3, valid=words, test=words)
    process = subprocess.Popen(
        [sys.executable, "-c", ENCODE, json.dumps(options), str(tmp_path / "cache")], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"encoding small\n"
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    # Whatever stood there is not taken for an encoding, and does not stand in the way of one.
    corpus = opened(options, tmp_path)
    assert len(corpus.train) == 3 * 300_001
    assert not list((tmp_path / "cache" / "encoded").glob("*.tmp"))


def test_the_fingerprint_is_of_content_not_of_places(tmp_path: Path) -> None:
    marks = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        options = texts(folder, TEXT)
        moved = folder / f"{name}.text"
        Path(options["train"]).rename(moved)
        options["train"] = str(moved)
        corpus = opened(options, folder)
        assert corpus.fingerprint == fingerprint(
            options, corpora_dir=None, cache_dir=folder / "none", say=silent
        )
        assert not (folder / "none").exists()
        marks.append(corpus.fingerprint)
    assert marks[0] == marks[1]


@pytest.mark.parametrize(
    "change",
    [{"lowercase": True}, {"vocabulary": {"size": 9}}, {"end_of_line": False}, {"tokens": "characters"}],
)
def test_the_fingerprint_is_of_settings_too(tmp_path: Path, change: dict[str, Any]) -> None:
    options = texts(tmp_path, TEXT)
    changed = {**options, **change}
    assert opened(options, tmp_path).fingerprint != opened(changed, tmp_path).fingerprint


def protocol(folder: Path, **changes: Any) -> dict[str, str]:
    options = {**texts(folder, TEXT, test="the cat\n"), **changes}
    corpus: Corpus = opened(options, folder)
    assert set(corpus.protocol) == {"text", "tokens", "vocabulary", "unknown", "end_of_line"}
    return corpus.protocol


def test_the_protocol_tells_events_apart(tmp_path: Path) -> None:
    plain = protocol(tmp_path)
    assert protocol(tmp_path, title="another title", name="other") == plain
    without_ends = protocol(tmp_path, end_of_line=False)
    assert {key for key in plain if plain[key] != without_ends[key]} == {"vocabulary", "end_of_line"}
    lower = protocol(tmp_path, lowercase=True)
    assert {key for key in plain if plain[key] != lower[key]} == {"tokens"}
