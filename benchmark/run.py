"""One run, from config to record: open the corpus, fit, score, measure, save."""

from __future__ import annotations

import shutil
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import benchmark
from benchmark.build import build_model
from benchmark.contract import RunLog
from benchmark.corpus import Corpus
from benchmark.errors import Diverged, Skip, UnknownSetting, UserError
from benchmark.job import SETTLED, Job, Say, settled
from benchmark.measure.frequency import by_frequency
from benchmark.measure.memory import peak_device_bytes, peak_memory_bytes
from benchmark.measure.perplexity import checked, described, perplexity, summary
from benchmark.measure.throughput import timed_scores
from benchmark.record import provenance
from benchmark.record.folder import (
    CHECKPOINT,
    RESULT,
    WORKSPACE,
    bytes_below,
    locked,
    write_array,
    write_json,
    write_text,
    written_aside,
)
from benchmark.record.identity import protocol_id, seed_of
from benchmark.record.log import FileRunLog
from benchmark.samples import samples

SCORES = "test_log_probs.npy"


def execute(job: Job, *, terminal: bool = False) -> dict[str, Any]:
    """Run a job, or find it finished; returns its record, which is on disk by then.

    Whatever the baseline raises becomes the record's status and reason. Raises UserError only for
    what the user must mend first (settings, corpus, disk): nothing is recorded then. With
    `impossible=skip`, as in a sweep, settings that the model refuses are a skipped run.
    """
    corpus = job.open_corpus(_say(job))
    folder = job.folder(corpus.fingerprint)
    with locked(folder, busy=lambda: _say(job)("another process is at this run; waiting for it")):
        earlier = None if job.config["force"] else settled(folder)
        if earlier is not None:
            return earlier
        if job.config["force"]:
            shutil.rmtree(folder / WORKSPACE, ignore_errors=True)
        try:
            return _recorded(job, corpus, folder, terminal)
        except UserError:
            _forget(folder)
            raise


def assist(job: Job) -> None:
    """Train beside the process of rank 0, which records the run: another rank under `torchrun`."""
    corpus = job.open_corpus(lambda line: None)
    model = build_model(job.config["model"])
    if model.family != "count":  # counted models are not trained by several processes
        model.fit(corpus.train, corpus.valid, RunLog())


def _recorded(job: Job, corpus: Corpus, folder: Path, terminal: bool) -> dict[str, Any]:
    (folder / RESULT).unlink(missing_ok=True)
    write_text(folder / "config.yaml", _yaml(job))
    record = {**_identity(job, corpus, folder), "started": datetime.now(UTC).isoformat(timespec="seconds")}
    with FileRunLog(folder, job.title, terminal=terminal) as log:
        try:
            record |= {"status": "ok", "reason": None, **_measured(job, corpus, folder, log)}
        except UserError as error:
            if not (job.config["impossible"] == "skip" and _refuses_settings(error)):
                raise
            record |= {"status": "skipped", "reason": str(error)}
        except Skip as skip:
            record |= {"status": "skipped", "reason": str(skip)}
        except Diverged as divergence:
            record |= {"status": "diverged", "reason": str(divergence), "traceback": traceback.format_exc()}
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            record |= {"status": "failed", "reason": reason, "traceback": traceback.format_exc()}
            log.info(traceback.format_exc() if terminal else reason)
    write_json(folder / "environment.json", provenance.environment())
    write_json(folder / RESULT, record)
    if record["status"] in SETTLED:
        shutil.rmtree(folder / WORKSPACE, ignore_errors=True)
    return record


def _refuses_settings(error: UserError) -> bool:
    """Does a model say that it cannot have these settings, its own or with this corpus? Its message then
    begins with one of them; a mistyped key, the corpus and the disk are the user's to mend first."""
    return not isinstance(error, UnknownSetting) and str(error).startswith("model.")


def _forget(folder: Path) -> None:
    """Leave nothing of a run that the user must mend first, but what training can go on from."""
    if (folder / WORKSPACE).exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    for parent in (folder.parent, folder.parent.parent):
        with suppress(OSError):  # other runs live there
            parent.rmdir()


def failed(job: Job, corpus_fingerprint: str, reason: str) -> dict[str, Any]:
    """Record a run whose process died without a word (killed, out of memory)."""
    folder = job.folder(corpus_fingerprint)
    folder.mkdir(parents=True, exist_ok=True)  # it may have died before it began
    record = {
        "run_id": folder.name,
        "status": "failed",
        "reason": reason,
        "command": job.command,
        **_naming(job),
        **provenance.commit(),
    }
    write_json(folder / RESULT, record)
    return record


def _naming(job: Job) -> dict[str, Any]:
    model = job.config["model"]
    return {
        "model": job.model,
        "label": model.get("label", job.model),
        "corpus": job.corpus,
        "corpus_title": job.config["corpus"].get("title", job.corpus),
        "seed": seed_of(model),
        "train_share": job.train_share,
    }


def _identity(job: Job, corpus: Corpus, folder: Path) -> dict[str, Any]:
    return {
        **_naming(job),
        **provenance.commit(),
        "run_id": folder.name,
        "protocol_id": protocol_id(corpus.protocol),
        **{f"protocol_{part}": value for part, value in corpus.protocol.items()},
        "vocabulary_size": len(corpus.vocabulary),
        "train_targets": len(corpus.train),
        "version": benchmark.__version__,
        "command": job.command,
        "published": list(corpus.published),
        "model_settings": job.config["model"],
    }


def _measured(job: Job, corpus: Corpus, folder: Path, log: FileRunLog) -> dict[str, Any]:
    model = build_model(job.config["model"])
    log.start_clock()
    model.fit(corpus.train, corpus.valid, log)
    train_seconds = log.training_seconds
    train_tokens = log.trained_tokens or len(corpus.train)
    scores, rate = timed_scores(model, corpus.test)
    checked(scores, corpus.test)
    memory = peak_memory_bytes()
    size = model.size()
    with written_aside(folder / CHECKPOINT) as checkpoint:
        model.save(checkpoint)
        bytes_on_disk = bytes_below(checkpoint)
        corpus.vocabulary.save(checkpoint / "vocabulary.json")
    write_array(folder / SCORES, scores.astype(np.float32))
    write_json(folder / "samples.json", samples(model, corpus))
    record = {
        **summary(scores, corpus.test),
        **by_frequency(scores, corpus.test),
        "valid_perplexity": perplexity(checked(model.log_probs(corpus.valid), corpus.valid)),
        "family": model.family,
        "context": model.context,
        "normalised": model.normalised,
        "parameters": size.parameters,
        "entries": size.entries,
        "bytes_in_memory": size.bytes_in_memory,
        "bytes_on_disk": bytes_on_disk,
        "train_seconds": train_seconds,
        "train_tokens": train_tokens,
        # nothing learnt in no time is no rate
        "train_tokens_per_second": train_tokens / train_seconds if train_seconds > 1e-3 else None,
        "score_tokens_per_second": rate,
        "score_batch": getattr(model, "score_batch", None),
        "peak_memory_bytes": memory,
        "peak_device_bytes": peak_device_bytes(),
        "device": model.hardware,
        "device_name": provenance.device_name(model.hardware),
        "threads": job.config["threads"],
        "dtype": str(getattr(model, "dtype", "float32")),
    }
    log.info(described(record, normalised=model.normalised))
    return record


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
