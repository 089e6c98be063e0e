"""The record of a run: every field once, with its type, meaning and unit; to and from JSON.

`result.json` is flat. JSON has no infinity, so an infinite number is written as the string "inf" and is
a float again once it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from typing import Annotated, Any, Literal, Self

from benchmark.contract import Context, Family
from benchmark.errors import UserError
from benchmark.record.field_types import SEVERAL_LINES, readers_of
from benchmark.record.labels import telling_label
from benchmark.setting_marks import Bounds
from benchmark.storage.files import json_values

Status = Literal["ok", "failed", "diverged", "skipped"]

Share = Annotated[float, Bounds(ge=0, le=1)]
Text = Annotated[str, SEVERAL_LINES]

#: A run with one of these statuses is not repeated: the same settings would end the same way.
#: A failed or skipped one is tried again, since its reason may be gone (memory, a missing package).
SETTLED: frozenset[str] = frozenset({"ok", "diverged"})


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run recorded. A figure is None where the run did not get as far as measuring it.

    `seconds` are wall-clock seconds, `bytes` are bytes, `nll` is a negative log-likelihood in nats.
    """

    # --- which run it is ---
    #: 12 hexadecimal digits over what determines the outcome (see `record.identity`).
    run_id: str
    status: Status
    #: Why the run did not end well; one line, or the error's message.
    reason: Text | None = None
    #: The stack trace.
    traceback: Text | None = None
    #: Name of the `conf/model` file.
    model: str
    #: What the model is called in tables.
    label: str
    #: Name of the `conf/corpus` file.
    corpus: str
    #: What the corpus is called in tables.
    corpus_title: str | None = None
    #: None for a model that draws no random numbers.
    seed: int | None = None
    #: The model's configuration, its components' and its training's included.
    model_settings: dict[str, Any] | None = None
    #: The model settings of the finished runs that it builds upon, by the folders that its settings name.
    built_on: dict[str, dict[str, Any]] | None = None
    #: How much of the training split was learnt from.
    train_share: Annotated[float, Bounds(gt=0, le=1)] = 1.0

    # --- what it was scored on ---
    #: 12 hexadecimal digits over the set of events; runs are ranked only against others of the same.
    protocol_id: str | None = None
    protocol_text: str | None = None
    protocol_tokens: str | None = None
    protocol_vocabulary: str | None = None
    protocol_unknown: str | None = None
    protocol_end_of_line: str | None = None
    #: Types in the vocabulary, `<unk>` and `</s>` included.
    vocabulary_size: int | None = None
    #: Tokens in the training split.
    train_targets: int | None = None
    #: Shares of the validation and the test targets in lines copied from the training text (see
    #: `benchmark.corpus.overlap`).
    valid_copied: Share | None = None
    test_copied: Share | None = None
    #: Shares of documents that are in the training split as well; None where documents are not known.
    valid_documents_copied: Share | None = None
    test_documents_copied: Share | None = None
    #: Published perplexities on this corpus, as its configuration lists them.
    published: list[dict[str, Any]] = field(default_factory=list)

    # --- what kind of model it is ---
    family: Family | None = None
    #: `sentence` or `stream`: where the history begins.
    context: Context | None = None
    #: Whether the scores sum to one over the vocabulary.
    normalised: bool = True
    #: Why the model has no distribution over the vocabulary, but scores of the targets alone; None if it has.
    no_distribution: str | None = None
    #: What a reader must know beside its figures, a sentence each.
    notes: list[str] = field(default_factory=list)

    #: Contexts of the test text by which its scores were held to the contract (see `benchmark.check.audit`),
    #: the probabilities after them included; 0 for a model without a distribution. None in records from
    #: before that was done.
    checked_contexts: int | None = None

    # --- quality ---
    test_nll: float | None = None
    #: Number of scored test tokens.
    test_targets: int | None = None
    test_perplexity: float | None = None
    #: Without `<unk>` targets.
    test_perplexity_known: float | None = None
    #: Targets with probability 0; of a task, items.
    test_zero_probabilities: int | None = None
    #: Of the targets with a probability above 0 alone.
    test_perplexity_nonzero: float | None = None
    #: Without the targets in lines copied from the training text.
    test_perplexity_new: float | None = None
    valid_perplexity: float | None = None
    #: Share of `<unk>` among the test targets.
    oov_rate: Share | None = None
    #: Code points in the test text as its tokens hold it (see `benchmark.corpus.CodedText`).
    test_characters: int | None = None
    #: Its bytes in UTF-8. None in records from before unknown words were spelt; those count the code points
    #: of the text as it was before tokenisation.
    test_bytes: int | None = None
    #: Bits that spell its `<unk>` targets; None where `<unk>` stands in the text itself, too.
    spelling_bits: float | None = None
    #: Least training count of each bucket of targets.
    bucket_edges: list[int] = field(default_factory=list)
    bucket_targets: list[int] = field(default_factory=list)
    bucket_nll: list[float] = field(default_factory=list)

    # --- the whole distribution, at a sample of the test targets (see `measure.predictions`) ---
    #: Targets in the sample.
    sampled_targets: int | None = None
    #: Shares of them among the 1, 5 and 10 most probable tokens.
    accuracy_at_1: Share | None = None
    accuracy_at_5: Share | None = None
    accuracy_at_10: Share | None = None
    #: The mean of 1 / rank.
    reciprocal_rank: Share | None = None
    #: The mean entropy of the distributions.
    entropy_bits: float | None = None
    #: The mean distance between the confidence of the most probable token and how often it is right.
    calibration_error: Share | None = None
    #: By bin of that confidence: targets, the sum of confidences, and how many were predicted right.
    reliability_targets: list[int] = field(default_factory=list)
    reliability_confidence: list[float] = field(default_factory=list)
    reliability_right: list[float] = field(default_factory=list)

    # --- a task beside language modelling: its name in `benchmark.task.tasks`, items, and measures by key ---
    task: str | None = None
    train_items: int | None = None
    test_items: int | None = None
    #: Distinct labels of the training items. None in records from before they were counted.
    train_labels: int | None = None
    #: Items with a label that no training item has; no answer to them is right.
    valid_new_labels: int | None = None
    test_new_labels: int | None = None
    valid_measures: dict[str, float] = field(default_factory=dict)
    test_measures: dict[str, float] = field(default_factory=dict)

    # --- size ---
    #: Trained numbers.
    parameters: int | None = None
    #: Stored n-grams.
    entries: int | None = None
    #: The model's arrays.
    bytes_in_memory: int | None = None
    #: N-grams of each order from 1 up, and the bytes of their arrays; empty for what is no n-gram table.
    order_entries: list[int] = field(default_factory=list)
    order_bytes: list[int] = field(default_factory=list)
    #: The saved model's files.
    bytes_on_disk: int | None = None
    #: The same, compressed (see `measure.size`).
    bytes_compressed: int | None = None

    # --- cost ---
    #: Training without its evaluations.
    train_seconds: float | None = None
    #: Tokens trained on, counting each reading of the text.
    train_tokens: int | None = None
    #: None for a model made of others: tokens of unlike models make no rate.
    train_tokens_per_second: float | None = None
    #: Of a model made of others, its components in the order of their training, each with its own components.
    #: `train_seconds`, `train_tokens` and `train_joules` are those of all and of what joins them.
    part_names: list[str] = field(default_factory=list)
    part_seconds: list[float] = field(default_factory=list)
    part_tokens: list[int] = field(default_factory=list)
    part_joules: list[float | None] = field(default_factory=list)
    #: Core-seconds of training, with its evaluations, and of scoring the validation text: what a search pays
    #: for the run (see `measure.effort`). None for a training that was interrupted.
    search_core_seconds: float | None = None
    #: The quartiles of that speed between the rows of the training curve, and the number of such stretches.
    train_tokens_per_second_low: float | None = None
    train_tokens_per_second_high: float | None = None
    train_stretches: int | None = None
    #: The median of several readings of the test text; the lowest and the highest, and how many there were.
    score_tokens_per_second: float | None = None
    score_tokens_per_second_low: float | None = None
    score_tokens_per_second_high: float | None = None
    score_readings: int | None = None
    #: Reading one token and giving the distribution of the next, one at a time: the median, and the time
    #: that one reading in a hundred exceeds.
    next_token_seconds: float | None = None
    next_token_seconds_p99: float | None = None
    next_token_readings: int | None = None
    #: Drawing a token from such a distribution, as generation does: the median.
    draw_seconds: float | None = None
    #: Floating-point operations of one token, a multiply-add being two, in training with its gradients.
    train_operations: float | None = None
    score_operations: float | None = None
    #: The most that the device computes in a second in these number formats, in products of large matrices.
    train_peak_operations: float | None = None
    score_peak_operations: float | None = None
    #: From the start of a process until it has loaded the saved model, imports included; and loading it
    #: again, when everything is imported (see `measure.footprint`, for the rest as well).
    start_seconds: float | None = None
    load_seconds: float | None = None
    #: Resident memory of that process without a model, and its growth by a loaded one, and at most while it
    #: scores the first `footprint_targets` test targets, loaded model included.
    base_resident_bytes: int | None = None
    load_resident_bytes: int | None = None
    score_resident_bytes: int | None = None
    footprint_targets: int | None = None
    #: Most memory the process of the run held resident.
    peak_memory_bytes: int | None = None
    #: Most memory that tensors held on the CUDA device in training, with its validations. Under `torchrun`,
    #: that of the process of rank 0.
    peak_device_bytes: int | None = None
    #: The same in scoring the test text.
    score_peak_device_bytes: int | None = None
    #: Joules spent in `train_seconds` by the parts of the machine that `train_joules_of` names. None where
    #: the machine does not count them, and for a training that was interrupted or had several processes.
    train_joules: float | None = None
    #: `GPU board`, `CPU package` or both, whatever program used them.
    train_joules_of: str | None = None
    #: Joules of scoring the test text once.
    score_joules: float | None = None
    score_joules_of: str | None = None

    # --- on what it was computed ---
    threads: int | None = None
    #: The processor's or GPU's name.
    device_name: str | None = None
    #: As torch names it: `cpu`, `cuda:0`.
    train_device: str | None = None
    #: Number format of the products in training: float64, float32, tf32, bfloat16.
    train_dtype: str | None = None
    #: Sequences trained on side by side; None for a model that is not trained in batches.
    train_batch: int | None = None
    score_device: str | None = None
    #: Number format of the arithmetic in scoring.
    score_dtype: str | None = None
    #: Sequences scored side by side; None if there are no batches, or their size varies.
    score_batch: int | None = None

    # --- where it comes from ---
    #: ISO 8601, UTC.
    started: str | None = None
    #: The command line that repeats the run.
    command: Text = ""
    version: str | None = None
    #: The checkout's commit; None outside a checkout.
    commit: str | None = None
    #: Whether the code was changed since that commit.
    commit_dirty: bool | None = None
    #: The versions that its numbers rest on, by the class or the package that declares each (see
    #: `record.versions`).
    versions: dict[str, int] = field(default_factory=dict)
    #: SHA-256 over the code that the run went through (see `record.source`).
    source: str | None = None

    @property
    def settled(self) -> bool:
        """Whether the run need not be repeated."""
        return self.status in SETTLED

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values, infinities as strings."""
        return dict(json_values(asdict(self)))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The record in a JSON object; unknown fields are ignored. A label that only says how a mixture joins
        its components names them (see `record.labels`).

        Raises UserError naming the field that is missing, of another type or out of its bounds.
        """
        readers = readers_of(Result)
        missing = [entry.name for entry in fields(cls) if _required(entry) and entry.name not in data]
        if missing:
            raise UserError(f"the field {missing[0]!r} is missing")
        read = {}
        for name, value in data.items():
            if name in readers:
                try:
                    read[name] = readers[name](value)
                except TypeError as error:
                    raise UserError(f"the field {name!r} is {str(value)[:60]!r}, not {error}") from None
        return cls(**(read | {"label": telling_label(read["label"], read.get("model_settings"))}))


def _required(entry: Field[Any]) -> bool:
    return entry.default is MISSING and entry.default_factory is MISSING
