"""The process that runs are forked from: it imports once what they need, and computes nothing itself.

Its standard input is a socket whose other end the launcher holds. With each byte that arrives come four file
descriptors: the standard streams of a worker to be forked, and a socket of its own (the worker's line). The
answer on that line is `FORKED` or, in its place, why it cannot be; then, once the worker has ended, its exit
status. The launcher kills a worker by closing its line. When the launcher's end of the standard input is
closed, however the launcher ends, this process and its workers end too.

A worker is to find what a new Python would find. So nothing is forked if importing has started threads,
which a fork does not have, or has written something, which each run would have written.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.measure.file_pages import Stretch, held_file_pages, touch
from benchmark.sweep import worker
from benchmark.trust import BASELINES

#: The answer of a template that has forked a worker.
FORKED = "forked"

#: What every run imports on its way, beside the modules of its model.
IMPORTED_BY_RUNS = (
    "benchmark.run",
    "benchmark.corpus.encode",
    "benchmark.corpus.cache",
    "benchmark.corpus.sources",
    "omegaconf",
    "pydantic.dataclasses",
    "pydantic.type_adapter",
)

#: A package of models may list under this name what its runs import later than its modules.
IMPORTED_LATER = "IMPORTED_LATER"

#: How often, and after how many seconds each, it is looked whether threads have ended.
LOOKS, LOOK = 100, 0.01


def main() -> int:
    """Fork workers as asked. Returns in a worker that has run its job, and in no other process."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR2):  # as in a worker
        signal.signal(number, signal.SIG_IGN)
    control = socket.socket(fileno=0)
    modules = sys.argv[1:]
    with ending_with_launcher(control):
        import_for_runs(modules)
    template = Template(control, modules)
    if template.serve():
        return worker.main()
    os._exit(0)  # an orderly exit would spend a second on clearing torch away


def import_for_runs(modules: Sequence[str]) -> None:
    """Import what runs of models in these modules need."""
    for name in IMPORTED_BY_RUNS:
        importlib.import_module(name)
    for name in (*modules, *_imported_later(modules)):
        with suppress(Exception):  # for a run to report
            importlib.import_module(name)


def _imported_later(modules: Sequence[str]) -> Iterator[str]:
    """What the packages of these modules list; asked for when the modules are imported."""
    for module in modules:
        parts = module.split(".")
        for end in range(1, len(parts)):
            yield from getattr(sys.modules.get(".".join(parts[:end])), IMPORTED_LATER, ())


@contextmanager
def ending_with_launcher(control: socket.socket) -> Iterator[None]:
    """Within the block, this process ends as soon as the other end of the socket is closed."""
    over, end = os.pipe()

    def watch() -> None:
        poll = select.poll()
        poll.register(control, select.POLLRDHUP)
        poll.register(over)
        if control.fileno() in dict(poll.poll()):
            os._exit(1)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        os.close(end)
        watching.join()
        os.close(over)


class Template:
    """Forks workers, and tells the launcher how they end."""

    def __init__(self, control: socket.socket, modules: Sequence[str]) -> None:
        self._control = control
        self._workers: dict[int, socket.socket] = {}  # the line of each, by process
        packages = {"benchmark", BASELINES, *(module.partition(".")[0] for module in modules)}
        self._code = _code_of(packages)
        self._states = [_state(path) for path in self._code]
        self._pages: list[Stretch] = []
        self._obstacle = _trace_of_importing()
        gc.collect()
        gc.freeze()  # a collection in a worker would write to, and so copy, the memory of all these objects

    def serve(self) -> bool:
        """Fork workers until the launcher is gone: False then. True in each of the workers."""
        woken, waker = socket.socketpair()
        waker.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        self._pages = held_file_pages()
        while True:
            ready, _, _ = select.select([self._control, woken, *self._workers.values()], [], [])
            if woken in ready:
                woken.recv(4096)
            for pid, line in self._workers.items():
                if line in ready:  # the launcher has closed its end
                    os.kill(pid, signal.SIGKILL)
            self._tell_ends()
            if self._control in ready:
                asked, descriptors, _, _ = socket.recv_fds(self._control, 1, 4, socket.MSG_CMSG_CLOEXEC)
                if not asked:
                    break
                if self._fork(descriptors):
                    woken.close()
                    waker.close()
                    return True
        for pid in self._workers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        return False

    def _fork(self, descriptors: Sequence[int]) -> bool:
        """Fork a worker with three standard streams and a line; True in the worker."""
        *streams, line = descriptors
        told = socket.socket(fileno=line)
        pid, obstacle = None, self._obstacle or self._changed()
        if not obstacle:
            try:
                pid = os.fork()
            except OSError as error:
                obstacle = f"it cannot be forked: {error.strerror}"
        if pid == 0:
            told.close()
            self._become_worker(streams)
            return True
        for stream in streams:
            os.close(stream)
        _tell(told, obstacle or FORKED)
        if pid is None:
            told.close()
        else:
            self._workers[pid] = told
        return False

    def _become_worker(self, streams: Sequence[int]) -> None:
        """Give up what only the template has, and be as a new process."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for line in self._workers.values():
            line.close()
        self._control.detach()  # the first of the streams takes its number
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        touch(self._pages)
        import numpy as np

        np.random.seed()  # noqa: NPY002  # a new process has a state of its own; Python's is new in a fork

    def _tell_ends(self) -> None:
        """Tell the launcher the status of each worker that has ended."""
        for pid in list(self._workers):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                with self._workers.pop(pid) as line:
                    _tell(line, str(os.waitstatus_to_exitcode(status)))

    def _changed(self) -> str:
        """A file whose code was imported and has changed: a run records the code that is there now."""
        for path, state in zip(self._code, self._states, strict=True):
            if _state(path) != state:
                return f"{path} has changed since it was imported"
        return ""


def _tell(line: socket.socket, answer: str) -> None:
    with suppress(BrokenPipeError):  # the launcher has given this run up
        line.sendall(answer.encode(errors="replace") + b"\n")


def _trace_of_importing() -> str:
    """What importing has done that a fork would lack; empty if nothing."""
    for _ in range(LOOKS):
        if len(os.listdir("/proc/self/task")) == 1:
            break
        time.sleep(LOOK)  # the system may still have to take leave of our own
    else:
        return "what it imports starts threads"
    sys.stdout.flush()
    sys.stderr.flush()
    return "what it imports writes something" if os.fstat(1).st_size or os.fstat(2).st_size else ""


def _code_of(packages: set[str]) -> list[Path]:
    """The files of the modules of some packages that are imported."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in packages]
    return [Path(file) for module in modules if (file := getattr(module, "__file__", None))]


def _state(path: Path) -> tuple[int, int] | None:
    """What tells a changed file from an unchanged one."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


if __name__ == "__main__":
    sys.exit(main())
