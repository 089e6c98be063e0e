"""The rules of the contract. Each takes a fitted model and texts, and says what is wrong, or None."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np

from benchmark.check.texts import Texts
from benchmark.contract import LanguageModel, ModelSize, TokenStream

#: Largest difference in ln p that rounding of float32 sums in another order may make.
TOLERANCE = 2e-4

#: Targets of the lines that are scored one by one.
LINES_TARGETS = 60

Build = Callable[[], LanguageModel]


def complete(model: LanguageModel, texts: Texts) -> str | None:
    """Every target gets exactly one score, a float32 that is no NaN and no log-probability above 0."""
    for stream in (texts.test, texts.valid.head(1)):
        scores = model.log_probs(stream)
        if scores.shape != (len(stream),):
            return f"log_probs has shape {scores.shape} for {len(stream)} targets (<s> is none)"
        if scores.dtype != np.float32:
            return f"log_probs is {scores.dtype}, not float32"
        if np.isnan(scores).any():
            return f"{int(np.isnan(scores).sum())} of {len(stream)} scores are NaN"
        if model.normalised and scores.max(initial=-1) > TOLERANCE:
            return f"a log-probability is {scores.max():.4g}, above 0"
    return None


def proper(model: LanguageModel, texts: Texts) -> str | None:
    """exp of `next_log_probs` sums to 1 over the vocabulary after every context."""
    scores = model.next_log_probs(texts.contexts)
    expected = (len(texts.contexts), len(texts.test.vocabulary))
    if scores.shape != expected:
        return f"next_log_probs has shape {scores.shape}, not [contexts, vocabulary] = {expected}"
    if np.isnan(scores).any():
        return "next_log_probs holds NaN"
    if not model.normalised:
        return None
    sums = np.exp(scores.astype(np.float64)).sum(axis=1)
    worst = int(np.argmax(np.abs(sums - 1)))
    if abs(sums[worst] - 1) > TOLERANCE:
        return f"after {_shown(texts.contexts[worst])} the probabilities sum to {sums[worst]:.6f}, not 1"
    return None


def causal(model: LanguageModel, texts: Texts) -> str | None:
    """Changing or cutting off what stands after a target leaves its score as it was."""
    random = np.random.default_rng(3)
    ids = np.asarray(texts.test.ids)
    scores = model.log_probs(texts.test)
    for place in (0, 1, 2, 9, 40, 150, len(ids) - 2):
        other = ids.copy()
        other[place + 1 :] = random.integers(0, len(texts.test.vocabulary), len(ids) - place - 1)
        for changed, what in ((other, "changed"), (ids[: place + 1], "cut off")):
            stream = TokenStream.from_ids(changed, texts.test.vocabulary)
            with np.errstate(invalid="ignore"):  # two zero probabilities (−∞ − −∞) agree
                difference = np.abs(model.log_probs(stream)[: place + 1] - scores[: place + 1])
            worst = float(np.nan_to_num(difference, nan=0.0).max())
            if worst > TOLERANCE:
                return f"with the text after target {place} {what}, a score up to there moved by {worst:.4g}"
    return None


def consistent(model: LanguageModel, texts: Texts) -> str | None:
    """`log_probs` of a stream equals `next_log_probs` of each of its contexts, whenever it is asked."""
    places = [*range(12), *range(12, len(texts.test), 37), len(texts.test) - 1]
    ids = np.asarray(texts.test.ids, dtype=np.int64)
    first = model.log_probs(texts.test)
    rows = model.next_log_probs([ids[:place] for place in places])
    for scores, when in ((first, ""), (model.log_probs(texts.test), " when asked again")):
        for place, row in zip(places, rows, strict=True):
            a, b = float(scores[place]), float(row[ids[place]])
            if a != b and not abs(a - b) <= TOLERANCE * max(1.0, abs(a) / 10):
                return f"target {place} scores {a:.6f} in the stream{when} and {b:.6f} by its context"
    return None


def incremental(model: LanguageModel, texts: Texts) -> str | None:
    """A `reader` gives, token by token, the `next_log_probs` of what it has read."""
    ids = np.asarray(texts.test.ids, dtype=np.int64)[:LINES_TARGETS]
    expected = model.next_log_probs([ids[:place] for place in range(len(ids))])
    reader = model.reader()
    for place, (token, row) in enumerate(zip(ids.tolist(), expected, strict=True)):
        if not np.allclose(reader.next_log_probs(), row, rtol=1e-5, atol=TOLERANCE):
            return f"after {place} tokens, its reader gives other probabilities than next_log_probs"
        reader.read(token)
    return None


def separate(model: LanguageModel, texts: Texts) -> str | None:
    """`log_probs_by_line` scores each line as `log_probs` scores it alone."""
    stream = texts.test.head(LINES_TARGETS)
    if stream.vocabulary.end is None:
        ids = texts.test.ids[:LINES_TARGETS]
        stream = TokenStream(ids, np.array([0, 2, 9, 30, len(ids)]), stream.vocabulary)
    scores = model.log_probs_by_line(stream)
    if scores.shape != (len(stream),):
        return f"log_probs_by_line has shape {scores.shape} for {len(stream)} targets"
    alone = np.concatenate([model.log_probs(line) for line in stream.each_line()])
    with np.errstate(invalid="ignore"):  # two zero probabilities (−∞ − −∞) agree
        worst = float(np.nan_to_num(np.abs(scores - alone), nan=0.0).max())
    if worst > TOLERANCE * max(1.0, float(np.abs(alone[np.isfinite(alone)]).max(initial=0)) / 10):
        return f"among other lines, a score differs by {worst:.4g} from that of its line alone"
    return None


def dense(model: LanguageModel, texts: Texts) -> str | None:
    """`distributions` at some places of a stream equals `next_log_probs` of their contexts."""
    places = np.array([0, 1, 2, 5, *range(6, len(texts.test), 41), len(texts.test) - 1])
    ids = np.asarray(texts.test.ids, dtype=np.int64)
    expected = model.next_log_probs([ids[:place] for place in places])
    blocks = list(model.distributions(texts.test, places, 3))
    sizes = [len(block) for block in blocks]
    if sizes != [3] * (len(places) // 3) + [len(places) % 3] * (len(places) % 3 > 0):
        return f"distributions yields blocks of {sizes} rows for {len(places)} places, three at a time"
    for place, a, b in zip(places, np.concatenate(blocks), expected, strict=True):
        if a.shape != b.shape or not np.allclose(a, b, rtol=1e-5, atol=TOLERANCE):
            return f"distributions at target {place} differs from next_log_probs of its context"
    return None


def durable(model: LanguageModel, texts: Texts) -> str | None:
    """`save`, then `load`, gives identical scores; nothing is pickled."""
    refused = mock.Mock(side_effect=AssertionError("load reads a pickle"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        folder.mkdir()
        model.save(folder)
        pickled = [path.name for path in folder.rglob("*") if path.is_file() and _is_pickle(path)]
        if pickled:
            return f"save wrote a pickle: {', '.join(pickled)}"
        with mock.patch.multiple("pickle", load=refused, loads=refused, Unpickler=refused):
            loaded = type(model).load(folder, texts.test.vocabulary)
        if not np.array_equal(loaded.log_probs(texts.test), model.log_probs(texts.test)):
            return "the loaded model scores the test text otherwise"
        if not np.array_equal(loaded.next_log_probs(texts.contexts), model.next_log_probs(texts.contexts)):
            return "the loaded model gives other next_log_probs"
    return None


def repeatable(model: LanguageModel, texts: Texts, again: LanguageModel) -> str | None:
    """Fitted again with the same settings, and other global random states, it scores the same."""
    if not np.array_equal(model.log_probs(texts.test), again.log_probs(texts.test)):
        return "a second fit with the same seed scores the test text otherwise"
    return None


def sized(model: LanguageModel, texts: Texts) -> str | None:
    """`size` names the bytes it needs and what it stores, in the terms of its family."""
    size = model.size()
    if size.bytes_in_memory < 0:
        return f"bytes_in_memory is {size.bytes_in_memory}"
    if size.parameters is None and size.entries is None:
        return "neither parameters nor entries is given"
    if model.family not in ("count", "neural", "mixture"):
        return f"family is {model.family!r}"
    if size.orders and ModelSize.of_orders(size.orders) != size:
        return f"its orders do not add up to {size.entries} entries and {size.bytes_in_memory} bytes"
    return None


def _is_pickle(path: Path) -> bool:
    """Whether a file is a pickle, or a zip of one as `torch.save` writes it."""
    head = path.read_bytes()[:4096]
    return (len(head) > 1 and head[0] == 0x80 and head[1] in range(2, 6)) or b"data.pkl" in head


def _shown(context: np.ndarray) -> str:
    return f"a context of {len(context)} tokens" if len(context) else "the empty context"
