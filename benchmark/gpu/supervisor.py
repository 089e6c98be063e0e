"""Runs a command under a time limit: `python -I -S supervisor.py SECONDS GRACE COMMAND [ARGUMENT ...]`.

At the limit the command is interrupted (SIGINT), so that it can record what it has; after GRACE seconds it is
killed with everything that it has started. The same happens at once if standard input closes, which it does
however the process that started this one ends. The exit status is that of the command (128 + N for signal
N), or 124 if it was stopped.

This is a process of its own because only the parent of orphaned processes can find them all, and it must
outlive a plan that is killed. It is run as a file, never imported.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress

STOPPED = 124
PATIENCE = 5.0
#: Linux: orphans below this process become its children (`prctl(2)`).
PR_SET_CHILD_SUBREAPER = 36


def main() -> int:
    seconds, grace, *command = sys.argv[1:]
    with suppress(OSError, AttributeError):  # not on Linux: its process group is all that can be killed then
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + float(seconds)
    try:
        if _ended_before(child, deadline):
            return child.returncode if child.returncode >= 0 else 128 - child.returncode
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            child.wait(float(grace))
        return STOPPED
    finally:
        _kill_all(child)


def _ended_before(child: "subprocess.Popen[bytes]", deadline: float) -> bool:
    """Wait for the command's end. False at the deadline, or once standard input is closed."""
    while child.poll() is None:
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        if select.select([0], [], [], min(left, 0.05))[0] and not os.read(0, 4096):
            return False
    return True


def _kill_all(child: "subprocess.Popen[bytes]") -> None:
    """Kill the command's process group and every process below this one, until none is left.

    A process that waits for a device inside the kernel dies later: it is not waited for longer than PATIENCE.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    end = time.monotonic() + PATIENCE
    while (found := _below(os.getpid())) and time.monotonic() < end:
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def _below(process: int) -> list[int]:
    """All processes below one that still run, by Linux's /proc; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        with suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
            if name.isdecimal() and (state != "Z" or int(parent) == process):
                children.setdefault(int(parent), []).append(int(name))
    found, open_ = [], [process]
    while open_:
        below = children.get(open_.pop(), [])
        found += below
        open_ += below
    return found


if __name__ == "__main__":
    sys.exit(main())
