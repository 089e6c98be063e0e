"""Matrix products: a loop over word vectors beside one product with the matrix of them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmark import text
from benchmark.errors import UserError
from benchmark.report.blocks import Block
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence
from benchmark.study.quantities import Quantity, mean_ratio, unmeasured
from benchmark.study.record import Data
from benchmark.study.timing import interleaved, machine, torch_threads

VERSION = 1

#: The number of word vectors in the lecture, which the rules are about.
WORDS = 500
TITLES = {"numpy": "NumPy", "torch": "PyTorch", "gpu": "PyTorch, GPU"}
#: Of so many readings, the least counts.
READINGS = 5
#: A way to compute the scores of all words. What it returns is ready when it returns.
Way = Callable[[], Any]


def measure(evidence: Evidence) -> Data:
    """Seconds of both ways, by library and number of words, in each round."""
    settings = evidence.settings
    words, threads = [int(number) for number in settings["words"]], int(settings["threads"])
    if WORDS not in words:
        raise UserError(
            f"study vectorisation: settings.words={words} lacks {WORDS}, which its rules are about"
        )
    ways = {
        (library, number, way): task
        for number in words
        for library, two in ways_of(number, settings["dimensions"], settings["classes"]).items()
        for way, task in two.items()
    }
    evidence.say(f"study vectorisation: {text.plural(settings['rounds'], 'round')}")
    with torch_threads(threads):
        found = interleaved({key: partial(seconds_of, way) for key, way in ways.items()}, settings["rounds"])
    libraries = list(dict.fromkeys(library for library, _, _ in ways))
    return {
        "machines": {
            library: machine("cuda" if library == "gpu" else "cpu", threads) for library in libraries
        },
        "shape": [settings["classes"], settings["dimensions"]],
        "words": words,
        "seconds": {
            library: {way: [found[library, number, way] for number in words] for way in ("loop", "product")}
            for library in libraries
        },
    }


def ways_of(words: int, dimensions: int, classes: int) -> dict[str, dict[str, Way]]:
    """By library, the loop and the product, on the same random numbers.

    NumPy has float64 as in the lecture, PyTorch its usual float32.
    """
    import torch

    random = np.random.default_rng(1)
    matrix, columns = random.random((classes, dimensions)), random.random((dimensions, words))
    ways = {"numpy": _both(matrix, columns, np.ascontiguousarray)}
    for library, device in (("torch", "cpu"), ("gpu", "cuda")):
        if device == "cpu" or torch.cuda.is_available():
            left, right = (torch.from_numpy(each).float().to(device) for each in (matrix, columns))
            ways[library] = _both(left, right, torch.Tensor.contiguous)
    return ways


def _both(matrix: Any, columns: Any, apart: Callable[[Any], Any]) -> dict[str, Way]:
    """The lecture's two lines: W times each vector of a list, and W times their matrix."""
    vectors = [apart(columns[:, place : place + 1]) for place in range(columns.shape[1])]
    return {
        "loop": lambda: [matrix @ vector for vector in vectors],
        "product": lambda: matrix @ columns,
    }


def seconds_of(way: Way) -> float:
    """The seconds of a call, until a GPU has finished its work, too: the least of several readings.

    What else the machine does only adds to a reading, which is the mean of calls for a millisecond.
    """
    return min(_reading(way) for _ in range(READINGS))


def _reading(way: Way) -> float:
    import torch

    def synchronise() -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    calls, spent = 0, 0.0
    synchronise()
    while spent < 1e-3:
        calls = max(1, 2 * calls)
        begun = time.perf_counter()
        for _ in range(calls):
            way()
        synchronise()
        spent = time.perf_counter() - begun
    return spent / calls


def quantities(data: Data) -> dict[str, Quantity]:
    place = data["words"].index(WORDS)
    found = {name: _ratio(data["seconds"][name], place) for name in data["seconds"]}
    return {"gpu": unmeasured("there is no GPU here"), **found}


def _ratio(seconds: Mapping[str, Any], place: int) -> Quantity:
    pairs = zip(seconds["loop"][place], seconds["product"][place], strict=True)
    return mean_ratio([loop / product for loop, product in pairs], "round")


def show(data: Data) -> list[Block]:
    words, shape = data["words"], " × ".join(map(str, data["shape"]))
    where = text.listed([f"{TITLES[name]} on {where}" for name, where in data["machines"].items()])
    figure = line_figure(
        "vectorisation_ratio",
        "How many times as long the loop takes, by the number of word vectors",
        f"The time of the loop by that of the product, for a matrix of {shape}: {where}. Geometric "
        "means over rounds.",
        [
            Curve.of(
                TITLES[name],
                "neural",
                [(number, _ratio(seconds, place).value) for place, number in enumerate(words)],
            )
            for name, seconds in data["seconds"].items()
        ],
        Axes("word vectors", "loop by product", log_x=True, log_y=True),
    )
    rows: list[Sequence[object]] = [
        [
            TITLES[name],
            number,
            *(float(np.median(seconds[way][place])) * 1e6 for way in ("loop", "product")),
            _ratio(seconds, place).value,
        ]
        for name, seconds in data["seconds"].items()
        for place, number in enumerate(words)
    ]
    table = plain_table(
        "vectorisation_times",
        f"Medians over rounds. The lecture's times are 639 µs and 53.8 µs, with {WORDS} vectors in NumPy.",
        [
            ("Library", None),
            ("Vectors", text.amount),
            ("Loop, µs", lambda value: text.significant(value, 3)),
            ("Product, µs", lambda value: text.significant(value, 3)),
            ("Ratio", lambda value: text.significant(value, 3)),
        ],
        rows,
    )
    return [figure, table]
