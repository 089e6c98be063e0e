"""From plain text to test perplexity in one process: modified Kneser-Ney without the harness.

    python -m baselines.ngram --order 5 --train TRAIN.txt --test TEST.txt

A sentence on each line, words separated by white space. Each text is read once and may be a pipe; `-` is
standard input. `<s>` and `</s>` are refused, as in any corpus of nextword, or read with `--marks read`. The
vocabulary is that of the training text, `</s>` and `<unk>`; other words of the test text count as `<unk>`.
The last line of output is a JSON object. `nextword peers` times this program beside other tools; to compare
models, use `nextword run`.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from baselines.ngram.counting.counts import count_ngrams
from baselines.ngram.counting.text import REFUSED, EncodedTexts, encode_texts
from baselines.ngram.counting.workers.choose import processes, ray_tasks
from baselines.ngram.counting.workers.died import WorkerDied
from baselines.ngram.estimation.adjust import adjusted_counts
from baselines.ngram.estimation.discounts import Log, choose_discounts, discounts_of
from baselines.ngram.estimation.interpolate import interpolate
from baselines.ngram.sorting.arrays import TorchArrays
from baselines.ngram.sorting.storage import parse_bytes
from baselines.ngram.sorting.threads import Work, thread_count
from baselines.ngram.table.backoff import BackoffTable
from benchmark.console.options import Parser, whole
from benchmark.corpus.marks import MarkRule
from benchmark.errors import ERROR_MARK, UserError

if TYPE_CHECKING:
    from baselines.ngram.device.table import DeviceTable


class _Clock:
    """The seconds of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage], self._last = round(now - self._last, 4), now


class _Log:
    """Notes go to standard error."""

    def info(self, message: str) -> None:
        print(message, file=sys.stderr)


