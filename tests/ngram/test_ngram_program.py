"""`python -m baselines.ngram`: from plain text to perplexity, as a process of its own."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ngram_texts import ReferenceKneserNey, with_ends

from baselines.ngram.counting import text
from baselines.ngram.device import memory
from baselines.ngram.program import main, measure
from baselines.ngram.sorting.processor import sorts_faster_by_avx2
from baselines.ngram.sorting.storage import parse_bytes
from benchmark.corpus.document import LONGEST
from benchmark.errors import UserError

TRAIN = "a b c d\nb b a\n\nc a b d d\na b c\nd c b a a b\n"
TEST = "a b d\nzebra c a\nb <unk> b c d a\n"


def run(folder: Path, *more: str, train: str | bytes = TRAIN, test: str = TEST) -> tuple[int, str, str]:
    """Status, output and errors of the program, run within this process."""
    (folder / "train.txt").write_bytes(train.encode() if isinstance(train, str) else train)
    (folder / "test.txt").write_text(test, encoding="utf-8")
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        try:
            status = main(["--train", str(folder / "train.txt"), "--test", str(folder / "test.txt"), *more])
        except SystemExit as refused:
            status = int(refused.code or 0)
    return status, output.getvalue(), errors.getvalue()


def measured(folder: Path, *more: str, **texts: Any) -> dict[str, Any]:
    status, output, errors = run(folder, *more, **texts)
    assert status == 0, errors
    result = json.loads(output.splitlines()[-1])
    assert set(result.pop("seconds")) - {"start"} == {"read", "count", "estimate", "score"}
    assert result.pop("peak_bytes") > 1_000_000
    return result


@pytest.mark.parametrize("order", [1, 3, 5])
def test_it_is_kneser_ney_over_the_training_words_and_unk(tmp_path: Path, order: int) -> None:
    result = measured(tmp_path, "--order", str(order))
    lines = [line.split() for line in TRAIN.splitlines()]
    model = ReferenceKneserNey([[*line, "</s>"] for line in lines], [*"abcd", "</s>", "<unk>"], order)
    expected, known = [], []
    for line in TEST.splitlines():
        words = [word if word in "abcd" else "<unk>" for word in line.split()] + ["</s>"]
        for place, word in enumerate(words):
            expected.append(np.log(model.probability(word, ["<s>", *words[:place]])))
            known.append(word != "<unk>")
    assert result["perplexity"] == pytest.approx(np.exp(-np.mean(expected)), rel=1e-5)
    assert result["perplexity_known"] == pytest.approx(np.exp(-np.mean(np.array(expected)[known])), rel=1e-5)
    assert (result["tokens"], result["test_tokens"], result["oov"]) == (len(with_ends(lines)), 15, 2)
    assert len(result["ngrams"]) == order


def test_memory_and_threads_change_nothing(tmp_path: Path) -> None:
    default = measured(tmp_path, "--order", "4")
    assert measured(tmp_path, "--order", "4", "--memory", "1K", "--threads", "3") == default


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        (["--order", "11"], "--order=11 is not usable: give a whole number from 1 to 10"),
        (["--order", "two"], "--order=two is not usable: give a whole number from 1 to 10"),
        (["--threads", "0"], "--threads=0 is not usable: give a whole number from 1"),
        (["--ordre", "3"], "there is no option '--ordre'. Did you mean '--order'"),
        (["--marks", "keep"], "--marks"),
        (["more.txt"], "'more.txt' is one argument too many"),
    ],
)
def test_a_bad_option_is_one_line(tmp_path: Path, given: list[str], answer: str) -> None:
    status, output, errors = run(tmp_path, *given)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert answer in errors


def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    status, output, errors = run(tmp_path, "--device", "cuda:77")
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert "--device cuda:77 is not available" in errors


@pytest.mark.gpu
def test_a_gpu_reaches_the_same_perplexity(tmp_path: Path) -> None:
    there, here = measured(tmp_path, "--order", "4", "--device", "cuda"), measured(tmp_path, "--order", "4")
    assert there.pop("device") == "cuda"
    assert there.pop("peak_device_bytes") > there.pop("bytes") > here.pop("bytes")
    assert there == here


def measured_here(folder: Path, order: int, device: str | None) -> dict[str, Any]:
    """What the program prints, from within this process."""
    (folder / "train.txt").write_text(TRAIN, encoding="utf-8")
    (folder / "test.txt").write_text(TEST, encoding="utf-8")
    result = measure(folder / "train.txt", folder / "test.txt", order, {"threads": 1}, device)
    assert set(result.pop("seconds")) - {"start"} == {"read", "count", "estimate", "score"}
    del result["peak_bytes"]
    return result


@pytest.mark.parametrize("order", [1, 3, 6])
def test_torch_reaches_the_same_perplexity(tmp_path: Path, order: int) -> None:
    """As on a GPU: counted, estimated and scored by torch."""
    there, here = measured_here(tmp_path, order, "cpu"), measured_here(tmp_path, order, None)
    assert (there.pop("device"), there.pop("peak_device_bytes")) == ("cpu", None)
    assert there.pop("bytes") > 0 < here.pop("bytes")
    assert there == here


def test_a_text_that_does_not_fit_the_device_stays_on_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda _: 1000)
    assert measured_here(tmp_path, 3, "cpu") == measured_here(tmp_path, 3, None)
    said = [line for line in capsys.readouterr().err.splitlines() if "device" in line]
    assert len(said) == 1
    assert "the CPU counts and estimates instead" in said[0]


def test_a_word_spelled_unk_is_what_other_words_become(tmp_path: Path) -> None:
    seen = measured(tmp_path, "--order", "2", train=TRAIN + "a <unk> b\n")
    assert seen["oov"] == 2
    assert seen["ngrams"][0] == measured(tmp_path, "--order", "2")["ngrams"][0]


@pytest.mark.parametrize(
    ("train", "problem"),
    [
        ("", "train.txt is empty"),
        ("a b\na <s> b\n", "'<s>' in {train}, line 2, is reserved (it marks where lines begin and end): "),
        ("a </s>\n", "--marks=read reads it as a mark"),
        (b"a " * 9 + b"b" * (LONGEST + 1), "train.txt, line 1 has a word of more than 1,048,576 bytes"),
        (b"a b\n\xff\xfe c\n", "train.txt is not UTF-8 text: line 2"),
    ],
)
def test_bad_texts_are_one_line_and_status_two(tmp_path: Path, train: str | bytes, problem: str) -> None:
    status, output, errors = run(tmp_path, train=train)
    assert (status, output, len(errors.splitlines())) == (2, "", 1)
    assert problem.format(train=tmp_path / "train.txt") in errors


def test_marks_are_refused_in_the_test_text_too_and_read_if_asked(tmp_path: Path) -> None:
    marked = {
        name: "".join(f"<s> {line} </s>\n" for line in plain.splitlines())
        for name, plain in (("train", TRAIN), ("test", TEST))
    }
    status, _, errors = run(tmp_path, test=marked["test"])
    assert status == 2
    assert f"'<s>' in {tmp_path / 'test.txt'}, line 1, is reserved" in errors
    assert measured(tmp_path, "--marks", "read", **marked) == measured(tmp_path)


def test_pipes_are_read_once(tmp_path: Path) -> None:
    expected = measured(tmp_path)
    command = f"cat train.txt | {sys.executable} -m baselines.ngram --train - --test <(cat test.txt)"
    place = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=True, env=place)
    assert json.loads(done.stdout)["perplexity"] == expected["perplexity"]


def test_a_named_pipe_is_no_two_texts(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    status, output, errors = run(
        tmp_path, "--train", str(tmp_path / "pipe"), "--test", str(tmp_path / "pipe")
    )
    assert (status, output) == (2, "")
    assert f"{tmp_path / 'pipe'} cannot be both texts" in errors


def test_one_file_may_be_both_texts(tmp_path: Path) -> None:
    same = str(tmp_path / "train.txt")
    assert measured(tmp_path, "--test", same)["oov"] == 0


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("--order=0", "from 1 to 10"),
        ("--threads=0", "from 1"),
        ("--memory=4Q", "--memory 4Q"),
    ],
)
def test_bad_settings_are_refused(tmp_path: Path, setting: str, problem: str) -> None:
    status, _, errors = run(tmp_path, setting)
    assert status == 2
    assert problem in errors


@pytest.mark.parametrize(("name", "problem"), [("nowhere.txt", "No such file"), (".", "Is a directory")])
def test_a_text_that_cannot_be_read_is_named(tmp_path: Path, name: str, problem: str) -> None:
    status, _, errors = run(tmp_path, "--test", str(tmp_path / name))
    assert status == 2
    assert errors.count("\n") == 1
    assert f"cannot read {tmp_path / name}: {problem}" in errors


def test_a_vocabulary_beyond_the_memory_is_refused(tmp_path: Path) -> None:
    many = "".join(f"{number}\n" for number in range(400_000))
    status, output, errors = run(tmp_path, "--order", "2", "--memory", "1M", train=many)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert "the 400,001 different words of" in errors
    least = re.search(r"give at least (\d+M) by --memory", errors)
    assert least
    assert measured(tmp_path, "--order", "2", "--memory", least[1], train=many)["tokens"] == 800_000


@pytest.mark.parametrize(
    ("vendor", "family", "flags", "slow"),
    [
        ("AuthenticAMD", 25, "sse avx2 avx512f", True),
        ("AuthenticAMD", 25, "sse avx2", False),
        ("AuthenticAMD", 26, "sse avx2 avx512f", False),
        ("GenuineIntel", 6, "sse avx2 avx512f", False),
    ],
)
def test_zen_4_sorts_by_avx2(vendor: str, family: int, flags: str, slow: bool) -> None:
    description = f"processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: {family}\nflags\t\t: {flags}\n"
    assert sorts_faster_by_avx2(description.encode()) is slow


def test_the_sort_is_chosen_before_numpy_is_imported(tmp_path: Path) -> None:
    """What its module imports must not import NumPy, which would read the environment too early."""
    code = "import sys, baselines.ngram.__main__; print('numpy' in sys.modules)"
    place = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=place, capture_output=True, check=True
    )
    assert done.stdout.strip() == b"False"


def test_what_a_short_text_does_not_need_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TRAIN, encoding="utf-8")
    code = """
