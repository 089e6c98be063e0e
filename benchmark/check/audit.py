"""Holds a fitted model to the contract on the text that its recorded scores are of, in a little time.

`nextword check` tries a model on small made-up texts; a run checks the very scores that it records. It is
asked about a sample of contexts, short ones first, for as long as there is time: a fast model about all of
them, a slow one about a few.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import numpy as np

from benchmark.check.agreement import check_sums, furthest_apart
from benchmark.check.answers import rows_of, tolerance
from benchmark.check.rules import check_agreement, check_causal
from benchmark.contract import LanguageModel, TokenStream
from benchmark.errors import BrokenContract

#: Seconds for the contexts, and for the changed texts.
SECONDS = 1.0
#: The first contexts may take longer: the first call of all may prepare what later ones use.
FIRST, FIRST_SECONDS = 3, 5.0
#: Contexts in the sample, and the tokens of the longest of them, but for two: half of the text and all of it.
CONTEXTS, LONGEST = 16, 2_000
#: After so many tokens the text is changed; and in the middle.
CHANGED_AFTER = (8, 90, 1_000)
#: Changed tokens behind such a place.
CHANGED = 40


def audit(model: LanguageModel, stream: TokenStream, scores: np.ndarray, first: np.ndarray) -> int:
    """Hold a model to the contract by the `scores` of a stream; the contexts that were looked at.

    `first`: what the model gave the front of the stream when it was first asked about it. Raises
    BrokenContract.
    """
    _check_first_reading(model, scores, first)
    contexts = _check_contexts(model, stream, scores) if model.scores_only is None else 0
    places = {place for place in (*CHANGED_AFTER, len(stream) // 2) if place < len(stream)}
    for place in _in_time(sorted(places)):
        check_causal(model, stream, scores, place, CHANGED)
    return contexts


def _check_first_reading(model: LanguageModel, scores: np.ndarray, first: np.ndarray) -> None:
    """The front of the text, read alone and before the rest was ever seen, had the scores that it has now."""
    worst = furthest_apart(first, scores[: len(first)], tolerance(model))
    if worst is not None:
        raise BrokenContract(
            "log_probs",
            f"sees what comes later, or keeps something from earlier calls: target {worst} scored "
            f"{first[worst]:.6f} when the front of the text was read alone, and {scores[worst]:.6f} with all "
            "of it",
        )


def _check_contexts(model: LanguageModel, stream: TokenStream, scores: np.ndarray) -> int:
    """After a sample of contexts: probabilities sum to 1, and are those that the scores say."""
    ids = np.asarray(stream.ids)
    looked_at = 0
    for place in _in_time(sampled_contexts(len(stream)), FIRST):
        context = ids[:place].astype(np.int64)  # a copy: behind a view of the text stands the rest of it
        rows = rows_of(model, [context], len(stream.vocabulary))
        if model.normalised:
            check_sums(rows, [place], tolerance(model))
        target, places = ids[place : place + 1], np.array([place])
        check_agreement(scores[place : place + 1], rows, target, places, tolerance(model))
        looked_at += 1
    return looked_at


def sampled_contexts(targets: int) -> list[int]:
    """Lengths of contexts in a text: none, one and two tokens, then spread over all sizes; always these."""
    if not targets:
        return []
    random = np.random.default_rng(15)
    spread = np.exp(random.uniform(np.log(3), np.log(LONGEST), CONTEXTS)).astype(np.int64)
    lengths = {0, 1, 2, *spread.tolist(), targets // 2, targets - 1}
    return sorted(length for length in lengths if length < targets)


def _in_time(lengths: Iterable[int], first: int = 0) -> Iterator[int]:
    """The lengths, ascending, until SECONDS have passed, or the next would take longer than is left.

    What the last took, in proportion to its length, tells what the next will. The first of all is always
    taken, and the `first` ones until FIRST_SECONDS have passed.
    """
    begun = time.perf_counter()
    took, last = 0.0, 0
    for number, length in enumerate(lengths):
        now = time.perf_counter()
        left = (FIRST_SECONDS if number < first else SECONDS) - (now - begun)
        if number and took * max(1.0, length / last) > left:
            return
        yield length
        took, last = time.perf_counter() - now, max(1, length)
