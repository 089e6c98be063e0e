"""The test text of a run, token by token, with the probability that its model gave to each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark.console.output import say
from benchmark.notebook.corpora import corpus
from benchmark.record.find import find_run
from benchmark.record.scores import read_scores

if TYPE_CHECKING:
    from pandas import DataFrame


def scores(
    run: str | Path,
    *,
    results_dir: str | Path = "results",
    corpora_dir: str | Path | None = None,
    cache_dir: str | Path | None = None,
) -> DataFrame:
    """Every test target of a run: `token`, its `line` (from 0), and `log_prob`, ln p given what is before it.

    exp(−mean of `log_prob`) is the run's test perplexity. Raises UserError if the run keeps no scores or its
    corpus cannot be opened.
    """
    from pandas import DataFrame

    found = find_run(Path(results_dir), str(run), say)
    log_probs = read_scores(found)
    text = corpus(found.folder, corpora_dir=corpora_dir, cache_dir=cache_dir).test
    tokens = np.asarray(text.vocabulary.tokens, dtype=object)
    lines = np.repeat(np.arange(len(text.lines) - 1), np.diff(text.lines))
    frame = DataFrame({"token": tokens[np.asarray(text.ids)], "line": lines, "log_prob": log_probs})
    frame.attrs["units"] = {"log_prob": "nats"}
    return frame
