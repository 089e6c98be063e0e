"""The stages of a run of a task: fit, answer, save. Those of language models are in `benchmark.stages`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.build import build_task_model
from benchmark.job import Job
from benchmark.measure.effort import CoreClock
from benchmark.measure.energy import EnergyMeter
from benchmark.measure.memory import peak_device_bytes, peak_memory_bytes, reset_peak_device_bytes
from benchmark.measure.size import model_size, size_on_disk
from benchmark.measure.throughput import training_spread
from benchmark.record import provenance
from benchmark.record.folder import CHECKPOINT
from benchmark.record.log import FileRunLog
from benchmark.record.result import Result
from benchmark.storage.files import atomic_folder
from benchmark.task.answers import answered, answers_of, readable
from benchmark.task.answers_file import write_answers
from benchmark.task.contract import TaskModel
from benchmark.task.dataset import Dataset
from benchmark.task.item_losses import write_item_losses
from benchmark.task.items import Items, inputs_of, known_tokens
from benchmark.task.measured import (
    Losses,
    losses_of,
    measured,
    new_labels_note,
    zero_probabilities,
    zero_probability_note,
)
from benchmark.task.measures import Answered
from benchmark.task.rules import COMPARED, check_saved, independent
from benchmark.task.tasks import reached

#: Answering takes at least this long in all, and no more readings, since one short reading is mostly noise.
LEAST_SECONDS, MOST_READINGS = 1.0, 5


def computed(
    result: Result,
    job: Job,
    dataset: Dataset,
    folder: Path,
    log: FileRunLog,
    meter: EnergyMeter,
    clock: CoreClock,
) -> Result:
    """The record of a run that ends well. Each step adds its figures to it."""
    model = build_task_model(job.config["model"], dataset.task)
    known = known_tokens(dataset.train)
    if note := new_labels_note(result):
        log.info(note)
    with clock.running():
        result = _fit(result, model, dataset, log, meter)
        of_valid = answered(model, dataset.valid, known)
    valid_measures = measured(dataset.task, of_valid, losses_of(dataset.task, of_valid))
    result = replace(result, valid_measures=valid_measures)
    result, of_test, losses = _test(result, model, dataset, known)
    result = _save(result, model, dataset, of_test, losses, folder)
    said = (reached(dataset.task.name, result.test_measures), zero_probability_note(result))
    log.info(f"test: {'; '.join(filter(None, said))}")
    return replace(result, status="ok")


def _fit(result: Result, model: TaskModel, dataset: Dataset, log: FileRunLog, meter: EnergyMeter) -> Result:
    reset_peak_device_bytes()
    log.start_clock()
    model.fit(dataset.train, dataset.valid, log)
    seconds, tokens = log.training_seconds, log.trained_tokens or _tokens(dataset.train)
    computed_on = model.trained_on
    energy = meter.spent(computed_on.device) if log.whole else None
    return replace(
        result,
        family=model.family,
        notes=list(model.notes),
        train_seconds=seconds,
        train_tokens=tokens,
        train_tokens_per_second=tokens / seconds if seconds > 1e-3 else None,
        **training_spread(log.rows),
        peak_device_bytes=peak_device_bytes(computed_on.device),
        train_joules=energy.joules if energy else None,
        train_joules_of=energy.covers if energy else None,
        train_device=computed_on.device,
        train_dtype=computed_on.dtype,
        train_batch=computed_on.batch,
    )


def _test(
    result: Result, model: TaskModel, dataset: Dataset, known: frozenset[str]
) -> tuple[Result, Answered, Losses]:
    timed = _timed_answers(model, dataset.test)
    memory = peak_memory_bytes()
    found = answered(model, dataset.test, known, timed.answers)
    independent(model, dataset.train, dataset.test[:COMPARED])
    losses = losses_of(dataset.task, found)
    result = replace(
        result,
        test_measures=measured(dataset.task, found, losses),
        test_zero_probabilities=zero_probabilities(losses),
        score_tokens_per_second=float(np.median(timed.rates)),
        score_tokens_per_second_low=min(timed.rates),
        score_tokens_per_second_high=max(timed.rates),
        score_readings=len(timed.rates),
        peak_memory_bytes=memory,
        device_name=provenance.device_name(model.scored_on.device),
        score_device=model.scored_on.device,
        score_dtype=model.scored_on.dtype,
        score_batch=model.scored_on.batch,
        **model_size(model.size()),
    )
    return result, found, losses


@dataclass(frozen=True)
class _TimedAnswers:
    answers: Any
    rates: Sequence[float]


def _timed_answers(model: TaskModel, items: Items) -> _TimedAnswers:
    """Answers to items, after a warm-up, and the tokens a second of each reading."""
    inputs, tokens = inputs_of(items), _tokens(items)
    answers_of(model, inputs[:COMPARED])
    seconds: list[float] = []
    while sum(seconds) < LEAST_SECONDS and len(seconds) < MOST_READINGS:
        begun = time.perf_counter()
        answers = answers_of(model, inputs)
        seconds.append(time.perf_counter() - begun)
    return _TimedAnswers(answers, [tokens / each for each in seconds])


def _save(
    result: Result, model: TaskModel, dataset: Dataset, found: Answered, losses: Losses, folder: Path
) -> Result:
    with atomic_folder(folder / CHECKPOINT) as checkpoint:
        model.save(checkpoint)
        check_saved(model, checkpoint, inputs_of(dataset.test)[:COMPARED])
        on_disk = size_on_disk(checkpoint)
    write_item_losses(folder, losses)
    write_answers(folder, dataset.test, readable(model, found.answers))
    return replace(result, **on_disk)


def _tokens(items: Items) -> int:
    return sum(len(item.input.tokens) for item in items)
