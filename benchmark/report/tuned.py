"""Whether a row's settings were tuned, and with what effort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmark import text
from benchmark.record.reference import REFERENCE
from benchmark.report.context import Context
from benchmark.report.fields import Field, text_field
from benchmark.report.rows import Row
from benchmark.search.record import SearchRecord, Trial, defaults_trial

NOT_TUNED = "not tuned"
#: Settings are tuned for a model of this size and length of training. With another, they are not tuned.
TUNED_FOR = frozenset({"layers", "hidden_size", "embedding_size", "epochs"})

#: The settings of runs, by their ids.
Settings = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Tuning:
    """How a row was tuned: the place of that among the others (the row's own corpus first), one or two words,
    and the effort."""

    place: tuple[int, bool]
    short: str
    effort: str


def tuned_fields(context: Context) -> tuple[list[Field[Row]], list[Field[Row]]]:
    """The columns that say whether a row was tuned: in a word, and with what effort; none if nothing was.

    The second one is wide, and belongs behind what is compared.
    """
    if not context.tunings:
        return [], []
    found = partial(tuning_of, tunings=context.tunings, settings=context.best_settings)
    word: Field[Row] = text_field("is_tuned", "Tuned", lambda row: found(row).short)
    effort: Field[Row] = text_field("tuned", "Effort of tuning", lambda row: found(row).effort, "more")
    return [word], [effort]


def tuned(row: Row, tunings: Sequence[SearchRecord], settings: Settings | None = None) -> str:
    """`16 trials, 1,180 core-seconds`, with the model and the corpus where these are others; `not tuned`."""
    return tuning_of(row, tunings, settings or {}).effort


def tuning_of(row: Row, tunings: Sequence[SearchRecord], settings: Settings) -> Tuning:
    """What the searches say of a row: the first of these that holds of any of them.

    yes: the row is the model of a best trial on its corpus, with its value for every setting of the space.
    defaults: so with the first trial, which had the defaults, where a later one was better.
    carried over: as yes, but the search was on another corpus.
    no: all others. The effort is told of a search for a model of another size, length of training or kind
    whose best trial has the same values; they were not tuned for this one.

    `settings` has those of the trials' runs, as far as they are at hand; of the others, the label alone tells
    the size.
    """
    found = [each for search in tunings for each in _tunings(row, search, settings)]
    return min(found, key=lambda each: each.place, default=Tuning((4, False), "no", NOT_TUNED))


def _tunings(row: Row, search: SearchRecord, settings: Settings) -> list[Tuning]:
    effort = f"{text.plural(len(search.ended), 'trial')}, {text.amount(search.spent)} core-seconds"
    best, first = search.best, defaults_trial(search)
    found = []
    if best is None:
        return []
    if _has_settings(row, best):
        where = f"on {text.clean(best.corpus)}" if best.corpus != row.corpus else ""
        others = _other_sizes(row, best, settings)
        if others or not _has_label(row, best):
            told = f"({', '.join(others)})" if others and _has_label(row, best) else ""
            whose = " ".join(filter(None, (f"as {text.clean(best.label)}", told, where)))
            found.append(Tuning((3, bool(where)), "no", f"{whose}: {effort}"))
        elif where:
            found.append(Tuning((2, True), "carried over", f"{where}: {effort}"))
        else:
            found.append(Tuning((0, False), "yes", effort))
    elif first and _is_tuned_here(row, first, settings):
        said = f"defaults, kept after {effort}; the best had {search.goal.said(best.value)}"
        found.append(Tuning((1, False), "defaults", said))
    return found


def _is_tuned_here(row: Row, trial: Trial, settings: Settings) -> bool:
    """Whether a row is what a trial was, on its corpus."""
    alike = trial.corpus == row.corpus and _has_label(row, trial) and _has_settings(row, trial)
    return alike and not _other_sizes(row, trial, settings)


def _has_settings(row: Row, trial: Trial) -> bool:
    """Whether a row is the trial's model and has its value for every setting of the space."""
    if text.clean(trial.model) != row.model:
        return False
    own = _own(row.settings)
    return all(
        key in own and own[key] == value
        for key, value in trial.parameters.items()
        if key.startswith("model.")
    )


def _own(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a search names them: those of a finished run stand for those of the model within."""
    return {f"model.{key}".replace(f".{REFERENCE}.", "."): value for key, value in settings.items()}


def _has_label(row: Row, trial: Trial) -> bool:
    """Whether a trial's model is called as the row's is: labels have the size and kind of a model."""
    return text.clean(trial.label) == text.clean(row.first.label)


def _other_sizes(row: Row, trial: Trial, settings: Settings) -> list[str]:
    """The sizes of a trial's model in which it is not the row's: `layers 1`; empty where its run is not at
    hand."""
    if trial.run_id not in settings:
        return []
    own, theirs = _sizes(row.settings), _sizes(settings[trial.run_id])
    differing = [key for key in (*own, *(theirs.keys() - own.keys())) if own.get(key) != theirs.get(key)]
    return [f"{key.rpartition('.')[2].replace('_', ' ')} {theirs.get(key, text.NONE)}" for key in differing]


def _sizes(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in _own(settings).items() if key.rpartition(".")[2] in TUNED_FOR}
