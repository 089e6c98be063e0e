"""Workers that are processes of this machine. They map the text from a file without a name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import astuple
from io import BufferedReader
from queue import Queue

import numpy as np

from baselines.ngram.counting.workers.count_part import PartCounts, PrefixRange
from baselines.ngram.counting.workers.died import WorkerDied
from baselines.ngram.counting.workers.worker_process import read_counts
from baselines.ngram.sorting.files import no_room, temporary
from baselines.ngram.sorting.processor import sort_variables
from baselines.ngram.sorting.threads import in_order
from benchmark.environment import child_python

_MODULE = "baselines.ngram.counting.workers.worker_process"


class Processes:
    """A number of processes with one thread each."""

    def __init__(self, number: int) -> None:
        self._number = number

    def number(self) -> int:
        return self._number

    def parts(
        self, sequence: np.ndarray, words: int, order: int, tasks: list[PrefixRange]
    ) -> Generator[PartCounts, None, None]:
        """The counts of the parts, in the order of the tasks. Raises WorkerDied if a process dies."""
        with ExitStack() as stack:
            text = stack.enter_context(temporary())
            try:
                for piece in ([words + 1], sequence, [words] * order):  # the whole text is one shard
                    np.asarray(piece, dtype=np.int32).tofile(text)
            except OSError as error:
                raise no_room(error) from error
            pool = stack.enter_context(ThreadPoolExecutor(self._number))
            idle: Queue[_Process] = Queue()
            for _ in range(min(self._number, len(tasks))):
                idle.put(stack.enter_context(_Process(text.fileno(), words, order)))

            def counted(task: PrefixRange) -> PartCounts:
                process = idle.get()
                try:
                    return process.count(task)
                finally:
                    idle.put(process)

            yield from in_order(pool, counted, tasks, ahead=self._number)


class _Process:
    """A process that counts one part after another. As a context manager it ends the process."""

    def __init__(self, text: int, words: int, order: int) -> None:
        self.order = order
        self.errors = temporary()
        self.process = subprocess.Popen(
            [sys.executable, "-m", _MODULE, json.dumps({"text": text, "words": words, "order": order})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            pass_fds=[text],
            env={**os.environ, **child_python(), **sort_variables(), "OMP_NUM_THREADS": "1"},
        )

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        self.errors.close()

    def count(self, task: PrefixRange) -> PartCounts:
        assert self.process.stdin
        assert isinstance(self.process.stdout, BufferedReader)
        try:
            self.process.stdin.write(json.dumps(astuple(task)).encode() + b"\n")
            self.process.stdin.flush()
            return read_counts(self.process.stdout, self.order)
        except (EOFError, BrokenPipeError) as error:
            end = self._end()
            raise WorkerDied(
                f"counting process {self.process.pid} died ({end}) while it counted n-grams from {task}"
            ) from error

    def _end(self) -> str:
        """How the process ended."""
        status = self.process.wait()
        if status < 0:
            out_of_memory = ", probably because memory ran out" if status == -signal.SIGKILL else ""
            return f"killed by {signal.Signals(-status).name}{out_of_memory}"
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {status}"
