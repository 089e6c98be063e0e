"""The process that computes one run.

It reads its job as one line of JSON from standard input, which stays open: however the launching process
ends, the input closes then and this process ends too, so no orphaned run keeps computing. Exit status: 0 if
a record was written, 2 for something the user must mend.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.record.progress import Progress


def main() -> int:
    """Run the job on standard input."""
    request = json.loads(sys.stdin.buffer.readline())
    for number in (signal.SIGINT, signal.SIGHUP):  # on Ctrl-C the launcher ends its workers
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # Slurm's time-limit warning is for the launcher
    threading.Thread(target=_end_with_launcher, daemon=True).start()

    from benchmark.console.output import steady_output
    from benchmark.errors import ERROR_MARK, UserError
    from benchmark.job import Job
    from benchmark.run import assist, execute
    from benchmark.sweep.torchrun import rank
    from benchmark.text import one_line

    job = Job(request["config"], request["command"])
    with steady_output(encoding="utf-8"):  # which the launcher reads
        try:
            if rank():
                assist(job)
            else:
                execute(job, report=_report)
        except UserError as error:
            print(f"{ERROR_MARK}{one_line(error)}", file=sys.stderr, flush=True)
            return 2
    return 0


def _report(progress: Progress) -> None:
    from benchmark.console.output import own

    print(own(progress.to_line()), flush=True)  # the launcher knows it by its control character


def _end_with_launcher() -> None:
    # os.read: a thread blocked in a buffered read would keep the interpreter from exiting.
    while os.read(0, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
