"""A warning for who chooses settings by a validation text that is partly copied from the training text."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark import text
from benchmark.corpus.overlap import LONG
from benchmark.job import Job, Say

#: Shares of copied targets up to this one are not worth a warning.
HARMLESS = 0.02


def warn_of_copies(jobs: Sequence[Job], say: Say) -> None:
    """Say for each corpus of these jobs if more than HARMLESS of its validation targets are copied.

    Opens the corpora, which the runs need anyway. Raises UserError if one cannot be opened.
    """
    for job in {job.corpus_key: job for job in jobs}.values():
        overlaps = job.open_corpus(say).overlaps
        valid, test = overlaps["valid"].copied_targets, overlaps["test"].copied_targets
        if valid > HARMLESS:
            say(
                f"warning: {text.percent(valid)} of the validation targets of {job.corpus} stand in lines of "
                f"{LONG} words and more that its training text has, too (of the test targets "
                f"{text.percent(test)}): settings are chosen that remember the training text"
            )
