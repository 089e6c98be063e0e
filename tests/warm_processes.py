"""Processes of nextword that start at once, because the heavy modules are imported already.

Importing torch and its compiler costs every process seconds, and many tests start several. One server per
test session imports them once and forks for each request. A forked process has its own memory, folder,
environment and standard streams, as a fresh one would; it differs only in what is imported. Tests of
starting and killing processes use fresh ones.

Run as a program, this module is the server: `python warm_processes.py SOCKET`. It ends when its standard
input closes.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, NoReturn

#: The environment variable that holds the path of the server's socket.
SERVER = "NEXTWORD_TEST_SERVER"

#: What the server imports besides our own modules. Torch imports its compiler with the first optimiser.
LIBRARIES = ("torch._dynamo", "safetensors.torch", "nltk", "hydra", "optuna", "pandas", "seaborn", "jinja2")

#: Module started with `python -m` → the module whose `main` it calls.
PROGRAMS = {"benchmark": "benchmark.cli", "benchmark.sweep.worker": "benchmark.sweep.worker"}


class WarmProcess:
    """As much of `subprocess.Popen` as the launcher and the tests use, for `python -m MODULE ARGUMENTS` and
    `python -c CODE ARGUMENTS`."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        stdin: IO[Any] | int | None = None,
        stdout: IO[Any] | int | None = None,
        stderr: IO[Any] | int | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
    ) -> None:
        self.args = list(command)
        self.returncode: int | None = None
        theirs, ours = [], []
        for number, stream in enumerate((stdin, stdout, stderr)):
            if isinstance(stream, int):
                assert stream == subprocess.PIPE
                read, write = os.pipe()
                theirs.append(read if number == 0 else write)
                ours.append(os.fdopen(write, "wb") if number == 0 else os.fdopen(read, "rb"))
            else:
                theirs.append(
                    number if stream is None else stream if isinstance(stream, int) else stream.fileno()
                )
                ours.append(None)
        self.stdin, self.stdout, self.stderr = ours
        self._server = socket.socket(socket.AF_UNIX)
        self._server.connect(os.environ[SERVER])
        socket.send_fds(self._server, [b"+"], theirs)
        request = {
            "command": self.args[1:],
            "environment": dict(os.environ if env is None else env),
            "cwd": str(cwd or Path.cwd()),
        }
        self._server.sendall(json.dumps(request).encode() + b"\n")
        for fd, stream in zip(theirs, ours, strict=True):
            if stream is not None:
                os.close(fd)
        self._answers = self._server.makefile("r")
        self.pid = int(self._answers.readline())

    def poll(self) -> int | None:
        """The exit status, or None if it still runs."""
        return self._status(0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, once it has ended. Raises TimeoutExpired."""
        status = self._status(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return status

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def _status(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._server], [], [], timeout)[0]:
            self.returncode = int(self._answers.readline())
            self._answers.close()
            self._server.close()
        return self.returncode


def start(command: Sequence[str], **options: Any) -> Any:
    """`subprocess.Popen(command, **options)`, warm if the server is there."""
    return (WarmProcess if os.environ.get(SERVER) else subprocess.Popen)(command, **options)


#: Takes the place of the `subprocess` module where worker processes are started.
WARM_SUBPROCESS = SimpleNamespace(Popen=start, PIPE=subprocess.PIPE)


def run(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """Python with these arguments, run to its end."""
    command = [sys.executable, *arguments]
    with (
        open(os.devnull) as nothing,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
    ):
        process = start(command, stdin=nothing, stdout=out, stderr=err, env=env, cwd=cwd)
        try:
            status = process.wait(timeout)
        finally:
            process.kill()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, status, out.read(), err.read())


@contextmanager
def server() -> Iterator[None]:
    """The server runs, and this process and those it starts know of it."""
    if not sys.platform.startswith("linux"):  # elsewhere a fork of a process that has used torch may fail
        yield
        return
    with tempfile.TemporaryDirectory(prefix="nextword") as folder:
        path = str(Path(folder, "server"))
        command = [sys.executable, __file__, path]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()  # it listens
            os.environ[SERVER] = path
            try:
                yield
            finally:
                del os.environ[SERVER]
                process.communicate()


def serve(path: str) -> None:
    """Fork a process for every connection until standard input closes."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(64)
        print(flush=True)
        while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
            connection, _ = listening.accept()
            _warm_up()
            if os.fork() == 0:
                listening.close()
                _follow(connection)
            connection.close()
            _reap()


def _reap() -> None:
    """Forget the children that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


@cache
def _warm_up() -> None:
    """Import what processes need, and compose a job: Hydra's parser is slow the first time."""
    import baselines
    import benchmark

    for name in LIBRARIES:
        importlib.import_module(name)
    for package in (benchmark, baselines):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            with suppress(ImportError):  # needs a library that is not installed
                importlib.import_module(module.name)
    importlib.import_module("benchmark.sweep.compose").collect(["model=unigram"])


def _follow(connection: socket.socket) -> NoReturn:
    """Fork the process that a client asks for, and tell the client its id and, at its end, its status."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    request = json.loads(connection.makefile("r").readline())
    pid = os.fork()
    if pid == 0:
        connection.close()
        _become(request, streams)
    for stream in streams:
        os.close(stream)
    with suppress(BrokenPipeError):  # the client has been killed
        connection.sendall(f"{pid}\n".encode())
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        connection.sendall(f"{status}\n".encode())
    os._exit(0)


def _become(request: dict[str, Any], streams: Sequence[int]) -> NoReturn:
    """Run a program with the environment, folder and standard streams that a client asked for."""
    flag, program, *arguments = request["command"]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])
    sys.path[:1] = [request["cwd"], *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    sys.argv = [program if flag == "-m" else flag, *arguments]
    importlib.import_module("benchmark.sweep.subprocess_run").subprocess = WARM_SUBPROCESS
    status = 1
    try:
        if flag == "-c":
            exec(program, {"__name__": "__main__"})
            status = 0
        else:
            main = importlib.import_module(PROGRAMS[program]).main
            status = main(arguments) if arguments else main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # an orderly exit would spend a second on clearing torch away


if __name__ == "__main__":
    serve(sys.argv[1])
