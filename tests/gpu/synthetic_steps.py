"""Steps of small programs, and a plan of them to run as a process: `python synthetic_steps.py FOLDER`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark.gpu.plan import Column, Outcome, Part, Step, carry_out
from benchmark.gpu.process import Command, Ended
from benchmark.gpu.summary import Figures, Summary, open_summary

#: Appends a line to the file that counts how often it ran.
NOTE = "open({log!r}, 'a').write({name!r} + '\\n');"


class Program(Part):
    """Notes that it has started, then runs Python code, to which `seconds` is known."""

    def __init__(self, name: str, code: str, folder: Path, least: float = 0.0, limit: float = 60.0) -> None:
        self.name, self.least, self.limit = name, least, limit
        self._code, self._log = code, folder / "started.txt"

    def command(self, seconds: float) -> Command:
        code = NOTE.format(log=str(self._log), name=self.name) + f"seconds={seconds}\n" + self._code
        return Command([sys.executable, "-I", "-S", "-c", code])

    def outcome(self, ended: Ended) -> Outcome:
        if ended.status:
            return Outcome("failed", ended.last_line)
        return Outcome("ok", None, self.so_far(ended))

    def so_far(self, ended: Ended) -> Sequence[Figures]:
        return [{"said": ended.output.strip()}]


class Programs(Step):
    """Some programs; `lacks` says why none of them can run."""

    columns = (Column("said", "Said"),)

    def __init__(self, name: str, *parts: Part, limit: float = 60.0, lacks: str | None = None) -> None:
        self.name, self.proves, self.limit = name, f"that {name} works", limit
        self._parts, self._lacks = parts, lacks

    def missing(self) -> str | None:
        return self._lacks

    def parts(self) -> Sequence[Part]:
        return self._parts


def carried_out(
    steps: Sequence[Step], folder: Path, seconds: float | None = None, rerun: bool = False
) -> Summary:
    """A call of the plan in a folder; what it says goes to `said.txt`."""
    summary = open_summary(folder, "cpu", toy=True)
    with (folder / "said.txt").open("a") as said:
        carry_out(
            steps,
            summary,
            folder,
            seconds=seconds,
            rerun=rerun,
            say=lambda line: print(line, file=said, flush=True),
            save=lambda: summary.save(folder),
        )
    return summary


def started(folder: Path) -> list[str]:
    """The programs that have started, in order."""
    path = folder / "started.txt"
    return path.read_text().split() if path.exists() else []


#: A grandchild in a session of its own, as `nextword peers` starts programs; it prints its number.
LASTING = """
import subprocess, sys, time
sleeping = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
child = subprocess.Popen(sleeping, start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""


def plan_to_kill(folder: Path) -> list[Step]:
    """A program that ends, and one that does not before the file `go` exists."""
    waits = f"import os\nif not os.path.exists({str(folder / 'go')!r}):\n" + "".join(
        f"    {line}\n" for line in LASTING.strip().splitlines()
    )
    first = Programs("first", Program("quick", "print('done')", folder))
    return [first, Programs("second", Program("slow", waits, folder), Program("last", "", folder))]


if __name__ == "__main__":
    carried_out(plan_to_kill(Path(sys.argv[1])), Path(sys.argv[1]))
