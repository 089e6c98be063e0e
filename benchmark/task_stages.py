"""The stages of a run of a task: fit, answer, save. Those of language models are in `benchmark.stages`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmark.build import build_task_model
from benchmark.costs import answering_costs, training_costs
from benchmark.job import Job
from benchmark.measure.effort import CoreClock
from benchmark.measure.energy import EnergyMeter
from benchmark.measure.memory import peak_device_bytes, peak_memory_bytes, reset_peak_device_bytes
from benchmark.measure.size import model_size, size_on_disk
from benchmark.measure.throughput import timed
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
    result, of_test, losses = _test(result, model, dataset, known, meter)
    result = _save(result, model, dataset, of_test, losses, folder)
    said = (reached(dataset.task.name, result.test_measures), zero_probability_note(result))
    log.info(f"test: {'; '.join(filter(None, said))}")
    return replace(result, status="ok")


def _fit(result: Result, model: TaskModel, dataset: Dataset, log: FileRunLog, meter: EnergyMeter) -> Result:
    reset_peak_device_bytes()
    log.start_clock()
    model.fit(dataset.train, dataset.valid, log)
    seconds, tokens = log.training_seconds, log.trained_tokens or _tokens(dataset.train)
    costs = training_costs(log, seconds, tokens, model.trained_on, meter)
    return replace(result, family=model.family, notes=list(model.notes), **costs)


def _test(
    result: Result, model: TaskModel, dataset: Dataset, known: frozenset[str], meter: EnergyMeter
) -> tuple[Result, Answered, Losses]:
    inputs = inputs_of(dataset.test)
    reset_peak_device_bytes()
    answers_of(model, inputs[:COMPARED])  # a warm-up
    device = model.scored_on.device
    found_in_time = timed(lambda: answers_of(model, inputs), _tokens(dataset.test), device, meter)
    memory, device_memory = peak_memory_bytes(), peak_device_bytes(device)
    found = answered(model, dataset.test, known, found_in_time.answers)
    independent(model, dataset.train, dataset.test[:COMPARED])
    losses = losses_of(dataset.task, found)
    result = replace(
        result,
        test_measures=measured(dataset.task, found, losses),
        test_zero_probabilities=zero_probabilities(losses),
        peak_memory_bytes=memory,
        score_peak_device_bytes=device_memory,
        **answering_costs(found_in_time, model.scored_on),
        **model_size(model.size()),
    )
    return result, found, losses


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
