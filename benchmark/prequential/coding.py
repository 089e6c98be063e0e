"""Codes the training text of a finished run with fresh models of its settings, and keeps each block."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import benchmark
from benchmark.build import build_model
from benchmark.contract import RunLog
from benchmark.corpus import Corpus, open_corpus
from benchmark.errors import Diverged, Skip, UserError
from benchmark.prequential.code import coded, spans
from benchmark.prequential.record import PrequentialCode, read_code, write_code
from benchmark.record.config import read_config, recorded_corpus
from benchmark.record.folder import WORKSPACE, RunRecord, check_language_model
from benchmark.record.identity import protocol_id
from benchmark.record.input_files import Keys, input_files
from benchmark.record.links import refuse_links
from benchmark.record.progress import Progress
from benchmark.record.provenance import commit
from benchmark.record.recorded_settings import check_recorded
from benchmark.record.reference import REFERENCE
from benchmark.storage.files import locked

Say = Callable[[str], None]

#: Receives the progress of the training before a block, which has a name.
Watch = Callable[[str, Progress], None]


def code_run(
    run: RunRecord, corpora_dir: Path | None, cache_dir: Path | None, say: Say, watch: Watch, *, again: bool
) -> PrequentialCode:
    """The prequential code of a run's training text. Blocks that are coded already are kept, unless all are
    to be coded `again`.

    Each block is in the run's folder as soon as it is coded. Raises UserError where the run's model is not
    one that learns from the text alone, where its corpus is not what it was, and, naming the block, where the
    model cannot be trained on what stands before it.
    """
    config = _settings(run)
    workspace = run.folder / WORKSPACE
    refuse_links(run.folder)
    with locked(run.folder, busy=lambda: say(f"another process is at {run.folder}; waiting for it")):
        if again:
            shutil.rmtree(workspace, ignore_errors=True)
        known = None if again else read_code(run)
        if known is not None and known.whole:
            return known
        corpus = open_corpus(config["corpus"], corpora_dir=corpora_dir, cache_dir=cache_dir, say=say)
        _check_same(corpus, run)
        code = _begun(run, corpus, known)
        wanted = spans(corpus.train)
        for number, span in enumerate(wanted[len(code.blocks) :], start=len(code.blocks) + 1):
            name = f"block {number} of {len(wanted)}"
            log = _Log(workspace / "prequential", partial(watch, name))
            try:
                block = coded(lambda: build_model(config["model"]), corpus.train, span, corpus.valid, log)
            except (UserError, Skip, Diverged) as error:
                raise UserError(f"{name}, after {span.begin:,} tokens, cannot be coded: {error}") from error
            code = replace(code, blocks=[*code.blocks, block])
            write_code(run, code)
            shutil.rmtree(workspace, ignore_errors=True)
            say(f"{name}, after {span.begin:,} tokens: {block.bits_per_token:.3f} bits a token")
    return code


def _begun(run: RunRecord, corpus: Corpus, known: PrequentialCode | None) -> PrequentialCode:
    """The code with the blocks that are known, which are the first."""
    return PrequentialCode(
        started=run.result.started,
        nextword=benchmark.__version__,
        commit=commit()["commit"],
        vocabulary=len(corpus.vocabulary),
        targets=len(corpus.train),
        blocks=known.blocks if known is not None else [],
    )


def _settings(run: RunRecord) -> dict[str, Any]:
    """The configuration of a run whose model can be trained on a part of the text."""
    check_language_model(run)
    if run.result.status != "ok":
        raise UserError(
            f"{run.folder} ended as {run.result.status!r}, not ok: only finished runs have a code"
        )
    if not run.result.normalised:
        raise UserError(f"{run.result.label} is a score that does not sum to one, and so it has no code")
    config = {**read_config(run.folder, "model"), "corpus": recorded_corpus(run.folder)}
    check_recorded(config["model"])
    for key in learnt_elsewhere(config["model"]):
        raise UserError(
            f"{key} names what was learnt elsewhere, perhaps from the text to be coded; a prequential code "
            "needs a model that learns from this text alone: code a run that was trained from its settings"
        )
    return config


def learnt_elsewhere(
    settings: Mapping[str, Any], where: str = "model", keys: Keys = (), files: frozenset[Keys] = frozenset()
) -> Iterator[str]:
    """The settings of a model, and of its components, that name a finished run or a file."""
    target = settings.get("_target_")
    if isinstance(target, str):
        keys, files = (), input_files(target)
    for key, value in settings.items():
        names_run = key == REFERENCE and isinstance(value, str)
        if names_run or (value is not None and (*keys, key) in files):
            yield f"{where}.{key}"
        elif isinstance(value, Mapping):
            yield from learnt_elsewhere(value, f"{where}.{key}", (*keys, key), files)


def _check_same(corpus: Corpus, run: RunRecord) -> None:
    """Refuse a corpus other than that which the run was trained and scored on."""
    recorded = (run.result.protocol_id, run.result.train_targets)
    if recorded != (protocol_id(corpus.protocol), len(corpus.train)):
        raise UserError(
            f"{corpus.name} is not the text that {run.folder} was trained and tested on; make the run anew: "
            f"{run.result.command} force=true"
        )


class _Log(RunLog):
    """Reports progress, and keeps what an interrupted training goes on from."""

    def __init__(self, workspace: Path, report: Callable[[Progress], None]) -> None:
        self.workspace = workspace
        self._report, self._begun = report, time.perf_counter()

    def progress(self, done: int, total: int, **figures: float) -> None:
        self._report(Progress(done, total, time.perf_counter() - self._begun, figures))

    def resumed(self, seconds: float, tokens: int) -> None:
        self._begun -= seconds

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._begun += time.perf_counter() - begun
