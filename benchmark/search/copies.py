"""A warning for who chooses settings by a validation split that is partly copied from the training split."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark import text
from benchmark.corpus.overlap import LONG
from benchmark.job import Job, Say
from benchmark.task.items import copied_share

#: Shares of copied targets or items up to this one are not worth a warning.
HARMLESS = 0.02


def warn_of_copies(jobs: Sequence[Job], say: Say) -> None:
    """Say for each corpus of these jobs if more than HARMLESS of its validation split is copied.

    Opens the corpora, which the runs need anyway. Raises UserError if one cannot be opened.
    """
    for job in {job.corpus_key: job for job in jobs}.values():
        if job.task is None:
            overlaps = job.open_corpus(say).overlaps
            valid, test = overlaps["valid"].copied_targets, overlaps["test"].copied_targets
            said = (
                f"targets of {job.corpus} stand in lines of {LONG} words and more that its training text has"
            )
        else:
            dataset = job.open_dataset(say)
            valid, test = (copied_share(items, dataset.train) for items in (dataset.valid, dataset.test))
            said = f"items of {job.corpus} have the words of an item that is trained on"
        if valid > HARMLESS:
            say(
                f"warning: {text.percent(valid)} of the validation {said} (of the test split "
                f"{text.percent(test)}): settings are chosen that remember the training split"
            )
