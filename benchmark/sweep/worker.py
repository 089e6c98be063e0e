"""The process that computes one run.

It reads its job as one line of JSON from standard input, which then stays open: when the launching
process ends, however it ends, the input closes and this process ends too, so no run is left behind
computing for nobody. Exit status: 0 where a record was written, 2 for something the user must mend.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading


def main() -> int:
    """Run the job on standard input."""
    order = json.loads(sys.stdin.buffer.readline())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the launcher, which ends its workers
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # Slurm's warning before a time limit is the launcher's
    threading.Thread(target=_end_with_launcher, daemon=True).start()

    from benchmark.errors import ERROR_MARK, UserError
    from benchmark.job import Job
    from benchmark.run import assist, execute
    from benchmark.sweep.ranks import rank

    job = Job(order["config"], order["command"])
    try:
        if rank():
            assist(job)
        else:
            execute(job, terminal=order["terminal"])
    except UserError as error:
        print(f"{ERROR_MARK}{error}", file=sys.stderr, flush=True)
        return 2
    return 0


def _end_with_launcher() -> None:
    # os.read, not a buffered read: a thread blocked inside a buffered reader stops the interpreter's exit.
    while os.read(0, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
