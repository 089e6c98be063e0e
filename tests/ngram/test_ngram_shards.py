"""Counting by several workers gives the tables of one, bit for bit, however text and work are cut."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from few_examples import few
from hypothesis import example, given
from hypothesis import strategies as st
from ngram_texts import Lines, small_texts, stream_of, with_ends
from test_ngram_program import measured, run
from waiting import kill

from baselines.ngram.counting.counts import OrderCounts, count_ngrams
from baselines.ngram.counting.history import training_sequence
from baselines.ngram.counting.workers import ray_tasks
from baselines.ngram.counting.workers.count_part import PartCounts, PrefixRange, count_part, shards
from baselines.ngram.counting.workers.died import WorkerDied
from baselines.ngram.counting.workers.merge import Workers
from baselines.ngram.counting.workers.processes import Processes
from baselines.ngram.counting.workers.ray_tasks import RayTasks
from benchmark.contract import Context
from benchmark.errors import UserError

#: A text of five words with their sentence marks: enough for parts of every kind.
LINES: Lines = [["a", "b", "c", "a", "b"], [], ["d"], ["a", "b", "c", "d", "e", "a"]] * 5


def assert_equal(one: list[OrderCounts], other: list[OrderCounts]) -> None:
    for a, b in zip(one, other, strict=True):
        assert (a.starts, a.words) == (b.starts, b.words)
        for name in ("contexts", "last_words", "counts", "suffix"):
            assert getattr(a, name).dtype == getattr(b, name).dtype
            assert np.array_equal(getattr(a, name), getattr(b, name)), name


def sequence_of(lines: Lines, context: Context) -> tuple[np.ndarray, int]:
    stream = stream_of(with_ends(lines))
    return training_sequence(stream.ids, stream.vocabulary, context), len(stream.vocabulary)


class Here(Workers):
    """Counts the parts of a text cut into shards of `length` in this process."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.tasks: list[PrefixRange] = []

    def number(self) -> int:
        return 2

    def parts(
        self, sequence: np.ndarray, words: int, order: int, tasks: list[PrefixRange]
    ) -> Generator[PartCounts, None, None]:
        self.tasks = tasks
        for task in tasks:
            yield count_part(shards(sequence, words, order, self.length), task, words, order)


@given(
    lines=small_texts,
    context=st.sampled_from(["sentence", "stream"]),
    order=st.integers(1, 5),
    places=st.integers(1, 20),
    length=st.integers(1, 30),
    memory=st.sampled_from([None, 1]),
)
@example([[], [], []], "sentence", 5, 1, 1, None)  # nothing but sentence ends
@example([["a"]], "sentence", 5, 20, 1, None)  # more shards than sentences, of a token each
@example([["a"] * 30], "stream", 5, 1, 1, 1)  # one word, all in one bigram
@example([["a"], ["b"], ["a"]], "sentence", 3, 1, 30, 1)  # sentences of one token, one shard
def test_any_cut_of_text_and_work(
    lines: Lines, context: Context, order: int, places: int, length: int, memory: int | None
) -> None:
    sequence, words = sequence_of(lines, context)
    whole = count_ngrams(sequence, words, order, threads=1)
    assert_equal(
        whole, count_ngrams(sequence, words, order, workers=Here(length), places=places, memory=memory)
    )


@given(
    ids=st.lists(st.integers(0, 4), max_size=40),
    words=st.integers(1, 4),
    order=st.integers(1, 5),
    places=st.integers(1, 20),
)
@example(ids=[], words=1, order=3, places=1)
@example(ids=[0] * 9, words=1, order=5, places=2)  # a vocabulary of one, without `<s>`
def test_any_sequence(ids: list[int], words: int, order: int, places: int) -> None:
    """`<s>` (the id `words`) may stand anywhere, twice in a row or not at all."""
    sequence = np.minimum(np.array(ids, dtype=np.int32), words)
    whole = count_ngrams(sequence, words, order, threads=1)
    assert_equal(whole, count_ngrams(sequence, words, order, workers=Here(3), places=places))


def test_a_word_that_is_everywhere_is_divided_among_workers() -> None:
    """No part has more places than it should, unless all of them begin with one bigram."""
    random = np.random.default_rng(3)
    sequence = np.where(random.random(20_000) < 0.6, 0, random.integers(1, 50, 20_000)).astype(np.int32)
    workers = Here(5000)
    divided = count_ngrams(sequence, 50, 3, workers=workers, places=1000)
    for task in workers.tasks:
        first, second = sequence[:-1], sequence[1:]
        inside = (first >= task.low) & (first < task.high)
        inside &= (second >= task.second_low) & (second < task.second_high)
        one_bigram = (task.high - task.low, task.second_high - task.second_low) == (1, 1)
        assert np.count_nonzero(inside) <= 1000 or one_bigram
    assert_equal(count_ngrams(sequence, 50, 3, threads=1), divided)


@pytest.mark.parametrize("context", ["sentence", "stream"])
@pytest.mark.parametrize("number", [1, 3])
def test_processes(context: Context, number: int) -> None:
    sequence, words = sequence_of(LINES, context)
    whole = count_ngrams(sequence, words, 4, threads=1)
    done: list[int] = []
    by_processes = count_ngrams(sequence, words, 4, done.append, workers=Processes(number), places=7)
    assert_equal(whole, by_processes)
    assert done == sorted(done)
    assert done[-1] == whole[1].counts.sum()


