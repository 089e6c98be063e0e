"""From a model's config to the object, with errors a person can act on.

Hydra's own `instantiate` answers a misspelt target and a missing package with the same message, so
the target is resolved and the settings are checked against the constructor's signature first.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import inspect
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from benchmark.console.quoting import text_wanted
from benchmark.contract import LanguageModel
from benchmark.errors import Skip, UnknownSetting, UserError, did_you_mean
from benchmark.settings import conf_files
from benchmark.storage.plain_data import WHOLE
from benchmark.storage.reading import read_yaml_object
from benchmark.task.contract import TaskModel
from benchmark.trust import allow_classes_in, check_trusted

if TYPE_CHECKING:
    from benchmark.task.tasks import Task

#: Keys of a model's config that name it and are not passed to its constructor.
NAMING = frozenset({"_target_", "name", "label"})


def build_model(config: Mapping[str, Any], where: str = "model") -> LanguageModel:
    """The unfitted model that a `conf/model/*.yaml` describes, with the models it is composed of.

    A constructor parameter annotated `LanguageModel`, or `Mapping[str, LanguageModel]`, takes a model's
    config, or several by name, and is passed the models built from them. `where` is the key under which
    the config stands. The config is the user's own, or was checked (`benchmark.trust`): what is saved of such
    a model may be loaded again in this process. Raises UserError (a wrong target, key, type or value: one
    line that names it) or Skip (a model needs a package that is not installed).
    """
    allow_classes_in(config)
    return model_class(config, where)(**arguments(config, where))


def build_task_model(config: Mapping[str, Any], task: Task) -> TaskModel:
    """The unfitted model of a task that a `conf/model/*.yaml` describes. Raises as `build_model` does, and
    UserError for one of another task, or for a language model."""
    allow_classes_in(config)
    kind = class_for(config, task)
    return kind(**_arguments(kind, config, "model"))


def class_for(config: Mapping[str, Any], task: Task | None) -> type:
    """The class of a model that is to be run on a corpus of a task, or of running text (None). Raises
    UserError for a class of another kind."""
    if task is None:
        return model_class(config)
    kind: type = _class(config, "model")
    if not (issubclass(kind, TaskModel) and task.name in kind.tasks):
        others = f"tasks={', '.join(kind.tasks)}" if issubclass(kind, TaskModel) else "a language model"
        raise UnknownSetting(
            f"model={config.get('name')} is no model of {task.name} ({others}), which its corpus has labels "
            f"for: take {', '.join(_models_of(task))}"
        )
    return kind


def _models_of(task: Task) -> list[str]:
    """The names of the models of a task, whose modules are imported. One that cannot be is left out."""
    found = []
    for name, path in conf_files("model").items():
        with suppress(Exception):  # whatever a module of the user's does
            kind = task_model_class(read_yaml_object(path))
            if kind is not None and task.name in kind.tasks:
                found.append(name)
    return found


def arguments(config: Mapping[str, Any], where: str = "model") -> dict[str, Any]:
    """The checked constructor arguments in a model's config."""
    return _arguments(model_class(config, where), config, where)


def _arguments(kind: type, config: Mapping[str, Any], where: str) -> dict[str, Any]:
    settings = {key: value for key, value in config.items() if key not in NAMING}
    return _checked(kind, settings, where)


def recorded_task_class(target: object) -> type[TaskModel]:
    """As `recorded_class`, of a model of labelled items."""
    found = _class({"_target_": check_trusted(target)}, "the record's model")
    if not issubclass(found, TaskModel) or inspect.isabstract(found):
        raise UnknownSetting(f"a record names {target}, which is no class of models of labelled items")
    kind: type[TaskModel] = found
    return kind


def recorded_class(target: object) -> type[LanguageModel]:
    """The class that a record names as that of its model, from a trusted package (see `benchmark.trust`).

    Raises UserError for any other, and for what is no class of models; Skip as `build_model` does.
    """
    kind = model_class({"_target_": check_trusted(target)}, "the record's model")
    if inspect.isabstract(kind):
        raise UnknownSetting(f"a record names {target} as the class of a model, which is abstract")
    return kind


def model_class(config: Mapping[str, Any], where: str = "model") -> type[LanguageModel]:
    """The class of language models that a model's `_target_` names."""
    found = _class(config, where)
    if issubclass(found, TaskModel):
        raise UnknownSetting(
            f"{_named(config, where)} is a model of labelled items (task: {' or '.join(found.tasks)}), "
            "and this needs a language model; `nextword list corpora` says which corpora have labels"
        )
    return found


def _named(config: Mapping[str, Any], where: str) -> str:
    """What a message calls a model: by its key and name, or by its key alone."""
    return f"{where}={config['name']}" if config.get("name") else where


def task_model_class(config: Mapping[str, Any]) -> type[TaskModel] | None:
    """The class of a model of labelled items; None if the config describes a language model."""
    found = _class(config, "model")
    return found if issubclass(found, TaskModel) else None


