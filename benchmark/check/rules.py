"""The rules of the contract. Each takes a fitted model and texts, and raises BrokenContract."""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

import numpy as np

from benchmark.check.agreement import check_sums, furthest_apart
from benchmark.check.answers import (
    check_declared,
    rows_of,
    scores_of,
    size_of,
    tolerance,
    usable_rows,
    usable_scores,
)
from benchmark.check.saving import check_files, loaded
from benchmark.check.texts import Texts
from benchmark.contract import LanguageModel, TokenStream
from benchmark.errors import BrokenContract
from benchmark.storage.temporary import TemporaryFolder

#: Targets of the lines that are scored one by one.
LINES_TARGETS = 60

Build = Callable[[], LanguageModel]


def declared(model: LanguageModel, texts: Texts) -> None:
    """`fit` ends well, and `family`, `context` and the like are what the contract knows."""
    check_declared(model)


def complete(model: LanguageModel, texts: Texts) -> None:
    """Every target gets exactly one score, a float32 that is no NaN and no log-probability above 0."""
    for stream in (texts.test, texts.valid.head(1)):
        scores_of(model, stream)


def proper(model: LanguageModel, texts: Texts) -> None:
    """exp of `next_log_probs` sums to 1 over the vocabulary after every context."""
    rows = rows_of(model, texts.contexts, len(texts.test.vocabulary))
    if model.normalised:
        check_sums(rows, [len(context) for context in texts.contexts], tolerance(model))


