"""The step `tests`: our tests that need a CUDA device."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import benchmark
from benchmark import text
from benchmark.gpu.plan import Column, Outcome, Part, Step
from benchmark.gpu.process import Command, Ended
from benchmark.gpu.setup import TOY_LIMIT, Setup
from benchmark.gpu.summary import Figures
from benchmark.settings import usable_cores

#: What marks a test that needs a CUDA device.
MARK = "pytest.mark.gpu"
#: pytest's exit status where no test was selected.
NO_TESTS = 5
#: Failures that the summary names.
MOST_FAILURES = 10
#: The most processes that share the device, and the seconds after which a test has failed.
PROCESSES, PATIENCE = 8, 60

#: A test's line, as pytest -v prints it, by one process or by several.
_TESTED = re.compile(r"^(?:\S+::.* |\[gw\d+\] .*)(PASSED|FAILED|SKIPPED|ERROR)\b", re.MULTILINE)
#: A line of the short summary at the end.
_WRONG = re.compile(r"^(?:FAILED|ERROR) (\S+::.*)$", re.MULTILINE)
_SKIPPED = re.compile(r"^SKIPPED \[\d+\] \S+ (.*)$", re.MULTILINE)


class MarkedTests(Part):
    """All marked tests in one session of pytest, whose start takes longer than many a test."""

    name = "marked tests"

    def __init__(self, root: Path, files: Sequence[Path], device: str, limit: float) -> None:
        self.least, self.limit = 25.0, limit
        self._root, self._files, self._device = root, files, device

    def command(self, seconds: float) -> Command:
        options = ["-m", "gpu", "-v", "--color=no", "-p", "no:cacheprovider"]
        if _installed("xdist") and self._device != "cpu":
            processes = min(PROCESSES, max(1, usable_cores() // 2))
            options += ["--numprocesses", str(processes), "--dist", "worksteal"]
        if _installed("pytest_timeout"):
            options += ["--timeout", str(PATIENCE)]
        files = [str(path.relative_to(self._root)) for path in self._files]
        # The width is that at which pytest cuts what it says of a failure.
        environment = {"COLUMNS": "200", "OMP_NUM_THREADS": "1"}
        return Command([sys.executable, "-m", "pytest", *options, *files], self._root, environment)

    def outcome(self, ended: Ended) -> Outcome:
        (counts,) = rows = self.so_far(ended)
        wrong = _WRONG.findall(ended.output)
        if ended.status == NO_TESTS:
            return Outcome("skipped", "no test is marked")
        if ended.status:
            reason = f"{counts['failed']} of {counts['run']} tests failed" if wrong else ended.last_line
            return Outcome("failed", reason, rows, wrong[:MOST_FAILURES])
        if not counts["passed"]:
            reasons = dict.fromkeys(_SKIPPED.findall(ended.output))
            return Outcome("skipped", "; ".join(reasons) or "all tests were skipped", rows)
        return Outcome("ok", None, rows)

    def so_far(self, ended: Ended) -> Sequence[Figures]:
        counts = Counter(_TESTED.findall(ended.output))
        failed = counts["FAILED"] + counts["ERROR"]
        row = {"run": counts["PASSED"] + failed, "passed": counts["PASSED"], "failed": failed}
        return [{**row, "skipped": counts["SKIPPED"]}]


class DeviceTests(Step):
    """`pytest -m gpu`."""

    name = "tests"
    proves = "agreement of networks and n-gram counts on the device with those on the CPU"
    columns = (
        Column("passed", "Passed", text.amount),
        Column("failed", "Failed", text.amount),
        Column("skipped", "Skipped", text.amount),
    )

    def __init__(self, setup: Setup, root: Path | None = None) -> None:
        self.limit = TOY_LIMIT if setup.toy else 95.0
        self._device = setup.device
        self._root = root or Path(benchmark.__file__).parents[1]

    def missing(self) -> str | None:
        if not _installed("pytest"):
            return "pytest is not installed: make gpu installs it"
        if not self._files():
            return f"there are no tests in {self._root}: they are in a checkout, not in an installed package"
        return None

    def parts(self) -> Sequence[Part]:
        return [MarkedTests(self._root, self._files(), self._device, self.limit)]

    def _files(self) -> list[Path]:
        """Those that hold a marked test, so that pytest need not import the others."""
        found = sorted((self._root / "tests").rglob("test_*.py"))
        return [path for path in found if MARK in path.read_text(encoding="utf-8")]


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
