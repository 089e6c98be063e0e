"""One run, from config to record: fit, score, save, record."""

from __future__ import annotations

import shlex
import shutil
import sys
import traceback
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import benchmark
from benchmark import stages, task_stages
from benchmark.build import build_model
from benchmark.contract import RunLog
from benchmark.corpus import Corpus
from benchmark.errors import BrokenContract, Diverged, NeedsSetting, Skip, UnknownSetting, UserError
from benchmark.job import Job, Say
from benchmark.loggers.feed import LoggerFeed
from benchmark.measure.copies import copied_shares
from benchmark.measure.effort import CoreClock
from benchmark.measure.energy import EnergyMeter
from benchmark.measure.footprint import footprint
from benchmark.measure.perplexity import perplexity_line
from benchmark.record import provenance, repetition
from benchmark.record.folder import (
    CHECKPOINT,
    CONFIG,
    ENVIRONMENT,
    OURS,
    RESULT,
    WORKSPACE,
    finished,
    write_checksums,
    write_result,
)
from benchmark.record.identity import built_on, current_source, current_versions, protocol_id, seed_of
from benchmark.record.links import refuse_links
from benchmark.record.log import FileRunLog
from benchmark.record.progress import Report
from benchmark.record.result import Result
from benchmark.storage.files import locked, write_json, write_text
from benchmark.task.dataset import Dataset
from benchmark.task.items import copied_share, labels_of, new_labels
from benchmark.traces import described, ended_process, modules_of
from benchmark.trust import allow


def execute(job: Job, *, report: Report | None = None) -> Result:
    """Run a job, or find it finished; returns its record, which is on disk by then.

    Whatever the baseline raises becomes the record's status and reason. Raises UserError only for
    what the user must mend first (settings, corpus, disk): nothing is recorded then. With
    `impossible=skip`, as in a sweep, settings that the model refuses are a skipped run. The progress of
    training goes to `report`; without one it is printed, now and then.
    """
    allow(job.config.get("allow", []))
    corpus = job.open(_say(job))
    folder = job.folder(corpus.fingerprint)
    refuse_links(folder)
    repetition.clear_up_around(folder)
    with locked(folder, busy=lambda: _say(job)("another process is at this run; waiting for it")):
        repetition.settle(folder)
        if not job.config["force"] and (earlier := finished(folder)) is not None:
            repetition.give_up(folder)
            return earlier
        place = repetition.begin(folder)
        if job.config["force"] and place == folder:
            shutil.rmtree(folder / WORKSPACE, ignore_errors=True)
        try:
            result = _recorded(job, corpus, place, report)
        except UserError:
            _forget(place)
            raise
        if place != folder and result.settled:
            repetition.take_place(place, folder)
        return result


def assist(job: Job) -> None:
    """Train beside the process of rank 0, which records the run: another rank under `torchrun`."""
    allow(job.config.get("allow", []))
    if job.task is not None:
        return  # models of tasks are trained by one process
    corpus = job.open_corpus(lambda line: None)
    model = build_model(job.config["model"])
    if model.family != "count":  # n-gram models are not trained by several processes
        model.fit(corpus.train, corpus.valid, RunLog())


def record_failure(job: Job, corpus_fingerprint: str, reason: str) -> Result:
    """Record a run whose process died without a word (killed, out of memory)."""
    folder = job.folder(corpus_fingerprint)
    refuse_links(folder)
    folder.mkdir(parents=True, exist_ok=True)  # it may have died before it began
    result = replace(_begun(job, folder.name), reason=reason)
    write_result(repetition.begin(folder), result)
    return result


def _recorded(job: Job, corpus: Corpus | Dataset, folder: Path, report: Report | None) -> Result:
    write_text(folder / CONFIG, _yaml(job))
    result = _with_events(_begun(job, job.run_id(corpus.fingerprint)), corpus)
    meter, clock = EnergyMeter(), CoreClock()
    say = _say(job)
    with closing(LoggerFeed(job.config.get("loggers", ()), job.results_dir, result, say)) as feed:
        with FileRunLog(folder, job.title, meter, report, told=feed.curve) as log:
            try:
                if isinstance(corpus, Dataset):
                    result = task_stages.computed(result, job, corpus, folder, log, meter, clock)
                else:
                    result = _computed(result, job, corpus, folder, log, meter, clock)
            except (Exception, SystemExit) as error:
                result = replace(result, **_ending(error, job))
                if result.status == "failed":
                    log.info(str(result.reason))
            if log.whole and result.no_distribution is None:
                spent = clock.core_seconds(result.train_device or "cpu")
                result = replace(result, search_core_seconds=spent)
        write_json(folder / ENVIRONMENT, provenance.environment())
        write_checksums(folder)
        write_result(folder, result)
        feed.finish(result)
    if result.settled:
        shutil.rmtree(folder / WORKSPACE, ignore_errors=True)
    return result