def children() -> set[int]:
    """Processes that this one has started."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = path.read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == os.getpid():
            found.add(int(path.parent.name))
    return found


def test_a_killed_process_is_named_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sequence, words = sequence_of(LINES, "sentence")
    before, killed = children(), set()

    def end_them(_: int) -> None:
        for process in children() - before:
            killed.add(process)
            kill(process)

    with pytest.raises(WorkerDied, match=r"counting process \d+ died \(killed by SIGKILL") as died:
        count_ngrams(sequence, words, 3, end_them, workers=Processes(2), places=1)
    assert any(str(process) in str(died.value) for process in killed)
    assert "n-grams from words" in str(died.value)
    assert children() <= before
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a Ray cluster of two workers on this machine."""
    ray: Any = pytest.importorskip("ray", reason="needs the ray package: pip install 'nextword[ray]'")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    yield ray.get_runtime_context().gcs_address
    ray.shutdown()


@pytest.mark.slow
@few
@given(lines=small_texts, context=st.sampled_from(["sentence", "stream"]), order=st.integers(1, 5))
def test_ray_tasks(cluster: str, lines: Lines, context: Context, order: int) -> None:
    sequence, words = sequence_of(lines, context)
    whole = count_ngrams(sequence, words, order, threads=1)
    assert_equal(whole, count_ngrams(sequence, words, order, workers=RayTasks("auto"), places=9))


@pytest.mark.slow
def test_a_ray_worker_that_dies_is_replaced_once(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sequence, words = sequence_of(LINES, "sentence")
    count, folder = ray_tasks._count, str(tmp_path)

    def dies(times: int) -> Any:
        def die(text: list[Any], task: PrefixRange, words: int, order: int) -> PartCounts:
            tries = f"{folder}/{times}-{task.low}-{task.second_low}"
            with open(tries, "a") as file:
                file.write("x")
            if os.path.getsize(tries) <= times:
                os.kill(os.getpid(), signal.SIGKILL)
            return count(text, task, words, order)

        return die

    monkeypatch.setattr(ray_tasks, "_count", dies(1))
    whole = count_ngrams(sequence, words, 3, threads=1)
    assert_equal(whole, count_ngrams(sequence, words, 3, workers=RayTasks("auto"), places=60))
    monkeypatch.setattr(ray_tasks, "_count", dies(2))
    with pytest.raises(WorkerDied, match=r"Ray worker that counted n-grams from words 0 to") as died:
        count_ngrams(sequence, words, 3, workers=RayTasks("auto"), places=60)
    assert "\n" not in str(died.value)


def finished(folder: Path) -> dict[str, Any]:
    (record,) = (folder / "results" / "runs").rglob("result.json")
    return json.loads(record.read_text(encoding="utf-8"))


@pytest.fixture(params=["processes:2", pytest.param("ray", marks=pytest.mark.slow)])
def counting(request: pytest.FixtureRequest) -> str:
    """Who counts. A cluster is there before the environment of processes is read, which then names it."""
    return f"ray:{request.getfixturevalue('cluster')}" if request.param == "ray" else request.param


def test_a_whole_run_is_the_same_run(counting: str, nextword, text_corpus: list[str], tmp_path: Path) -> None:
    arguments = ("run", "model=kneser_ney", "model.order=4", *text_corpus)
    results = []
    for folder, environment in (("alone", {}), ("shared", {"NEXTWORD_COUNTING": counting})):
        done = nextword(*arguments, f"results_dir={tmp_path / folder / 'results'}", **environment)
        assert done.returncode == 0, done.stderr
        results.append(finished(tmp_path / folder))
    alone, shared = results
    for key in ("run_id", "protocol_id", "status", "test_nll", "entries", "bytes_in_memory"):
        assert alone[key] == shared[key], key
    assert alone["status"] == "ok"


@pytest.mark.parametrize(
    "said",
    [
        "processes",
        "processes:0",
        "processes:two",
        "threads:2",
        "2",
        pytest.param("ray:nowhere:1", marks=pytest.mark.slow),
    ],
)
def test_a_wrong_place_to_count_in_is_one_line(
    said: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if said.startswith("ray"):
        pytest.importorskip("ray", reason="needs the ray package: pip install 'nextword[ray]'").shutdown()
    monkeypatch.setenv("NEXTWORD_COUNTING", said)
    with pytest.raises(UserError, match=said.partition(":")[2] or said) as error:
        count_ngrams(np.array([2, 0, 1], dtype=np.int32), 2, 2)
    assert "\n" not in str(error.value)


def test_the_program_counts_in_processes(tmp_path: Path) -> None:
    alone = measured(tmp_path, "--order", "4")
    assert measured(tmp_path, "--order", "4", "--workers", "2", "--memory", "1K") == alone


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (["--workers", "0"], "--workers 0 is not usable"),
        (["--workers", "2", "--device", "cuda"], "--workers and --device name different places"),
        (["--workers", "2", "--ray", "auto"], "--workers and --ray name different places"),
    ],
)
def test_places_to_count_in_that_cannot_be(tmp_path: Path, settings: list[str], problem: str) -> None:
    status, output, errors = run(tmp_path, *settings)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert problem in errors
