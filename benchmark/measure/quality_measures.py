"""Measures of the likelihood that a model gives the text."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.measure.bits import bits_per_byte, bits_per_character, bits_per_token
from benchmark.measure.measure import Measure

if TYPE_CHECKING:
    from benchmark.record.result import Result


def _of_distribution(key: str) -> Callable[[Result], float | None]:
    """Reads a likelihood: None for a model whose scores do not sum to one over the vocabulary."""
    field: Callable[[Result], float | None] = attrgetter(key)
    return lambda result: field(result) if result.normalised else None


QUALITY: tuple[Measure, ...] = (
    Measure(
        key="test_perplexity",
        title="Test perplexity",
        noun="test perplexity",
        unit="",
        definition=(
            "exp(−Σ ln p / N) over all N test targets (Jelinek et al. 1977): how many equally likely next "
            "tokens the model hesitates between, on average. A model that knows nothing scores the size of "
            "the vocabulary."
        ),
        show=text.perplexity,
        better="lower",
        level="key",
        of=_of_distribution("test_perplexity"),
    ),
    Measure(
        key="test_perplexity_known",
        title="Known words only",
        noun="test perplexity of known words",
        unit="",
        definition=(
            "Test perplexity without the targets that are outside the vocabulary and count as <unk>. A large "
            "gap between the two means that <unk> itself is easy to predict."
        ),
        show=text.perplexity,
        better="lower",
        of=_of_distribution("test_perplexity_known"),
    ),
    Measure(
        key="test_perplexity_new",
        title="Without copied lines",
        noun="test perplexity without copied lines",
        unit="",
        definition=(
            "Test perplexity without the targets in lines of 11 words and more that the training text has, "
            "too. A model that remembers its training text loses by leaving them out."
        ),
        show=text.perplexity,
        better="lower",
        optional=True,
        of=_of_distribution("test_perplexity_new"),
    ),
    Measure(
        key="valid_perplexity",
        title="Validation perplexity",
        noun="validation perplexity",
        unit="",
        definition=(
            "The same on the validation text, on which settings, stopping points and mixture weights are "
            "chosen."
        ),
        show=text.perplexity,
        better="lower",
        of=_of_distribution("valid_perplexity"),
    ),
    Measure(
        key="bits_per_token",
        title="Bits per token",
        noun="bits per token",
        unit="bits",
        definition="−Σ log₂ p / N over all N test targets: the logarithm of test perplexity to base 2.",
        show=text.three_decimals,
        better="lower",
        level="data",
        of=bits_per_token,
    ),
    Measure(
        key="bits_per_character",
        title="Bits per character",
        noun="bits per character",
        unit="bits",
        definition=(
            "The bits that code the test text, divided by its characters: −Σ log₂ p over the test targets, "
            "and for each that is <unk> the bits that spell the word. Words are spelt by a character "
            "7-gram (Witten-Bell) of the training text's rare words (after Brown et al. 1992). The text is "
            "counted as its tokens hold it: with one space between words, a newline behind each line, and "
            "unknown words as they are spelt. There is no number where <unk> stands in the text itself (as "
            "in the Penn Treebank), nor for records from before unknown words were spelt."
        ),
        show=text.three_decimals,
        better="lower",
        optional=True,
        of=bits_per_character,
    ),
    Measure(
        key="bits_per_byte",
        title="Bits per byte",
        noun="bits per byte",
        unit="bits",
        definition=(
            "The same bits, divided by the bytes of the text in UTF-8. On the same text, it compares models "
            "over words, subwords, characters and bytes, and compressors."
        ),
        show=text.three_decimals,
        better="lower",
        optional=True,
        of=bits_per_byte,
    ),
    Measure(
        key="test_zero_probabilities",
        title="Zero probabilities",
        noun="number of targets with probability zero",
        unit="",
        definition="Test targets that the model gives probability zero. One makes perplexity infinite.",
        show=text.amount,
        better="lower",
        level="data",
        of=_of_distribution("test_zero_probabilities"),
    ),
    Measure(
        key="test_perplexity_nonzero",
        title="Perplexity without zeros",
        noun="test perplexity without zero probabilities",
        unit="",
        definition=(
            "Test perplexity of only those targets that have a probability above zero. They differ from "
            "model to model, so the values cannot be compared."
        ),
        show=text.perplexity,
        level="data",
        of=_of_distribution("test_perplexity_nonzero"),
    ),
)
