"""Arrays that are kept with a corpus: made once, by one process, and again if they are damaged."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus_cases import opened, texts

from benchmark.corpus.kept import KeptArrays, not_kept

ARRAY = np.arange(3_000, dtype=np.int8)


class Making:
    """Makes the array, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> np.ndarray:
        self.times += 1
        return ARRAY


@pytest.fixture
def make() -> Making:
    return Making()


def test_an_array_is_made_once(tmp_path: Path, make: Making) -> None:
    for _ in range(3):
        found = KeptArrays(tmp_path / "kept").get("some", len(ARRAY), make)
        assert np.array_equal(found, ARRAY)
        assert found.dtype == np.int8
    assert make.times == 1
    KeptArrays(tmp_path / "kept").get("other", len(ARRAY), make)
    assert make.times == 2


def flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x10]) + data[middle + 1 :]


@pytest.mark.parametrize("damage", [lambda data: data[:-40], lambda data: b"", flip])
def test_a_damaged_file_is_made_again(tmp_path: Path, make: Making, damage: Callable[[bytes], bytes]) -> None:
    kept = KeptArrays(tmp_path)
    kept.get("some", len(ARRAY), make)
    file = tmp_path / "some.npz"
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert np.array_equal(kept.get("some", len(ARRAY), make), ARRAY)
    assert make.times == 2
    kept.get("some", len(ARRAY), make)
    assert make.times == 2


def test_an_array_of_another_length_is_made_again(tmp_path: Path, make: Making) -> None:
    KeptArrays(tmp_path).get("some", 5, lambda: np.arange(5))
    assert np.array_equal(KeptArrays(tmp_path).get("some", len(ARRAY), make), ARRAY)


def test_pickled_objects_are_not_read(tmp_path: Path, make: Making) -> None:
    np.savez(tmp_path / "some.npz", array=np.array([{"a": 1}] * len(ARRAY), dtype=object))
    assert np.array_equal(KeptArrays(tmp_path).get("some", len(ARRAY), make), ARRAY)


def test_where_nothing_can_be_written_the_array_is_made_each_time(tmp_path: Path, make: Making) -> None:
    (tmp_path / "file").write_text("in the way")
    kept = KeptArrays(tmp_path / "file" / "kept")
    assert np.array_equal(kept.get("some", len(ARRAY), make), ARRAY)
    assert np.array_equal(not_kept("some", len(ARRAY), make), ARRAY)
    assert make.times == 2


def get_in_process(folder: str, queue: Any) -> None:
    def make() -> np.ndarray:
        with (Path(folder) / "made").open("a") as file:
            file.write("x")
        return ARRAY

    queue.put(int(KeptArrays(Path(folder) / "kept").get("some", len(ARRAY), make).sum()))


def test_processes_at_once_make_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    processes = [context.Process(target=get_in_process, args=(str(tmp_path), queue)) for _ in range(4)]
    for process in processes:
        process.start()
    sums = {queue.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert sums == {int(ARRAY.sum())}
    assert (tmp_path / "made").read_text() == "x"


def test_each_text_has_arrays_of_its_own(tmp_path: Path) -> None:
    options = texts(tmp_path, "a b\n" * 300)
    found = []
    for number, changes in enumerate([{}, {"train_share": 0.5}, {"lowercase": True}, {}]):
        corpus = opened({**options, **changes}, tmp_path)
        found.append(corpus.keep("number", 1, lambda number=number: np.array([number]))[0])
    assert found == [0, 1, 2, 0]
