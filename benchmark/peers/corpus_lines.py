"""The lines of a corpus of `conf/corpus`, for programs that read text files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from benchmark.corpus import Corpus, TokenStream
from benchmark.errors import UserError


def open_only_corpus(overrides: Sequence[str]) -> Corpus:
    """The one corpus that `corpus=NAME` and its settings name. Raises UserError."""
    from benchmark.sweep.compose import collect

    jobs = collect(["model=uniform", *overrides])
    if len(jobs) != 1:
        raise UserError(f"{' '.join(overrides)} names {len(jobs)} corpora; give one")
    return jobs[0].open_corpus(lambda line: print(line, flush=True))


def lines_of(stream: TokenStream) -> Iterator[np.ndarray]:
    """The ids of every line of a split, without `</s>`."""
    for first, stop in zip(stream.lines[:-1].tolist(), stream.lines[1:].tolist(), strict=True):
        ids = stream.ids[first:stop]
        yield ids if stream.vocabulary.end is None else ids[ids != stream.vocabulary.end]
