"""Whether a row's settings were tuned, and with what effort."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark import text
from benchmark.report.fields import Field, text_field
from benchmark.report.rows import Row
from benchmark.search.record import SearchRecord, Trial

NOT_TUNED = "not tuned"


def tuned_fields(tunings: Sequence[SearchRecord]) -> list[Field[Row]]:
    """The column that says whether a row was tuned; none if nothing was."""
    return [text_field("tuned", "Tuned", lambda row: tuned(row, tunings), "more")] if tunings else []


def tuned(row: Row, tunings: Sequence[SearchRecord]) -> str:
    """`16 trials, 1,180 core-seconds`, with the model and the corpus where those are others; or `not tuned`.

    A row is tuned if it is the model of an entry's best trial and has its value for every setting of the
    entry's space. A search on the row's own corpus goes before one whose settings were carried over, and one
    of the same model before one of another size or kind.
    """
    chosen = [
        (trial.corpus != row.corpus, text.clean(trial.label) != text.clean(row.first.label), search, trial)
        for search in tunings
        if (trial := search.best) is not None and _has_settings(row, trial)
    ]
    if not chosen:
        return NOT_TUNED
    elsewhere, another, search, trial = min(chosen, key=lambda found: found[:2])
    found = [f"as {text.clean(trial.label)}"] * another + [f"on {text.clean(trial.corpus)}"] * elsewhere
    effort = f"{text.plural(len(search.trials), 'trial')}, {text.amount(search.spent)} core-seconds"
    return f"{' '.join(found)}: {effort}" if found else effort


def _has_settings(row: Row, trial: Trial) -> bool:
    if text.clean(trial.model) != row.model:
        return False
    own = {f"model.{key}": value for key, value in row.settings.items()}
    return all(
        key in own and own[key] == value
        for key, value in trial.parameters.items()
        if key.startswith("model.")
    )
