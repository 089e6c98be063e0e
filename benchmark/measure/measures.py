"""Every scalar measure of a run, each declared once.

Tables, figures, the verdict and the page's definitions all read `MEASURES`. To add a measure, write the
function that computes it, one entry here, and a test. An entry reads the field of `Result` named by its key;
a measure that follows from fields recorded already is computed by `of`, so that old runs have it as well.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.measure.bits import bits_per_byte, bits_per_character, bits_per_token
from benchmark.measure.measure import Measure

if TYPE_CHECKING:
    from benchmark.record.result import Result

#: What is said of every measure of the whole distribution.
_SAMPLED = "{}. Measured at up to 5,000 test targets, evenly spread over the text; ties are broken at random."


def _of_distribution(key: str) -> Callable[[Result], float | None]:
    """Reads a likelihood: None for a model whose scores do not sum to one over the vocabulary."""
    field: Callable[[Result], float | None] = attrgetter(key)
    return lambda result: field(result) if result.normalised else None


def _three_decimals(value: float | None) -> str:
    return text.decimals(value, 3)


MEASURES: tuple[Measure, ...] = (
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
        show=_three_decimals,
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
        show=_three_decimals,
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
        show=_three_decimals,
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
    Measure(
        key="accuracy_at_1",
        title="Top‑1",
        noun="top-1 accuracy",
        unit="",
        definition=_SAMPLED.format("The share of targets that are the most probable token"),
        show=text.percent,
        better="higher",
        optional=True,
    ),
    Measure(
        key="accuracy_at_5",
        title="Top‑5",
        noun="top-5 accuracy",
        unit="",
        definition=_SAMPLED.format("The share of targets among the five most probable tokens"),
        show=text.percent,
        better="higher",
        level="data",
        optional=True,
    ),
    Measure(
        key="accuracy_at_10",
        title="Top‑10",
        noun="top-10 accuracy",
        unit="",
        definition=_SAMPLED.format("The share of targets among the ten most probable tokens"),
        show=text.percent,
        better="higher",
        level="data",
        optional=True,
    ),
    Measure(
        key="reciprocal_rank",
        title="Mean reciprocal rank",
        noun="mean reciprocal rank",
        unit="",
        definition=_SAMPLED.format(
            "The mean of 1 / rank of the target when tokens are sorted by probability (Voorhees 1999)"
        ),
        show=_three_decimals,
        better="higher",
        level="data",
        optional=True,
    ),
    Measure(
        key="entropy_bits",
        title="Entropy",
        noun="entropy of the predictive distribution",
        unit="bits",
        definition=_SAMPLED.format(
            "The mean of −Σ p log₂ p over the vocabulary. A model whose entropy is below its bits per token "
            "is more certain than it should be"
        ),
        show=_three_decimals,
        level="data",
        optional=True,
    ),
    Measure(
        key="calibration_error",
        title="Calibration error",
        noun="calibration error",
        unit="",
        definition=_SAMPLED.format(
            "How far the probability of the most probable token is from how often it is right: the mean over "
            "15 bins of equal width, weighted by their targets (expected calibration error: Naeini et al. "
            "2015; Guo et al. 2017)"
        ),
        show=text.percent,
        better="lower",
        level="data",
        optional=True,
    ),
    Measure(
        key="bytes_in_memory",
        title="Memory",
        noun="memory",
        unit="bytes",
        definition=(
            "The arrays that scoring needs in memory, in decimal units (1 MB is 1,000,000 bytes). It is "
            "comparable between models of any kind."
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
        definition="The files of the saved model.",
        show=text.size,
        better="lower",
        level="data",
    ),
    Measure(
        key="train_seconds",
        title="Training",
        noun="training time",
        unit="seconds",
        definition="Wall-clock time of training, without the evaluations in between.",
        show=text.duration,
        better="lower",
        timed=True,
        cost=True,
        level="key",
    ),
    Measure(
        key="train_tokens_per_second",
        title="Training, tokens/s",
        noun="training speed",
        unit="tokens/s",
        definition="Tokens trained on, counting every pass over the text, divided by the training time.",
        show=text.amount,
        better="higher",
        timed=True,
    ),
    Measure(
        key="score_tokens_per_second",
        title="Scoring, tokens/s",
        noun="scoring speed",
        unit="tokens/s",
        definition="Test tokens scored per second after a warm-up, the median of up to five readings.",
        show=text.amount,
        better="higher",
        timed=True,
        cost=True,
        level="key",
    ),
    Measure(
        key="peak_memory_bytes",
        title="Peak memory",
        noun="peak memory",
        unit="bytes",
        definition="The most memory that the process of the run held resident.",
        show=text.size,
        better="lower",
        timed=True,
    ),
    Measure(
        key="peak_device_bytes",
        title="Peak GPU memory",
        noun="peak GPU memory in training",
        unit="bytes",
        definition="The most memory that tensors held on the GPU during training, validations included.",
        show=text.size,
        better="lower",
        timed=True,
        optional=True,
    ),
    Measure(
        key="score_peak_device_bytes",
        title="Peak GPU memory, scoring",
        noun="peak GPU memory in scoring",
        unit="bytes",
        definition="The most memory that tensors held on the GPU while the test text was scored.",
        show=text.size,
        better="lower",
        timed=True,
        optional=True,
    ),
    Measure(
        key="train_joules",
        title="Training energy",
        noun="training energy",
        unit="joules",
        definition=(
            "Energy spent during the training time, as the machine's own counters tell: of the GPU board by "
            "NVML if a GPU was used, and of the processor packages by RAPL (Intel and AMD) if they may be "
            "read. Everything that ran on these parts is in it. The column “Energy of” says what was "
            "counted; figures for other parts are not comparable."
        ),
        show=text.energy,
        better="lower",
        timed=True,
        optional=True,
    ),
    Measure(
        key="score_joules",
        title="Scoring energy",
        noun="scoring energy",
        unit="joules",
        definition="Energy of scoring the test text once, after a warm-up, counted like that of training.",
        show=text.energy,
        better="lower",
        timed=True,
        optional=True,
    ),
)

BY_KEY = {measure.key: measure for measure in MEASURES}
#: What perplexity is weighed against.
COSTS = tuple(measure for measure in MEASURES if measure.cost)

# The measures that some part of the report singles out.
TEST_PERPLEXITY = BY_KEY["test_perplexity"]
#: Those of the whole distribution.
PREDICTIONS = tuple(
    BY_KEY[key]
    for key in (
        "accuracy_at_1",
        "accuracy_at_5",
        "accuracy_at_10",
        "reciprocal_rank",
        "entropy_bits",
        "calibration_error",
    )
)
VALID_PERPLEXITY = BY_KEY["valid_perplexity"]
ZERO_PROBABILITIES = BY_KEY["test_zero_probabilities"]
PERPLEXITY_NONZERO = BY_KEY["test_perplexity_nonzero"]
TRAIN_SECONDS = BY_KEY["train_seconds"]
