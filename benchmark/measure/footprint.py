"""How long a saved model takes to load, and what memory it holds, as a process of its own finds it.

The process of the run cannot tell: it holds the training text and whatever training has left behind. So a
fresh one loads the model that was saved and scores the front of the test text. What a model holds is the
growth of the memory that the system counts as resident. That is taken once such a model has been loaded, has
scored a few tokens and is gone again: the interpreter, the libraries and their code are then in place and not
in the figures. Of a file that is mapped into memory, what was read counts.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.contract import LanguageModel, TokenStream
from benchmark.environment import child_python
from benchmark.trust import allowed_names

#: The front of the test text that is scored, and the seconds that this may take: of a slow model, less is.
TARGETS, SCORING_SECONDS = 20_000, 5.0
#: Seconds after which the process is given up.
LIMIT = 120

_PROGRAM = "benchmark.measure.fresh_process"


def footprint(
    model: LanguageModel,
    checkpoint: Path,
    stream: TokenStream,
    tokens_per_second: float,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """The fields of `Result` on loading a model from its folder, and on the memory that it then holds.

    `tokens_per_second`: how fast it scores. Where the process fails, there are no fields, and `say` is told
    why: no run is lost for that.
    """
    targets = int(min(TARGETS, len(stream), max(1.0, SCORING_SECONDS * tokens_per_second)))
    request = {
        "module": type(model).__module__,
        "name": type(model).__qualname__,
        "checkpoint": str(checkpoint.resolve()),
        "ids": np.asarray(stream.ids[:targets]).tolist(),
        "allowed": allowed_names(),
        "limit": LIMIT,
        "started": time.time(),
    }
    try:
        return {**_answer(request), "footprint_targets": targets}
    except (OSError, RuntimeError, subprocess.TimeoutExpired, ValueError) as error:
        say(f"load time and resident memory are not measured: {error}")
        return {}


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", _PROGRAM],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
        env=_environment(),
    )
    if done.returncode < 0:
        raise RuntimeError(f"its process was ended by {signal.Signals(-done.returncode).name}")
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise RuntimeError(last[0] if last else f"its process ended with status {done.returncode}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    return answer


def _environment() -> dict[str, str]:
    """Ours, with what we can import; but the process is alone, even if `torchrun` started this one."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE")}
    return {**inherited, **child_python()}
