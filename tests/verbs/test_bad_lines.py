"""Command lines that cannot be carried out: one clear line each, and nothing left behind.

`bad_lines.txt` holds them with their answers. They run in this process, the workers of runs too.
"""

from __future__ import annotations

import functools
import re
import shlex
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli import main
from benchmark.console.quoting import for_shell, hydra_text, quoted_argument
from benchmark.errors import UserError
from benchmark.job import Job
from benchmark.run import execute
from benchmark.sweep import cached_composer, subprocess_run
from benchmark.sweep.compose import collect

TABLE = Path(__file__).with_name("bad_lines.txt")
WORDS = ["the cat sat on the mat", "the dog sat on the log", "a cat saw a dog", "the log lay on the mat"]
FILES = [f"corpus.{part}={part}.txt" for part in ("train", "valid", "test")]
MARKERS = {"$F": ["corpus=files", *FILES], "$V": ["corpus=files", *FILES[1:]]}


def bad_lines() -> list[tuple[str, str]]:
    """Each line of the table with its answer."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    written = [line for line in lines if line]
    return list(zip(written[::2], (answer.strip() for answer in written[1::2]), strict=True))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with texts, a cache and three finished runs; workers run in this process."""
    folder = tmp_path_factory.mktemp("made")
    write_texts(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEXTWORD_CACHE", str(folder / "cache"))
        patch.setattr(subprocess_run, "worker_output", worker_output)
        patch.setattr(
            cached_composer, "CachedComposer", functools.cache(cached_composer.CachedComposer)
        )  # it reads all of conf/
        patch.chdir(folder)
        assert main(["run", "-m", "model=unigram,uniform,kneser_ney", "workers=1", *MARKERS["$F"]]) == 0
        yield folder


def worker_output(request: subprocess_run.WorkerRequest, **_: Any) -> Generator[Any, None, Any]:
    """A worker's work, done here."""
    yield from ()
    try:
        execute(Job(request.config, request.command), report=lambda progress: None)
    except UserError as error:
        return subprocess_run.WorkerExit(subprocess_run.USER_ERROR_STATUS, str(error))
    return subprocess_run.WorkerExit(0, "")


def write_texts(folder: Path) -> None:
    for name, lines in {"train": WORDS * 6, "valid": WORDS, "test": WORDS[::-1]}.items():
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "empty.txt").write_text("")
    (folder / "latin1.txt").write_bytes(b"caf\xe9 au lait\n")
    (folder / "reserved.txt").write_text("the <s> cat\n")


def all_files(folder: Path) -> dict[Path, int]:
    """Every file with the time of its last change, every folder with 0."""
    return {path: 0 if path.is_dir() else path.stat().st_mtime_ns for path in folder.rglob("*")}


def answer_to(line: str, folder: Path, made: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that answers a command line which leaves no trace; else what is wrong with the answer."""
    words = [part for word in shlex.split(line) for part in MARKERS.get(word, [word])]
    arguments = [word.replace("$MADE", str(made / "results")) for word in words]
    before = all_files(folder), all_files(made / "results")
    status = main(arguments)
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    if (all_files(folder), all_files(made / "results")) != before:
        return "(something is left behind)"
    if status != 2 or len(lines) != 1 or "Traceback" in captured.out:
        return f"(status {status}, {len(lines)} lines: {lines[:1]})"
    return lines[0]


def test_a_bad_line_gets_one_clear_line_and_leaves_nothing(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_texts(tmp_path)
    monkeypatch.chdir(tmp_path)
    table = bad_lines()
    assert len(table) >= 194
    wrong = []
    for line, expected in table:
        said = answer_to(line, tmp_path, made, capsys)
        pattern = ".*".join(re.escape(part) for part in expected.split("…"))
        if not re.search(pattern, said):
            wrong.append(f"{line}\n  answers  {said}\n  not      {expected}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "name",
    [
        "données.txt",
        "语料.txt",
        "a=b.txt",
        "a(1).txt",
        "it's.txt",
        "a#b.txt",
        "~x.txt",
        'sa"y.txt',
        'it\'s "both".txt',
        "a,b.txt",
        "[a].txt",
        "{a: b}.txt",
        "a${b}.txt",
        "back\\slash\\",
        "null",
        "2024",
    ],
)
def test_the_line_that_is_offered_reads_the_file(
    name: str, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever pastes the suggestion into a shell gets the file."""
    offered = quoted_argument("corpus.train", name)
    argument = as_the_shell_reads(offered)
    (job,) = collect(["model=unigram", *MARKERS["$V"], argument])
    assert job.config["corpus"]["train"] == name
    write_texts(tmp_path)
    monkeypatch.chdir(tmp_path)
    bare = f"corpus.train={name}"
    main(["run", "model=unigram", *MARKERS["$V"], bare])
    said = capsys.readouterr().err
    # what Hydra reads as it is written is only missing; null is no name
    assert offered in said or f"{name} is missing" in said or name == "null"


def as_the_shell_reads(argument: str) -> str:
    return subprocess.run(
        ["sh", "-c", f"printf %s {argument}"], capture_output=True, check=True
    ).stdout.decode()


def test_what_is_quoted_is_read_back() -> None:
    assert hydra_text("it's") == r"'it\'s'"
    assert hydra_text("${x}") == r"'\${x}'"
    for text in ('it\'s $HOME `x` "y" \\', "don't!", "plain", "two words"):
        assert as_the_shell_reads(for_shell(text)) == text


def test_a_bad_argument_that_is_not_text_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "unigram", "--prompt", "caf\udce9"]) == 2
    assert "caf\\xe9 is not UTF-8 text" in capsys.readouterr().err
