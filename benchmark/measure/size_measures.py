"""Measures of a model's size: in numbers, in memory and on disk."""

from __future__ import annotations

from benchmark import text
from benchmark.measure.measure import Measure

SIZE: tuple[Measure, ...] = (
    Measure(
        key="bytes_in_memory",
        title="Memory",
        noun="memory",
        unit="bytes",
        definition=(
            "The arrays of the model, in decimal units (1 MB is 1,000,000 bytes). It is comparable between "
            "models of any kind. What scoring needs beside them, as for the scores of words, is not in it."
        ),
        show=text.size,
        better="lower",
        cost=True,
        level="key",
    ),
    Measure(
        key="parameters",
        title="Parameters",
        noun="number of parameters",
        unit="",
        definition="The trained parameters of a neural model.",
        show=text.amount,
        level="key",
    ),
    Measure(
        key="entries",
        title="n‑grams",
        noun="number of n-grams",
        unit="",
        definition="N-grams that an n-gram model stores.",
        show=text.amount,
        level="key",
    ),
    Measure(
        key="bytes_on_disk",
        title="Disk",
        noun="disk space",
        unit="bytes",
        definition="The files of the saved model, without the vocabulary.",
        show=text.size,
        better="lower",
        level="data",
    ),
    Measure(
        key="bytes_compressed",
        title="Compressed",
        noun="compressed size",
        unit="bytes",
        definition=(
            "The files of the saved model, one behind the other, compressed by Zstandard at level 3, its "
            "default: how much of the disk space a general compressor saves."
        ),
        show=text.size,
        better="lower",
        level="data",
        optional=True,
    ),
    Measure(
        key="load_resident_bytes",
        title="Memory, loaded",
        noun="memory of the loaded model",
        unit="bytes",
        definition=(
            "What loading the saved model adds to the resident memory of a fresh process. Of a file that is "
            "only mapped into memory, hardly anything is read by then."
        ),
        show=text.size,
        better="lower",
        timed=True,
        level="data",
        optional=True,
    ),
    Measure(
        key="score_resident_bytes",
        title="Memory, scoring",
        noun="memory in scoring",
        unit="bytes",
        definition=(
            "What scoring the first 20,000 test targets (fewer where they would take more than five seconds) "
            "adds at most to the resident memory of a fresh process: the loaded model, and all that scoring "
            "needs beside it. The interpreter and the libraries are not in it. Files mapped into memory, as "
            "the tables of n-gram models are, count as far as they were read. Told by the system, to about "
            "1 MB."
        ),
        show=text.size,
        better="lower",
        timed=True,
        optional=True,
    ),
    Measure(
        key="base_resident_bytes",
        title="Memory, without a model",
        noun="memory without a model",
        unit="bytes",
        definition=(
            "What that process holds without a model: the interpreter, the libraries that the model imports, "
            "and what they keep once they have been used."
        ),
        show=text.size,
        better="lower",
        timed=True,
        level="data",
        optional=True,
    ),
)
