"""The text behind the scores: the corpus that runs were scored on, opened again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmark.corpus import Corpus, open_corpus
from benchmark.errors import UserError
from benchmark.record.config import recorded_corpus
from benchmark.record.folder import RunRecord, check_language_model
from benchmark.record.identity import protocol_id


def events_of(
    run: RunRecord, corpora_dir: Path | None, cache_dir: Path | None, say: Callable[[str], None]
) -> Corpus:
    """The corpus of a run with all of its training text, as its `config.yaml` describes it.

    Raises UserError if it cannot be opened, or is no longer what the run was scored on.
    """
    check_language_model(run)
    settings = {**recorded_corpus(run.folder), "train_share": None}
    corpus = open_corpus(settings, corpora_dir=corpora_dir, cache_dir=cache_dir, say=say)
    if run.result.protocol_id != protocol_id(corpus.protocol):
        raise UserError(
            f"{run.result.corpus} is not the text that {run.folder.name} was scored on: its files, or the "
            "packages that cut it into words, have changed since; run the models again to compare them"
        )
    return corpus
