"""The stages of a run, in their order: fit, validate, score, save. Each adds its figures to the record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.check.answers import check_declared, scores_of, size_of, usable_scores
from benchmark.check.audit import audit
from benchmark.check.saving import check_files, check_saved
from benchmark.contract import LanguageModel, ScoresOnly
from benchmark.corpus import Corpus, TokenStream
from benchmark.costs import answering_costs, training_costs
from benchmark.measure.bits import text_figures
from benchmark.measure.blocks import block_losses, blocks_of
from benchmark.measure.breakdown import group_losses
from benchmark.measure.copies import without_copies
from benchmark.measure.energy import EnergyMeter
from benchmark.measure.frequency import by_frequency
from benchmark.measure.latency import latency
from benchmark.measure.memory import peak_device_bytes, peak_memory_bytes, reset_peak_device_bytes
from benchmark.measure.operations import operations
from benchmark.measure.perplexity import perplexity, summary
from benchmark.measure.predictions import predictions
from benchmark.measure.size import model_size, size_on_disk
from benchmark.measure.throughput import WARM_UP_TARGETS, timed_scores
from benchmark.record.blocks import write_blocks
from benchmark.record.folder import CHECKPOINT, SAMPLES, SCORES, VALID_SCORES
from benchmark.record.log import FileRunLog
from benchmark.record.losses import write_losses
from benchmark.record.result import Result
from benchmark.samples import samples
from benchmark.storage.files import atomic_folder, write_array, write_json


def fit(result: Result, model: LanguageModel, corpus: Corpus, log: FileRunLog, meter: EnergyMeter) -> Result:
    """Train the model: what it is, and what its training cost."""
    reset_peak_device_bytes()
    log.start_clock()
    if model.scores_only is not None:
        model.match(corpus.valid, corpus.test)
    model.fit(corpus.train, corpus.valid, log)
    seconds, tokens = log.training_seconds, log.trained_tokens or len(corpus.train)
    check_declared(model)
    result = replace(
        result,
        family=model.family,
        context=model.context,
        normalised=model.normalised,
        notes=list(model.notes),
    )
    if model.scores_only is not None:
        result = _without_distribution(result, model.scores_only)
        if not model.scores_only.computes:
            return _as_stated(result, model.scores_only)
    if not model.trained_here:
        return result
    return replace(result, **training_costs(log, seconds, tokens, model.trained_on, meter))


def _without_distribution(result: Result, declared: ScoresOnly) -> Result:
    """Why a model has no distribution, and what that means for its reader."""
    note = (
        f"No distribution ({declared.reason}): that its probabilities sum to 1 and do not know the words "
        "that they are of is not checked, and it has no ranks, entropy or samples."
    )
    return replace(result, no_distribution=declared.reason, notes=[*result.notes, note])


def _as_stated(result: Result, declared: ScoresOnly) -> Result:
    """The costs that are stated. What took its time here was reading files, which is no cost of the model."""
    return replace(
        result,
        train_seconds=declared.train_seconds,
        score_tokens_per_second=declared.score_tokens_per_second,
        device_name=declared.machine,
        threads=None,
    )


def validate(result: Result, model: LanguageModel, corpus: Corpus) -> tuple[Result, np.ndarray]:
    """Score the validation text: the record with its perplexity, and the scores."""
    scores = scores_of(model, corpus.valid)
    return replace(result, valid_perplexity=perplexity(scores)), scores


def score(
    result: Result, model: LanguageModel, corpus: Corpus, meter: EnergyMeter
) -> tuple[Result, np.ndarray]:
    """Score the test text: the record with all that is measured on it, and the scores."""
    without = model.scores_only
    if without is not None and not without.computes:
        scores = scores_of(model, corpus.test)
        sizes = model_size(size_of(model))
        return replace(result, **_quality(scores, corpus.test), **sizes, checked_contexts=0), scores
    reset_peak_device_bytes()
    warm_up, timed = timed_scores(model, corpus.test, meter)
    scores = usable_scores(model, timed.answers, len(corpus.test))
    memory, device_memory = peak_memory_bytes(), peak_device_bytes(model.scored_on.device)
    first = usable_scores(model, warm_up, len(corpus.test.head(WARM_UP_TARGETS)))
    checked_contexts = audit(model, corpus.test, scores, first)
    figures = replace(
        result,
        **_quality(scores, corpus.test),
        **answering_costs(timed, model.scored_on),
        **(_of_distributions(model, corpus.test, scores) if without is None else {}),
        **operations(model),
        **model_size(size_of(model)),
        checked_contexts=checked_contexts,
        peak_memory_bytes=None if model.outside else memory,
        score_peak_device_bytes=device_memory,
    )
    return figures, scores


def _of_distributions(model: LanguageModel, test: TokenStream, scores: np.ndarray) -> dict[str, Any]:
    """The fields of `Result` that follow from the model's distributions over the vocabulary."""
    return {**predictions(model, test, scores), **latency(model, test)}


def _quality(scores: np.ndarray, test: TokenStream) -> dict[str, Any]:
    """The fields of `Result` that follow from the scores of the test text."""
    return {
        **summary(scores, test),
        **without_copies(scores, test),
        **text_figures(test),
        **by_frequency(scores, test),
    }


def save(
    result: Result,
    model: LanguageModel,
    scores: np.ndarray,
    valid_scores: np.ndarray,
    corpus: Corpus,
    folder: Path,
) -> Result:
    """Write the model, its scores and what is computed from them into the run's folder."""
    with atomic_folder(folder / CHECKPOINT) as checkpoint:
        model.save(checkpoint)
        check_files(lambda: size_of(model).bytes_in_memory, checkpoint)
        rate = result.score_tokens_per_second or 1.0
        check_saved(model, checkpoint, corpus.vocabulary, corpus.test, scores, rate)
        on_disk = size_on_disk(checkpoint)
        corpus.vocabulary.save(checkpoint / "vocabulary.json")
        corpus.tokeniser.save(checkpoint)
    write_array(folder / SCORES, scores.astype(np.float32))
    write_array(folder / VALID_SCORES, valid_scores.astype(np.float32))
    write_losses(folder, group_losses(scores, corpus.train, corpus.test, corpus.keep))
    write_blocks(folder, block_losses(scores, blocks_of(corpus.test)))
    if model.scores_only is None:
        write_json(folder / SAMPLES, samples(model, corpus))
        kept = model.trained_here
    else:  # of scores alone, the files hold no model
        kept = model.trained_here and model.scores_only.computes
    return replace(result, **on_disk) if kept else result
