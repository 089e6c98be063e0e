"""Progress on standard error: on a terminal one line that is drawn again, elsewhere a line now and then."""

from __future__ import annotations

import sys

from benchmark.console.output import own, say
from benchmark.console.terminal import is_terminal
from benchmark.record.progress import Progress, Throttle


class ProgressLine:
    """Shows how much of something is done."""

    def __init__(self) -> None:
        self._throttle = Throttle()

    def show(self, name: str, progress: Progress) -> None:
        """`BLiMP: 43% of 9,999 tokens, …`; a terminal's line is cleared when all is done."""
        line = f"{name}: {progress.described()}"
        if is_terminal(sys.stderr):
            clear = own("\r\x1b[K")
            end = clear if progress.done >= progress.total else ""
            print(f"{clear}{line}", end=end, file=sys.stderr, flush=True)
        elif self._throttle.due():
            say(line)
