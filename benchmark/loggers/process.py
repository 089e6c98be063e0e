"""The loggers' process: reads what a run tells, line by line, and says in a line what went wrong.

python -m benchmark.loggers.process
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from benchmark.loggers.backends import BACKENDS, Backend

#: What a run has told that was cut off.
CUT_OFF = {"status": "cut off", "results": {}, "tokens": 0}


def main() -> int:
    """Serve the run on standard input until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with its run
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the packages print is for nobody
    backends: dict[str, Backend] = {}
    ended = False
    for line in sys.stdin:
        message = json.loads(line)
        for name in message.get("loggers", ()):
            _begin(name, backends, message, answer)
        _tell(backends, message, answer)
        ended = ended or "status" in message
    if not ended:
        _tell(backends, CUT_OFF, answer)
    return 0


def _begin(name: str, backends: dict[str, Backend], message: Mapping[str, Any], answer: TextIO) -> None:
    try:
        backends[name] = BACKENDS[name](Path(message["folder"]), message["run"])
    except (Exception, SystemExit) as error:
        _warn(name, error, answer)


def _tell(backends: dict[str, Backend], message: Mapping[str, Any], answer: TextIO) -> None:
    """Tell all loggers; one that fails is told no more."""
    for name, backend in list(backends.items()):
        try:
            if "curve" in message:
                backend.curve(message["curve"])
            elif "status" in message:
                backend.finish(message)
        except (Exception, SystemExit) as error:
            del backends[name]
            _warn(name, error, answer)


def _warn(name: str, error: BaseException, answer: TextIO) -> None:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    print(f"{name}: {reason}", file=answer, flush=True)


if __name__ == "__main__":
    sys.exit(main())
