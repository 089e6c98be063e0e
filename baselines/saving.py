"""A model's settings and what it has learned, as JSON and back.

A model is a dataclass. Its fields are its settings, the arguments of its constructor; a field with
`init=False` holds something that `fit` learns.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from benchmark.contract import LanguageModel

Model = TypeVar("Model", bound=LanguageModel)


def setting_names(kind: Any) -> list[str]:
    """The settings of a model or a class of models."""
    return [entry.name for entry in fields(kind) if entry.init]


def settings_of(model: Any) -> dict[str, Any]:
    """The settings that make an equal, unfitted model. A model among them stays an object."""
    return {name: getattr(model, name) for name in setting_names(model)}


def saved_settings(model: LanguageModel) -> dict[str, Any]:
    """`settings_of` as JSON has them: a model among them becomes its class and its settings."""
    return {name: _to_json(value) for name, value in settings_of(model).items()}


def unfitted(kind: type[Model], saved: Mapping[str, Any]) -> Model:
    """The model of this class with these `saved_settings`."""
    return kind(**{name: _from_json(value) for name, value in saved.items()})


def learned_by(model: Any) -> dict[str, Any]:
    """What a fitted model has learned, by field. The values are plain JSON."""
    return {entry.name: getattr(model, entry.name) for entry in fields(model) if not entry.init}


def restore_learned(model: Any, saved: Mapping[str, Any]) -> None:
    """Set what `learned_by` returned. A field that is not in `saved` keeps its default."""
    for name in learned_by(model).keys() & saved.keys():
        setattr(model, name, saved[name])


def class_path(model: LanguageModel) -> str:
    """`package.module.Class` of a model."""
    return f"{type(model).__module__}.{type(model).__qualname__}"


def named_class(path: str) -> type[LanguageModel]:
    """The class that `class_path` named. Raises UserError if it is no model of a trusted package."""
    from benchmark.build import recorded_class  # takes milliseconds; few models hold others

    return recorded_class(path)


def _to_json(value: Any) -> Any:
    if isinstance(value, LanguageModel):
        return {"class": class_path(value), "settings": saved_settings(value)}
    return list(value) if isinstance(value, tuple) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, Mapping) and value.keys() == {"class", "settings"}:
        return unfitted(named_class(value["class"]), value["settings"])
    return tuple(value) if isinstance(value, list) else value