def _class(config: Mapping[str, Any], where: str) -> Any:
    """The class that a model's `_target_` names, of whichever kind."""
    target = config.get("_target_")
    key = f"{where}._target_"
    if not isinstance(target, str) or "." not in target:
        raise UnknownSetting(f"{key} must name a class, as in baselines.ngram.smoothing.add_k.AddK")
    module_name, _, class_name = target.rpartition(".")
    module = _import(module_name, target, key)
    found = getattr(module, class_name, None)
    if found is None:
        classes = [name for name, value in vars(module).items() if inspect.isclass(value)]
        raise UnknownSetting(
            f"{key}: {module_name} has no {class_name!r}. " + did_you_mean(class_name, classes)
        )
    if not (inspect.isclass(found) and issubclass(found, LanguageModel | TaskModel)):
        raise UnknownSetting(f"{key}: {target} is no LanguageModel (see benchmark/contract.py)")
    return found


def _import(module_name: str, target: str, key: str) -> Any:
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if module_name == missing or module_name.startswith(missing + "."):
            raise UnknownSetting(
                f"{key}: there is no module {missing!r} for {target}{_near(missing)}"
            ) from error
        package = missing.partition(".")[0]
        if not package or importlib.util.find_spec(package) is None:
            raise Skip(f"{target} needs the package {missing!r}, which is not installed") from error
        raise UnknownSetting(f"{key}: {module_name} imports {missing}, which does not exist") from error


def _near(module_name: str) -> str:
    """A suggestion among the modules beside a missing one."""
    import pkgutil

    parent, _, name = module_name.rpartition(".")
    if not parent or importlib.util.find_spec(parent) is None:
        return ""
    beside = [
        module.name
        for module in pkgutil.iter_modules(getattr(importlib.import_module(parent), "__path__", []))
    ]
    return ". " + did_you_mean(name, beside)


def _checked(kind: type, settings: Mapping[str, Any], where: str) -> dict[str, Any]:
    """`settings` with every value validated and converted by the annotations of `kind`'s constructor."""
    hints = get_type_hints(inspect.getattr_static(kind, "__init__"), include_extras=True)
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    }
    for key in settings:
        if key not in parameters:
            raise UnknownSetting(
                f"{where}.{key}: {kind.__name__} has no such setting. " + did_you_mean(key, parameters)
            )
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in settings:
            raise UnknownSetting(f"{where}.{name}: {kind.__name__} needs this setting; give {where}.{name}=…")
    return {key: _value(value, hints.get(key, Any), f"{where}.{key}") for key, value in settings.items()}


def _value(value: Any, annotation: Any, where: str) -> Any:
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type) and isinstance(value, Mapping):
        return annotation(**_checked(annotation, value, where))
    if annotation is LanguageModel:
        return _component(value, where)
    if get_origin(annotation) is Mapping and get_args(annotation)[1:] == (LanguageModel,):
        if not isinstance(value, Mapping):
            raise UserError(f"{where}={value!r} is not usable: give models by name")
        return {name: _component(config, f"{where}.{name}") for name, config in value.items()}

    from pydantic import TypeAdapter, ValidationError

    if isinstance(value, bool) and not _takes_bool(annotation):
        raise UnknownSetting(f"{where}={str(value).lower()} is not usable: it takes no true or false")
    try:
        found = TypeAdapter(annotation).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        problem, mistyped = first["msg"], first["type"].endswith(("_parsing", "_type", "literal_error"))
        kind = UnknownSetting if mistyped else UserError
        way = text_wanted(where, value) if first["type"] == "string_type" else ""
        raise kind(f"{where}={value!r} is not usable: {problem[0].lower()}{problem[1:]}{way}") from error
    _check_numbers(found, where)
    return found


def _check_numbers(value: Any, where: str) -> None:
    """Raises UserError for a number in a setting that is infinite or none, or beyond 64 bits: no record
    holds it."""
    if dataclasses.is_dataclass(value):
        inside = {f"{where}.{each.name}": getattr(value, each.name) for each in dataclasses.fields(value)}
    elif isinstance(value, Mapping):
        inside = {f"{where}.{key}": item for key, item in value.items()}
    elif isinstance(value, list | tuple):
        inside = {f"{where}[{place}]": item for place, item in enumerate(value)}
    elif isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{where}={value!r} is not usable: input should be a finite number")
    elif isinstance(value, int) and value not in WHOLE:
        raise UserError(f"{where}={value} is not usable: input should be an integer of 64 bits")
    else:
        return
    for key, item in inside.items():
        _check_numbers(item, key)


def _takes_bool(annotation: Any) -> bool:
    """Whether true and false are among the values of an annotation."""
    if annotation in (bool, Any, object):
        return True
    return any(part is bool or isinstance(part, bool) or _takes_bool(part) for part in get_args(annotation))


def _component(config: Any, where: str) -> LanguageModel:
    if not isinstance(config, Mapping):
        raise UserError(f"{where}={config!r} is not usable: give a model, as in +model@{where}=kneser_ney")
    return build_model(config, where)
