"""kill -9 at random changes of all that writes: nothing is lost, and the next start leaves nothing over."""

from __future__ import annotations

import hashlib
import os
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from killing import changes_of, killed_before

from benchmark.cli import main
from benchmark.errors import UserError
from benchmark.job import Job
from benchmark.record.folder import read_runs
from benchmark.record.scores import read_scores
from benchmark.run import execute
from benchmark.sweep.launchers import processes
from benchmark.sweep.subprocess_run import WorkerExit, WorkerRequest

#: How many processes are killed; at which changes follows from their number.
KILLS = int(os.environ.get("NEXTWORD_TEST_KILLS", "10"))

#: What a killed process may have left.
LEFTOVERS = ("**/.*.tmp", "**/nextword-*", "**/.*.repetition", "**/.*.previous")


class Place:
    """A folder with a small corpus, in which commands are run, and killed."""

    def __init__(self, folder: Path, corpus: list[str]) -> None:
        self.folder = folder
        shared = ["footprint=false", "workers=1", f"cache_dir={folder / 'cache'}", *corpus]
        search = ["+search=counted_cache", "search.trials=2", "search.batch=2"]
        self.commands = {
            "run": ["run", "model=kneser_ney", "force=true", *shared],
            "sweep": ["run", "-m", "model=unigram,add_k", "force=true", *shared],
            "search": ["run", *search, "force=true", *shared],
            "export": ["export", "files/kneser_ney", "--arpa", "out/model.arpa"],
            "packed export": ["export", "files/kneser_ney", "--arpa", "out/model.arpa.gz"],
            "report": ["report"],
        }
        (folder / "out").mkdir()

    def do(self, name: str) -> None:
        assert main(self.commands[name]) == 0, name

    def results(self) -> dict[str, str]:
        """What the finished runs scored. Raises UserError for what is damaged or not that of its record."""
        return {
            str(run.folder): hashlib.sha256(read_scores(run).tobytes()).hexdigest()
            for run in read_runs(self.folder / "results", warn=refuse)
        }

    def exported(self) -> str:
        return hashlib.sha256((self.folder / "out" / "model.arpa").read_bytes()).hexdigest()

    def leftovers(self) -> list[Path]:
        return [path for pattern in LEFTOVERS for path in self.folder.glob(pattern)]


def refuse(line: str) -> None:
    raise UserError(line)


def in_this_process(request: WorkerRequest, *_: Any) -> WorkerExit:
    """A worker that is killed with its launcher, and costs no start of Python."""
    execute(Job(request.config, request.command))
    return WorkerExit(0, "")


@pytest.mark.slow
def test_kills_lose_nothing_and_leave_nothing(
    tmp_path: Path, text_corpus: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(processes, "run_in_subprocess", in_this_process)
    place = Place(tmp_path, [*text_corpus, "corpus.tokens=whitespace"])
    changes = {name: changes_of(lambda name=name: place.do(name), tmp_path) for name in place.commands}
    results, exported = place.results(), place.exported()
    dice = random.Random(20)
    for number in range(KILLS):
        name = "report" if number % 10 == 9 else list(place.commands)[number % 5]  # a report takes long
        change = dice.randrange(1, changes[name] + 1)
        killed_before(change, lambda name=name: place.do(name), tmp_path)
        assert place.results() == results, (name, change)
        assert place.exported() == exported, (name, change)
        assert not killed_before(10**9, lambda name=name: place.do(name), tmp_path)
        assert place.leftovers() == [], (name, change)
        assert place.results() == results, (name, change)