def causal(model: LanguageModel, texts: Texts) -> None:
    """Changing or cutting off what stands after a target leaves its score as it was."""
    scores = scores_of(model, texts.test)
    for place in sorted({0, 1, 2, 9, 40, min(150, len(texts.test) // 2), len(texts.test) - 2}):
        check_causal(model, texts.test, scores, place, len(texts.test))


def check_causal(
    model: LanguageModel, stream: TokenStream, scores: np.ndarray, place: int, most: int
) -> None:
    """The `scores` of a stream up to a place stay, with what follows changed (at most `most` tokens) or cut
    off. Raises BrokenContract.
    """
    random = np.random.default_rng(3 + place)
    ids = np.asarray(stream.ids)
    other = ids[: place + 1 + most].copy()
    other[place + 1 :] = random.integers(0, len(stream.vocabulary), len(other) - place - 1)
    for changed, what in ((other, "changed"), (ids[: place + 1].copy(), "cut off")):
        new = scores_of(model, TokenStream.from_ids(changed, stream.vocabulary))[: place + 1]
        worst = furthest_apart(new, scores[: place + 1], tolerance(model))
        if worst is not None:
            raise BrokenContract(
                "log_probs",
                f"sees what comes later, or keeps something from earlier calls: with the text after target "
                f"{place} {what}, a score up to there moved by {abs(new[worst] - scores[worst]):.4g} "
                f"(target {worst}: {scores[worst]:.6f}, then {new[worst]:.6f})",
            )


def consistent(model: LanguageModel, texts: Texts) -> None:
    """`log_probs` of a stream equals `next_log_probs` of each of its contexts, whenever it is asked."""
    places = np.array([*range(12), *range(12, len(texts.test), 37), len(texts.test) - 1])
    ids = np.asarray(texts.test.ids, dtype=np.int64)
    first = scores_of(model, texts.test)
    rows = rows_of(model, [ids[:place] for place in places], len(texts.test.vocabulary))
    for scores, when in ((first, ""), (scores_of(model, texts.test), " when asked again")):
        check_agreement(scores[places], rows, ids[places], places, tolerance(model), when)


def check_agreement(
    scores: np.ndarray,
    rows: np.ndarray,
    targets: np.ndarray,
    places: np.ndarray,
    tolerance: float,
    when: str = "",
    method: str = "next_log_probs",
) -> None:
    """The scores of some targets equal those in the `rows` of their contexts. Raises BrokenContract.

    `places`: the targets' indices in their stream; `method`: what gave the rows.
    """
    own = rows[np.arange(len(rows)), targets]
    worst = furthest_apart(scores, own, tolerance)
    if worst is not None:
        by = "its context" if method == "next_log_probs" else method
        raise BrokenContract(
            "log_probs",
            f"disagrees with {method}: target {places[worst]} scores {scores[worst]:.6f} in the "
            f"stream{when} and {own[worst]:.6f} by {by}",
        )


def incremental(model: LanguageModel, texts: Texts) -> None:
    """A `reader` gives, token by token, the `next_log_probs` of what it has read."""
    ids = np.asarray(texts.test.ids, dtype=np.int64)[:LINES_TARGETS]
    expected = rows_of(model, [ids[:place] for place in range(len(ids))], len(texts.test.vocabulary))
    reader = model.reader()
    for place, (token, row) in enumerate(zip(ids.tolist(), expected, strict=True)):
        given = reader.next_log_probs()
        if not _alike(given, row, tolerance(model)):
            raise BrokenContract(
                "reader", f"gives other probabilities than next_log_probs after {place} tokens"
            )
        reader.read(token)


def separate(model: LanguageModel, texts: Texts) -> None:
    """`log_probs_by_line` scores each line as `log_probs` scores it alone."""
    stream = texts.test.head(LINES_TARGETS)
    if stream.vocabulary.end is None:
        ids = texts.test.ids[:LINES_TARGETS]
        stream = TokenStream(ids, np.array([0, 2, 9, 30, len(ids)]), stream.vocabulary)
    inherited = type(model).log_probs_by_line is LanguageModel.log_probs_by_line
    method = "log_probs" if inherited else "log_probs_by_line"
    alone = np.concatenate([scores_of(model, line) for line in stream.each_line()])
    scores = usable_scores(model, model.log_probs_by_line(stream), len(stream), method)
    worst = furthest_apart(scores, alone, tolerance(model))
    if worst is not None:
        raise BrokenContract(
            "log_probs_by_line",
            f"lets lines influence each other: among other lines, a score differs by "
            f"{abs(scores[worst] - alone[worst]):.4g} from that of its line alone",
        )


def dense(model: LanguageModel, texts: Texts) -> None:
    """`distributions` at some places of a stream equals `next_log_probs` of their contexts."""
    places = np.array([0, 1, 2, 5, *range(6, len(texts.test), 41), len(texts.test) - 1])
    ids = np.asarray(texts.test.ids, dtype=np.int64)
    size = len(texts.test.vocabulary)
    expected = rows_of(model, [ids[:place] for place in places], size)
    blocks = list(model.distributions(texts.test, places, 3))
    parts = [places[first : first + 3].tolist() for first in range(0, len(places), 3)]
    if len(blocks) != len(parts):
        raise BrokenContract(
            "distributions", f"yields {len(blocks)} blocks for {len(places)} places, three at a time"
        )
    given = [
        usable_rows(block, part, size, "distributions") for block, part in zip(blocks, parts, strict=True)
    ]
    for place, a, b in zip(places, np.concatenate(given), expected, strict=True):
        if not _alike(a, b, tolerance(model)):
            raise BrokenContract(
                "distributions", f"at target {place} differs from next_log_probs of its context"
            )


def durable(model: LanguageModel, texts: Texts) -> None:
    """`save`, then `load`, gives identical scores; nothing is pickled."""
    refused = mock.Mock(side_effect=AssertionError("load reads a pickle"))
    with TemporaryFolder.elsewhere("check") as name:
        folder = name / "model"
        folder.mkdir()
        model.save(folder)
        check_files(lambda: size_of(model).bytes_in_memory, folder)
        with mock.patch.multiple("pickle", load=refused, loads=refused, Unpickler=refused):
            again = loaded(model, folder, texts.test.vocabulary)
        if not np.array_equal(scores_of(again, texts.test), scores_of(model, texts.test)):
            raise BrokenContract("load", "gives another model: it scores the test text otherwise")
        if model.scores_only is not None:  # there are no rows to compare
            return
        size = len(texts.test.vocabulary)
        if not np.array_equal(rows_of(again, texts.contexts, size), rows_of(model, texts.contexts, size)):
            raise BrokenContract("load", "gives another model: its next_log_probs are others")


def repeatable(model: LanguageModel, texts: Texts, again: LanguageModel) -> None:
    """Fitted again with the same settings, and other global random states, it scores the same."""
    if not np.array_equal(scores_of(model, texts.test), scores_of(again, texts.test)):
        raise BrokenContract(
            "fit", "is not repeatable: a second fit with the same seed scores the test text otherwise"
        )


def sized(model: LanguageModel, texts: Texts) -> None:
    """`size` names the bytes it needs and what it stores, in the terms of its family."""
    size_of(model)


def _alike(given: object, expected: np.ndarray, tolerance: float) -> bool:
    """Whether a row of ln p is the one that is expected."""
    row = np.asarray(given)
    return row.shape == expected.shape and furthest_apart(row, expected, tolerance) is None