import numpy, sys
before = set(sys.modules)
from baselines.ngram.program import main
main(["--train", "text.txt", "--test", "text.txt", "--threads", "1"])
print(*sorted(set(sys.modules) - before))
"""
    variables = {**os.environ, "NEXTWORD_COMPILED": "off", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=variables, capture_output=True, text=True, check=True
    )
    imported = set(done.stdout.splitlines()[-1].split())
    assert "baselines.ngram.table.backoff" in imported
    assert not imported & {"concurrent.futures", "hashlib", "logging", "shutil", "benchmark.corpus.stream"}


def test_sizes_in_bytes() -> None:
    assert [parse_bytes(said, "") for said in ("7", "2K", "3m", "1G")] == [7, 2048, 3 << 20, 1 << 30]
    for said in ("", "G", "-1G", "1.5G", "0", "many"):
        with pytest.raises(UserError, match="whole number"):
            parse_bytes(said, "")


def test_words_that_hash_alike_are_hashed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.txt"
    path.write_text("abcdefghijk lmnopqrstuv a\nwxyzwxyzwxyz b\n", encoding="utf-8")
    expected = text.encode_texts(path, path, threads=1)
    monkeypatch.setattr(text, "MULTIPLIERS", (0, *text.MULTIPLIERS))  # 0 sends all long words to one hash
    again = text.encode_texts(path, path, threads=1)
    assert np.array_equal(again.train, expected.train)
    assert again.words == expected.words == 7
