"""Likelihoods in bits: of a token, and of the text itself as far as the scores are a code of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.corpus.stream import TokenStream
    from benchmark.record.result import Result


def text_figures(stream: TokenStream) -> dict[str, Any]:
    """What a record keeps of the test text, to divide by: its characters, its bytes, and the bits that
    spell its unknown words. None of each where the stream has no text."""
    text = stream.text
    return {
        "test_characters": text.characters if text else None,
        "test_bytes": text.bytes if text else None,
        "spelling_bits": text.spelling_bits if text else None,
    }


def bits_per_token(result: Result) -> float | None:
    """−Σ log₂ p / N over the N test targets: the logarithm of test perplexity to base 2, in bits.

    Infinite where perplexity is; None for scores that do not sum to one, and for a run without a score.
    """
    if not result.normalised or result.test_nll is None or not result.test_targets:
        return None
    return result.test_nll / math.log(2) / result.test_targets


def bits_per_character(result: Result) -> float | None:
    """The bits that code the test text, for each of its characters; None where they do not."""
    return _share(_text_bits(result), result.test_characters)


def bits_per_byte(result: Result) -> float | None:
    """The bits that code the test text, for each of its bytes in UTF-8; None where they do not."""
    return _share(_text_bits(result), result.test_bytes)


def why_no_code(result: Result) -> str | None:
    """Why the scores of a run are no code of its text, in words; None where they are one."""
    if _spelling_bits(result) is not None:
        return None
    if result.test_bytes is None:
        return "the record is from before unknown words were spelt"
    return "<unk> stands in the text itself, so nobody knows what to spell"


def _text_bits(result: Result) -> float | None:
    """−Σ log₂ p over the test targets, and the bits that spell those of them that are `<unk>`."""
    spelling = _spelling_bits(result)
    if spelling is None or not result.normalised or result.test_nll is None:
        return None
    return result.test_nll / math.log(2) + spelling


def _spelling_bits(result: Result) -> float | None:
    """Records from before spelling was charged need none where no target was `<unk>`."""
    return 0.0 if result.spelling_bits is None and result.oov_rate == 0 else result.spelling_bits


def _share(bits: float | None, length: int | None) -> float | None:
    return bits / length if bits is not None and length else None
