"""The settings of a run's model, and the settings in which several runs differ."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmark import text
from benchmark.record.added_later import as_before
from benchmark.record.folder import RunRecord
from benchmark.record.reference import REFERENCE
from benchmark.record.setting_words import setting_said
from benchmark.storage.reading import or_warn, parsed_yaml, read_text, read_yaml

#: Settings that do not decide which row a run belongs to: its seed, where it ran, how it is shown.
PER_RUN = frozenset({"seed", "device", "threads", "label", "name"})

#: The settings that readers know best, which are named first to tell rows apart.
FAMILIAR = ("order", "context", "layers", "hidden_size", "embedding_size", "dropout", "epochs", "kind")

#: More settings than this are not told of a mark.
MOST_TOLD = 6

# The block of the model, as the harness writes it: everything below the key is indented. Most of the file is
# about the corpus and need not be parsed.
_MODEL = re.compile(r"^model:[ ]*\n(?:(?:[ #].*)?(?:\n|\Z))+", re.MULTILINE)


def settings_of(run: RunRecord) -> dict[str, Any]:
    """The model's settings as flat, dotted keys; empty if they are neither recorded nor readable.

    In place of a finished run that the model builds upon stand that run's settings: models built alike upon
    runs that differ in their seed have the same.
    """
    return settings_and_seeds(run)[0]


def settings_and_seeds(run: RunRecord) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The settings, and all seeds: the run's own, its components' and those of the finished runs that it
    builds upon."""
    settings = _all_settings(run)
    seeds = tuple(str(value) for key, value in settings if key.rpartition(".")[2] == "seed")
    return _shared(settings), seeds or (str(run.result.seed),)


def _shared(settings: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Those that all runs of a row have in common."""
    return {key: value for key, value in settings if PER_RUN.isdisjoint(key.split("."))}


def _all_settings(run: RunRecord) -> list[tuple[str, Any]]:
    recorded = run.result.model_settings
    if isinstance(recorded, dict):  # older runs have them in config.yaml only
        finished = {folder: as_before(settings) for folder, settings in (run.result.built_on or {}).items()}
        return _flat(as_before(recorded), "", finished)
    config = or_warn(lambda: _with_model(run.folder / "config.yaml"), None)
    model = config.get("model") if isinstance(config, dict) else None
    return _flat(model, "") if isinstance(model, dict) else []


def _with_model(path: Path) -> Any:
    """The content of a `config.yaml`, of which only the model may have been parsed."""
    block = _MODEL.search(read_text(path))
    with suppress(ValueError):  # a block that refers to another block cannot be parsed by itself
        return parsed_yaml(block[0]) if block else read_yaml(path)
    return read_yaml(path)


def _flat(
    block: dict[Any, Any], prefix: str, finished: Mapping[str, dict[str, Any]] | None = None
) -> list[tuple[str, Any]]:
    """Settings with dotted keys. `finished`: the settings of runs, which stand in place of their folders."""
    pairs: list[tuple[str, Any]] = []
    finished = finished or {}
    for key, value in block.items():
        name = f"{prefix}{text.clean(key)}"
        if isinstance(value, dict):
            pairs += _flat(value, f"{name}.", finished)
        elif key == REFERENCE and isinstance(value, str) and value in finished:
            others = {folder: settings for folder, settings in finished.items() if folder != value}
            pairs += _flat(finished[value], f"{name}.", others)  # a record may name itself
        else:
            pairs.append((name, value))
    return pairs


def number_in(settings: Mapping[str, Any], key: str) -> float | None:
    """A number among settings, which may be of any type; None where there is none."""
    value = settings.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def distinguishing(settings: Sequence[dict[str, Any]]) -> list[str]:
    """For each of several settings, the values that set it apart from the others: `hidden 400, dropout 0.5`.

    Only as many as needed: a key that separates no more settings than the keys before it is left out. The
    model's own settings come before those of its components, and the keys that readers know best first.
    """
    keys = sorted({key for setting in settings for key in setting}, key=_familiarity)
    telling: list[str] = []
    kinds = 1
    for key in keys:
        divided = len({tuple(str(setting.get(name)) for name in (*telling, key)) for setting in settings})
        if divided > kinds:
            telling, kinds = [*telling, key], divided
    return [", ".join(_said(key, setting[key]) for key in telling if key in setting) for setting in settings]


def told_settings(settings: Mapping[str, Any]) -> str:
    """The settings of a model that readers know best: `layers 2, hidden size 650`; of a mixture without such
    settings, those of its components."""
    own = [key for key in settings if key.rpartition(".")[2] in FAMILIAR and settings[key] is not None]
    first = [key for key in own if _component(key) is None] or own
    said = dict.fromkeys(_said(key, settings[key]) for key in sorted(first, key=_familiarity))
    return ", ".join(list(said)[:MOST_TOLD])


def setting_attribute(settings: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What the page's script tells of a row's settings, as an attribute of it; empty if none is known."""
    said = told_settings(settings)
    return (("setting", said),) if said else ()


def titles_apart(titles: Sequence[str], models: Sequence[Mapping[str, Any]]) -> list[str]:
    """The titles of runs. Titles that are alike get the settings in which their models differ: `LSTM on ptb
    (dropout 0.5)`."""
    alike: dict[str, list[int]] = {}
    for place, title in enumerate(titles):
        alike.setdefault(title, []).append(place)
    apart = list(titles)
    for places in alike.values():
        told = distinguishing([_shared(_flat(dict(models[place]), "")) for place in places])
        for place, differences in zip(places, told, strict=True):
            apart[place] += f" ({differences})" if differences else ""
    return apart


def _familiarity(key: str) -> tuple[bool, int, str]:
    name = key.rpartition(".")[2]
    return _component(key) is not None, FAMILIAR.index(name) if name in FAMILIAR else len(FAMILIAR), key


def _said(key: str, value: Any) -> str:
    """`order 5`, or what the value is called without its key: `left to right`."""
    said = setting_said(key.rpartition(".")[2], value)
    return f"{_short(key)} {_value(value)}" if said is None or _component(key) else said


def _short(key: str) -> str:
    """The last part of a key, after the component that it is a setting of: `order`, `long cache order`. The
    component goes without saying where the name begins as it does: `classes` of `class_based`."""
    name, component = key.rpartition(".")[2], _component(key)
    if component and name.startswith(component.partition("_")[0]):
        component = None
    return (f"{component} {name}" if component else name).replace("_", " ")


def _component(key: str) -> str | None:
    """The innermost component of a mixture that a setting belongs to; None: the model itself."""
    parts = key.split(".")[:-1]
    named = [component for block, component in pairwise(parts) if block == "components"]
    return named[-1] if named else None


def _value(value: Any) -> str:
    if value is None:  # what the model then does, its settings say
        return "unset"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else text.clean(value, 40)
