"""kill -9 at random moments of all that writes: nothing is lost, and the next start leaves nothing over."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import warm_processes
from processes import alive, below, wait_until

from benchmark.errors import UserError
from benchmark.record.folder import read_runs
from benchmark.record.scores import read_scores

#: How many processes are killed; the moments follow from their number.
KILLS = int(os.environ.get("NEXTWORD_TEST_KILLS", "8"))

#: The command line with warm workers.
PROGRAM = """
import sys
import warm_processes
from benchmark.sweep import subprocess_run
subprocess_run.subprocess = warm_processes.WARM_SUBPROCESS
from benchmark.cli import main
sys.exit(main(sys.argv[1:]))
"""

#: What a killed process may have left; everything else in the folder is there for good.
LEFTOVERS = ("**/.*.tmp", "**/nextword-*", "**/.*.repetition", "**/.*.previous")


class Place:
    """A folder with a small corpus, in which commands are run, and killed."""

    def __init__(self, folder: Path, corpus: list[str]) -> None:
        self.folder = folder
        (folder / "tmp").mkdir()
        one = ["model=kneser_ney", "footprint=false", *corpus]
        several = ["-m", "model=unigram,add_k,uniform", "footprint=false", *corpus]
        search = ["+search=counted_cache", "search.trials=2", "search.batch=2", "footprint=false", *corpus]
        self.commands = {
            "run": ["run", *one, "force=true"],
            "sweep": ["run", *several, "force=true"],
            "search": ["run", *search, "force=true"],
            "export": ["export", "kneser_ney", "--arpa", "out/model.arpa"],
            "packed export": ["export", "kneser_ney", "--arpa", "out/model.arpa.gz"],
            "report": ["report"],
        }
        (folder / "out").mkdir()

    def start(self, name: str) -> Any:
        environment = {
            **os.environ,
            "NEXTWORD_CACHE": str(self.folder / "cache"),
            "TMPDIR": str(self.folder / "tmp"),
            "PYTHONPATH": f"{os.environ.get('PYTHONPATH', '')}:{Path(__file__).parents[1]}",
        }
        command = ["python", "-c", PROGRAM, *self.commands[name]]
        with (self.folder / "said").open("a") as said:
            return warm_processes.start(command, stdout=said, stderr=said, env=environment, cwd=self.folder)

    def finish(self, name: str) -> float:
        """Run a command to its end; the seconds that it took."""
        begun = time.monotonic()
        assert self.start(name).wait(timeout=300) == 0, (self.folder / "said").read_text()
        return time.monotonic() - begun

    def kill(self, name: str, after: float) -> None:
        process = self.start(name)
        time.sleep(after)
        children = below(process.pid)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        wait_until(lambda: not any(alive(pid) for pid in children))

    def results(self) -> dict[str, str]:
        """What the finished runs scored. Raises UserError for what is damaged or not that of its record."""
        return {
            str(run.folder): hashlib.sha256(read_scores(run).tobytes()).hexdigest()
            for run in read_runs(self.folder / "results", warn=refuse)
        }

    def exported(self) -> dict[str, str]:
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (self.folder / "out").glob("model.arpa")
        }

    def leftovers(self) -> list[Path]:
        return [path for pattern in LEFTOVERS for path in self.folder.glob(pattern)]


def refuse(line: str) -> None:
    raise UserError(line)


@pytest.mark.slow
def test_kills_lose_nothing_and_leave_nothing(tmp_path: Path, text_corpus: list[str]) -> None:
    place = Place(tmp_path, [*text_corpus, "corpus.tokens=whitespace"])
    takes = {name: place.finish(name) for name in place.commands}
    results, exported = place.results(), place.exported()
    dice = random.Random(20)
    for number in range(KILLS):
        name = list(place.commands)[number % len(place.commands)]
        place.kill(name, dice.uniform(0, takes[name]))
        assert place.results() == results, name
        assert place.exported() == exported, name
        place.finish(name)
        assert place.leftovers() == [], name
        assert place.results() == results, name
