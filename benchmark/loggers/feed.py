"""The run's side: lines of JSON to a process that nobody waits for, until the run is recorded."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmark.console.signals import hidden_from_children
from benchmark.environment import child_python
from benchmark.job import Say
from benchmark.measure.measures import MEASURES
from benchmark.record.result import Result

PROGRAM = [sys.executable, "-m", "benchmark.loggers.process"]
#: Seconds in which a logger has to be done once the run is.
PATIENCE = 60.0


def described(run: Result) -> dict[str, Any]:
    """What loggers are told of a run at its start; `settings` by keys such as `training.batch`."""
    settings = {"seed": run.seed, "train_share": run.train_share, **flat(run.model_settings or {})}
    names = {key: getattr(run, key) for key in ("run_id", "label", "model", "corpus", "command")}
    return {**names, "settings": settings}


def flat(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested settings by their whole keys."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        found |= flat(value, f"{before}{key}.") if isinstance(value, Mapping) else {f"{before}{key}": value}
    return found


class LoggerFeed:
    """Tells the chosen loggers of a run. Whatever goes wrong is one line to `say`, and the run goes on."""

    def __init__(self, loggers: Iterable[str], folder: Path, run: Result, say: Say) -> None:
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        names = [name for name in dict.fromkeys(loggers) if self._installed(name)]
        if not names:
            return
        try:
            with hidden_from_children():
                self._process = subprocess.Popen(
                    PROGRAM,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, **child_python()},
                )
            assert self._process.stdin is not None
            os.set_blocking(self._process.stdin.fileno(), False)  # a logger that hangs must not hold the run
        except OSError as error:
            self._give_up(str(error))
        self._send({"loggers": names, "folder": str(folder.absolute()), "run": described(run)})

    def curve(self, row: Mapping[str, float]) -> None:
        """A row of the training curve."""
        self._send({"curve": {key: value for key, value in row.items() if math.isfinite(value)}})

    def finish(self, result: Result) -> None:
        """How the run ended, with every measure that is a finite number; waits for the loggers."""
        figures = {measure.key: measure.read(result) for measure in MEASURES}
        known = {key: value for key, value in figures.items() if value is not None and math.isfinite(value)}
        self._send({"status": result.status, "results": known, "tokens": result.train_tokens or 0})
        self.close()

    def close(self) -> None:
        """No more is told. The loggers' own warnings are said."""
        if self._process is None:
            return
        try:
            said, _ = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._give_up(f"no answer for {PATIENCE:.0f} s")
            return
        lines = said.decode(errors="replace").splitlines()
        if self._process.returncode and not lines:
            lines = [f"their process ended with status {self._process.returncode}"]
        self._process = None
        for line in lines:
            self._say(f"warning: loggers: {line}; the run is recorded without it")

    def _installed(self, name: str) -> bool:
        if find_spec(name) is not None:
            return True
        self._say(
            f"warning: loggers: {name} is not installed (pip install 'nextword[{name}]'); "
            "the run is recorded without it"
        )
        return False

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._process is None:
            return
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except BlockingIOError:
            self._give_up("they do not keep up with the run")
        except OSError:  # it has ended; `close` says how
            pass

    def _give_up(self, reason: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with suppress(OSError):
                process.communicate()
        self._say(f"warning: loggers: {reason}; the run is recorded without them")
