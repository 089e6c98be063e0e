"""Puts the numbers of a file onto the targets of a text, and says where they do not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from baselines.scores.read import Column
from benchmark.contract import TokenStream
from benchmark.errors import UserError

#: What the numbers of a file are, and what each is multiplied by to be ln p; of a probability, ln is taken.
Scale = Literal["probability", "ln", "log2", "log10", "loss", "bits"]
FACTORS = {"ln": 1.0, "log2": np.log(2), "log10": np.log(10), "loss": -1.0, "bits": -np.log(2)}

#: Which first tokens a file leaves out: none, that of the text, or that of every line.
First = Literal["none", "text", "lines"]

#: By how much rounding may raise ln p above 0.
_ROUNDING = 1e-4


@dataclass(frozen=True)
class Gaps:
    """The targets that a file says nothing of.

    `first`: first tokens. `ends`: the `</s>` of every line.
    """

    first: First = "none"
    ends: bool = False


def log_probs(column: Column, scale: Scale) -> np.ndarray:
    """ln p float64 [entries]. Raises UserError naming the first number that cannot be of this scale."""
    numbers = column.numbers
    if column.compact and scale != "ln":
        raise UserError(f"{column.path} holds natural logarithms: model.scale={scale} does not fit, ln does")
    if scale == "probability":
        wrong = ~((numbers >= 0) & (numbers <= 1 + _ROUNDING))
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = np.log(numbers)
    else:
        scores = numbers * FACTORS[scale]
        wrong = ~(scores <= _ROUNDING)
    if wrong.any():
        entry = int(wrong.argmax())
        raise UserError(
            f"{column.at(entry)}: {numbers[entry]:.6g} cannot be p with model.scale={scale}; "
            f"{int(wrong.sum()):,} of {len(numbers):,} numbers cannot{_guess(numbers)}"
        )
    return np.minimum(scores, 0.0)


def _guess(numbers: np.ndarray) -> str:
    """What the numbers may be instead."""
    if np.isnan(numbers).any():
        return ""
    if numbers.min() >= 0:
        return (
            "; they may be probabilities (model.scale=probability)"
            if numbers.max() <= 1
            else "; they may be losses: loss for −ln p, bits for −log2 p"
        )
    if numbers.max() <= 0:
        return "; they may be logarithms: ln, log2 or log10"
    return ""


def aligned(column: Column, scores: np.ndarray, stream: TokenStream, gaps: Gaps, end: str) -> np.ndarray:
    """ln p of every target of a text: float32 [targets], from those of the file, float64 [entries].

    The file's tokens, if it has any, must be those of the text; `end` is what it calls `</s>`. What it says
    nothing of is filled in, so that what it says stays a distribution where it is one. With the relative
    frequency q(w) = (c(w) + 1) / (N + V) of the training text, N its tokens and V those of the vocabulary, a
    missing first token costs −ln q(w). A missing `</s>` costs −ln q(</s>), and each word of the file has its
    probability times 1 − q(</s>).

    Raises UserError where the tokens or their number are others.
    """
    given = given_targets(stream, gaps)
    misfit = _misfit(column, stream, given, end)
    if misfit:
        raise UserError(f"{misfit}{_way_out(column, stream, gaps, end)}")
    log_q = _log_frequencies(stream)
    filled = log_q[np.asarray(stream.ids, dtype=np.int64)]
    within = scores
    if gaps.ends:
        within = scores + np.log1p(-np.exp(log_q[stream.vocabulary.end]))
    filled[given] = within
    return filled.astype(np.float32)


def given_targets(stream: TokenStream, gaps: Gaps) -> np.ndarray:
    """The indices of the targets that a file with these gaps has numbers of: int64, ascending.

    Raises UserError where lines have no `</s>` to leave out.
    """
    given = np.ones(len(stream), dtype=bool)
    if gaps.first == "text":
        given[:1] = False
    elif gaps.first == "lines":
        given[stream.lines[:-1][np.diff(stream.lines) > 0]] = False
    if gaps.ends:
        if stream.vocabulary.end is None:
            raise UserError("model.missing_ends=true does not fit: this corpus has no </s> among its targets")
        given &= np.asarray(stream.ids) != stream.vocabulary.end
    return np.flatnonzero(given)


def _log_frequencies(stream: TokenStream) -> np.ndarray:
    counts = stream.vocabulary.counts.astype(np.float64) + 1
    log_q: np.ndarray = np.log(counts / counts.sum())
    return log_q


def _misfit(column: Column, stream: TokenStream, given: np.ndarray, end: str) -> str:
    """How the file differs from the targets that it should have numbers of; empty if it does not.

    A word that the vocabulary lacks is `<unk>`.
    """
    entries, wanted = len(column.numbers), len(given)
    if column.tokens is not None:
        vocabulary = stream.vocabulary
        unknown = -1 if vocabulary.unknown is None else vocabulary.unknown
        names = vocabulary.ids if vocabulary.end is None else {**vocabulary.ids, end: vocabulary.end}
        both = min(wanted, entries)
        ours = np.asarray(stream.ids)[given[:both]].astype(np.int64)
        theirs = np.array([names.get(token, unknown) for token in column.tokens[:both]], dtype=np.int64)
        misfits = np.flatnonzero(ours != theirs)
        if len(misfits):
            entry = int(misfits[0])
            return (
                f"{column.at(entry)}: the token {column.tokens[entry]!r} stands where the text has "
                f"{vocabulary.tokens[ours[entry]]!r}, its target {given[entry] + 1:,}; {len(misfits):,} of "
                f"{both:,} tokens differ"
            )
    if entries == wanted:
        return ""
    count = f"more than {wanted:,}" if entries > wanted and column.unit == "line" else f"{entries:,}"
    return f"{column.path} does not fit the text: it has {count} scores for {wanted:,} targets"


def _way_out(column: Column, stream: TokenStream, gaps: Gaps, end: str) -> str:
    """The settings with which a file would fit, if there are any, as the end of a message."""
    ways: dict[str, Gaps] = {
        "model.missing_first=text": Gaps("text", gaps.ends),
        "model.missing_first=lines": Gaps("lines", gaps.ends),
        "model.missing_first=none": Gaps("none", gaps.ends),
    }
    if stream.vocabulary.end is not None:
        ways |= {
            "model.missing_ends=true": Gaps(gaps.first, ends=True),
            "model.missing_ends=false": Gaps(gaps.first),
            "model.missing_first=text model.missing_ends=true": Gaps("text", ends=True),
        }
    for way, other in ways.items():
        if not _misfit(column, stream, given_targets(stream, other), end):
            return f"; with {way} it would fit"
    names = set(column.tokens or ())
    other_end = next((name for name in ("</s>", "<eos>", "<EOS>", "<|endoftext|>") if name in names), None)
    if stream.vocabulary.end is not None and end not in names and other_end:
        return f"; model.end='{other_end}' tells what the file calls the ends of lines"
    return ""
