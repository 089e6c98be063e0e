"""The corpora, by name or as runs were scored on them."""

from __future__ import annotations

from pathlib import Path

from benchmark.console.output import say
from benchmark.corpus import Corpus, open_corpus
from benchmark.environment import CACHE, CORPORA
from benchmark.errors import UserError
from benchmark.record.find import find_run
from benchmark.settings import conf_files
from benchmark.storage.reading import read_yaml_object


def corpus(
    name: str | Path,
    *,
    results_dir: str | Path = "results",
    corpora_dir: str | Path | None = None,
    cache_dir: str | Path | None = None,
) -> Corpus:
    """The corpus of a file in `conf/corpus/`, or the one that a run was scored on.

    It has the token streams `train`, `valid` and `test` over one `vocabulary`. Folders default to
    `NEXTWORD_CORPORA` and `NEXTWORD_CACHE`, and else to the platform's cache. Raises UserError if it is
    neither a corpus nor a run, if it is one of a task, if its files are missing, or if they are no longer
    those of the run.
    """
    corpora = Path(corpora_dir) if corpora_dir is not None else CORPORA.value
    cache = Path(cache_dir) if cache_dir is not None else CACHE.value
    if (file := conf_files("corpus").get(str(name))) is not None:
        settings = read_yaml_object(file)
        if (task := settings.get("task")) is not None:
            raise UserError(f"{name} has labelled items (task: {task}); this takes a corpus of running text")
        return open_corpus(settings, corpora_dir=corpora, cache_dir=cache, say=say)

    from benchmark.compare.events import events_of

    return events_of(find_run(Path(results_dir), str(name), say), corpora, cache, say)