def _computed(
    result: Result,
    job: Job,
    corpus: Corpus,
    folder: Path,
    log: FileRunLog,
    meter: EnergyMeter,
    clock: CoreClock,
) -> Result:
    """The record of a run that ends well. Each step adds its figures to it."""
    model = build_model(job.config["model"])
    with clock.running():
        result = stages.fit(result, model, corpus, log, meter)
        result, valid_scores = stages.validate(result, model, corpus)
    clock.outside = model.outside
    result, scores = stages.score(result, model, corpus, meter)
    result = stages.save(result, model, scores, valid_scores, corpus, folder)
    if job.config["footprint"] and model.scores_only is None and not model.outside:
        rate = result.score_tokens_per_second or 1.0
        result = replace(result, **footprint(model, folder / CHECKPOINT, corpus.test, rate, log.info))
    log.info(perplexity_line(result))
    return replace(result, status="ok")


def _begun(job: Job, run_id: str) -> Result:
    """What is known of a run before its corpus is open; `failed` until it ends otherwise."""
    model = job.config["model"]
    return Result(
        run_id=run_id,
        status="failed",
        model=job.model,
        label=job.label,
        corpus=job.corpus,
        corpus_title=job.config["corpus"].get("title", job.corpus),
        seed=seed_of(model),
        model_settings=model,
        built_on=built_on(model) or None,
        train_share=job.train_share,
        threads=job.config["threads"],
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        command=job.command,
        version=benchmark.__version__,
        versions=current_versions(model),
        source=current_source(model),
        **provenance.commit(),
    )


def _with_events(result: Result, corpus: Corpus | Dataset) -> Result:
    """The record with what the run is scored on."""
    if isinstance(corpus, Dataset):
        return replace(
            result,
            task=corpus.task.name,
            protocol_id=protocol_id({"task": corpus.task.name, "items": corpus.events}),
            train_items=len(corpus.train),
            test_items=len(corpus.test),
            train_labels=len(labels_of(corpus.train)),
            valid_new_labels=new_labels(corpus.valid, corpus.train),
            test_new_labels=new_labels(corpus.test, corpus.train),
            valid_copied=copied_share(corpus.valid, corpus.train),
            test_copied=copied_share(corpus.test, corpus.train),
            published=list(corpus.published),
        )
    protocol: dict[str, Any] = {f"protocol_{part}": value for part, value in corpus.protocol.items()}
    return replace(
        result,
        protocol_id=protocol_id(corpus.protocol),
        **protocol,
        vocabulary_size=len(corpus.vocabulary),
        train_targets=len(corpus.train),
        **copied_shares(corpus.overlaps),
        published=list(corpus.published),
    )


def _ending(error: Exception | SystemExit, job: Job) -> dict[str, Any]:
    """Status and reason of a run that ended in an error; raises what the user must mend first."""
    trace = traceback.format_exc()
    match error:
        case UserError() if not (job.config["impossible"] == "skip" and _refuses_settings(error)):
            raise error
        case NeedsSetting() if job.config["impossible"] == "error":
            raise UserError(str(error)) from error
        case UserError() | Skip():
            return {"status": "skipped", "reason": str(error)}
        case Diverged():
            return {"status": "diverged", "reason": str(error), "traceback": trace}
        case BrokenContract():
            reason = f"{error}; {_check_command(job)} looks closer"
            return {"status": "failed", "reason": reason, "traceback": trace if error.__cause__ else None}
        case SystemExit() if not ended_process(error):
            raise error
        case _:
            reason = described(error, modules_of(job.config["model"]))
            return {"status": "failed", "reason": reason, "traceback": trace}


def _check_command(job: Job) -> str:
    """The command that holds the model of a job to the contract, on the front of the same corpus."""
    _program, _verb, *overrides = shlex.split(job.command)
    named = any(override.startswith("corpus=") for override in overrides)
    return shlex.join(["nextword", "check", *overrides, *([] if named else [f"corpus={job.corpus}"])])


def _refuses_settings(error: UserError) -> bool:
    """Does a model say that it cannot have these settings, its own or with this corpus? Its message then
    begins with one of them; a mistyped key, the corpus and the disk are the user's to mend first."""
    return not isinstance(error, UnknownSetting) and str(error).startswith("model.")


def _forget(folder: Path) -> None:
    """Leave nothing of a run that the user must mend first, but an earlier record, what training can go on
    from, and files that no run writes."""
    if (folder / WORKSPACE).exists() or (folder / RESULT).exists():
        return
    for name in OURS:
        if (folder / name).is_dir():
            shutil.rmtree(folder / name, ignore_errors=True)
        else:
            (folder / name).unlink(missing_ok=True)
    for place in (folder, folder.parent, folder.parent.parent):
        with suppress(OSError):  # other files, or other runs, are there
            place.rmdir()


def _yaml(job: Job) -> str:
    from omegaconf import OmegaConf

    kept = {
        "command": job.command,
        **{key: job.config[key] for key in ("model", "corpus", "seed", "threads")},
    }
    return OmegaConf.to_yaml(OmegaConf.create(kept))


def _say(job: Job) -> Say:
    def say(line: str) -> None:
        print(f"{job.title}: {line}", file=sys.stderr, flush=True)

    return say