def main(arguments: list[str] | None = None) -> int:
    """Run the program. Returns the exit status: 0, or 2 after one line that says what was wrong."""
    try:
        options = _options(sys.argv[1:] if arguments is None else arguments)
        memory = parse_bytes(options.memory, "--memory ") if options.memory else None
        counting = {"threads": options.threads, "memory": memory, **_who_counts(options)}
        device = None if options.device == "cpu" else options.device
        rule = MarkRule("whitespace", marks=options.marks, setting="--marks")
        print(json.dumps(measure(options.train, options.test, options.order, counting, device, rule)))
    except (UserError, WorkerDied) as error:
        print(f"{ERROR_MARK}{error}", file=sys.stderr)
        return 2
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of the program. Raises UserError."""
    parser = Parser("python -m baselines.ngram", (__doc__ or "").split("\n")[0])
    parser.add_argument("--order", type=whole(1, 10), default=5, help="order of the model, 1 to 10")
    parser.add_argument("--train", type=Path, required=True, help="text to count")
    parser.add_argument("--test", type=Path, required=True, help="text to score")
    parser.add_argument(
        "--marks",
        choices=("refuse", "read"),
        default="refuse",
        help="<s> and </s> in the texts: refuse them, or read them as marks of lines (default: %(default)s)",
    )
    parser.add_argument(
        "--threads", type=whole(1), default=thread_count(), help="CPU threads (default: %(default)s)"
    )
    parser.add_argument(
        "--memory",
        help="memory for texts and model, such as 2G (default: $NEXTWORD_MEMORY, or half of the machine)",
    )
    parser.add_argument(
        "--device", default="cpu", help="where to count, estimate and score: cuda, or cpu (with NumPy)"
    )
    parser.add_argument(
        "--workers",
        type=int,
        help="number of processes that count (default: $NEXTWORD_COUNTING, or this process)",
    )
    parser.add_argument(
        "--ray", metavar="ADDRESS", help="Ray cluster to count on: auto, local, or HOST:PORT of its head"
    )
    return parser.parse(arguments)


def _who_counts(options: argparse.Namespace) -> dict[str, Any]:
    """The workers of `count_ngrams`. Raises UserError if several are named, or if one is not available."""
    said = [f"--{name}" for name in ("workers", "ray") if getattr(options, name) is not None]
    said += ["--device"] if options.device != "cpu" else []
    if len(said) > 1:
        raise UserError(f"{' and '.join(said)} name different places to count: give only one of them")
    if options.workers is not None:
        return {"workers": processes(str(options.workers), "--workers ")}
    return {"workers": ray_tasks(options.ray)} if options.ray is not None else {}


def measure(
    train: Path,
    test: Path,
    order: int,
    counting: dict[str, Any],
    device: str | None = None,
    rule: MarkRule = REFUSED,
) -> dict[str, Any]:
    """Perplexity of the test text, with and without words outside the vocabulary; time, memory, n-grams.

    `counting` holds the keyword arguments of `count_ngrams`. `device` is where torch counts, estimates and
    scores; None: NumPy does, on the CPU. It starts while the texts are read. `rule` is that for the marks in
    the texts. The peak memory is that of this process. Raises UserError if a text or the device cannot be
    used.
    """
    clock = _Clock()
    with _starting(device) if device else nullcontext() as started:
        texts = encode_texts(train, test, counting["threads"], rule, counting.get("memory"))
        tokens = texts.tokens()
        clock.lap("read")
    table: BackoffTable | DeviceTable | None = None
    if device and started:
        started.result()
        clock.lap("start")
        table = _estimated_on_device(texts, order, device, clock, _Log())
    if table is None:
        device, table = None, _estimated(texts, order, counting, clock)
    log_probs, known = _scored(table.score(texts.test), texts)
    clock.lap("score")
    return {
        "order": order,
        "tokens": tokens,
        "test_tokens": len(log_probs),
        "oov": int(np.count_nonzero(~known)),
        "perplexity": _perplexity(log_probs),
        "perplexity_known": _perplexity(log_probs[known]),
        "ngrams": table.ngrams,
        "bytes": table.nbytes,
        "seconds": clock.seconds,
        "peak_bytes": _peak_bytes(),
        **_on_device(device),
    }


def _estimated(texts: EncodedTexts, order: int, counting: dict[str, Any], clock: _Clock) -> BackoffTable:
    memory = counting.get("memory")
    counts = count_ngrams(texts.release_train(), texts.words, order, **counting)
    clock.lap("count")
    adjusted = adjusted_counts(counts, memory)
    discounts, _ = choose_discounts(adjusted, _Log())
    table = interpolate(counts, adjusted, discounts, threads=counting["threads"], memory=memory)
    clock.lap("estimate")
    return table


@contextmanager
def _starting(device: str) -> Iterator[Work[None]]:
    """Starts the device in a thread of its own, which is done when the block ends."""
    from concurrent.futures import ThreadPoolExecutor  # takes as long as a short text

    with ThreadPoolExecutor(1) as background:
        yield background.submit(_start, device)


def _start(device: str) -> None:
    """Import torch and use the device once, which readies it. Raises UserError if torch does not have it."""
    try:
        TorchArrays(device).empty(1)
    except (RuntimeError, AssertionError, ImportError) as error:
        raise UserError(f"--device {device} is not available: {str(error).splitlines()[0]}") from error
    from benchmark.contract import RunLog

    few = EncodedTexts(train=np.array([2, 0, 1, 0, 0, 2]), test=np.array([2, 1, 0]), words=2, unknown=1)
    table = _estimated_on_device(few, 3, device, _Clock(), RunLog())
    if table is not None:  # with room for a text of five words, every kernel is loaded now
        table.score(few.test)


def _estimated_on_device(
    texts: EncodedTexts, order: int, device: str, clock: _Clock, log: Log
) -> DeviceTable | None:
    """The table on a device; None, and a line that says so, if it may not fit there."""
    from baselines.ngram.device import count, estimate, memory

    places = memory.places_that_fit(len(texts.train), order, memory.free_bytes(device), log)
    if places is None:
        return None
    counts = count.count_on_device(texts.train, texts.words, order, device, places)
    clock.lap("count")
    adjusted = estimate.adjusted_on_device(counts)
    discounts, _ = discounts_of(estimate.counts_of_counts_on_device(adjusted), log)
    table = estimate.interpolate_on_device(counts, adjusted, discounts)
    memory.wait_for(device)
    clock.lap("estimate")
    return table


def _on_device(device: str | None) -> dict[str, Any]:
    """What the result says of a device: its name, and the most memory taken there."""
    if device is None:
        return {}
    from baselines.ngram.device.memory import peak_bytes

    return {"device": device, "peak_device_bytes": peak_bytes(device)}


def _peak_bytes() -> int:
    """The most memory that this process held: on Linux VmHWM, as `ru_maxrss` also counts who started it."""
    status = Path("/proc/self/status")
    for line in status.read_text(encoding="ascii").splitlines() if status.exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _scored(log_probs: np.ndarray, texts: EncodedTexts) -> tuple[np.ndarray, np.ndarray]:
    """ln p of each target, and a mask of those that are words of the vocabulary."""
    is_target = texts.test != texts.words
    return log_probs[is_target], texts.test[is_target] != texts.unknown


def _perplexity(log_probs: np.ndarray) -> float | None:
    return float(np.exp(-log_probs.mean(dtype=np.float64))) if len(log_probs) else None
