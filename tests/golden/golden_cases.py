"""What has golden scores: every model file, and every value of every setting that chooses code."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import yaml
from named_models import LANGUAGE_MODELS

from benchmark.build import model_class
from benchmark.settings import choices
from benchmark.sweep.compose import Collector

#: A setting of a class and one of the values that choose code: `lstm.Lstm`, `skip`, `"dense"`.
Choice = tuple[str, str, Any]

#: Small enough for a score in milliseconds. A network of this size still goes through the same code.
SMALL = {
    "embedding_size": 8,
    "hidden_size": 8,
    "layers": 2,
    "expansion": 2,
    "hash_size": 512,
    "span": 8,
    "distant": 8,
    "kernels": 2,
    "classes": 12,
    "fit_targets": 40,
    "burn_in": 2,
    "samples": 3,
    "longest": 20,
    "statistics_segments": 3,
    "validation_targets": 60,
    "rounds": 3,
    "lmplz": None,  # our own estimator, wherever the tests run
    "seed": 1,
    "device": "cpu",
}
#: 20 steps, five epochs and as many validations: each schedule has occasion to lower the rate.
SHORT = {
    "epochs": None,
    "seconds": None,
    "tokens": None,
    "steps": 20,
    "batch": 4,
    "unroll": 6,
    "validate_every": None,
    "validation_targets": 60,
    "patience": None,
    "nonmonotone": 1,
    "hold": 1,
    "precision": "float32",
}
#: Values that need others beside them.
BESIDE = {
    ("training.optimiser", "nt_asgd"): ["model.training.learning_rate=5"],
    ("training.optimiser", "adagrad"): ["model.training.learning_rate=0.1"],
    ("training.optimiser", "sgd"): ["model.training.learning_rate=5", "model.training.momentum=0.5"],
    ("training.optimiser", "adamw"): ["model.training.l2=0.1"],
    ("training.optimiser", "rmsprop"): ["model.training.momentum=0.5"],
    ("training.jitter", True): ["model.training.unroll=12"],
    ("method", "Laplace"): ["model.options={}"],
    ("identity", True): ["model.nonlinearity=relu"],
    ("tied", False): ["model.embedding_size=6"],
    ("direct", True): ["model.tied=false"],
    ("variational", True): ["model.dropout=0.5"],
}
#: Branches that no listed value leads to: a number or null, a list, a rate above zero.
FURTHER = (
    "absolute_discounting model.discount=0.5",
    "cache model.window=30 model.half_life=null",
    "class_based model.skips=1",
    "dynamic_evaluation model.learning_rate=0.001 model.decay=0.01",
    "katz model.minimum_counts=[1,1,2]",
    "lstm model.forget_bias=1",
    "lstm model.training.clip=null model.training.warmup=0.5",
    "lstm model.training.label_smoothing=0.1",
    "lstm model.training.l2=0.01",
    "lstm model.training.patience=1 model.training.learning_rate=2",
    "lstm model.training.scheduled_sampling=0.5",
    "lstm output@model.output=adaptive model.output.cutoffs=[20,60]",
    "lstm output@model.output=sampled model.output.exact_from=0.5",
    "lstm model.dropout=0.5 model.input_dropout=0.1 model.between_dropout=0.2 model.output_dropout=0.3",
    "mogrifier_lstm model.rank=2",
    "neural_cache model.window=20",
    "pruned model.threshold=0.001",
    "pruned model.threshold=0 model.cutoffs=[0,1,1]",
    "quantised model.backoff_bits=4",
    "transformer model.heads=2",
)
#: Values without golden scores, and why.
UNSCORED = {
    ("training.precision", "auto"): "is float32 on a CPU",
    ("training.precision", "tf32"): "is arithmetic of CUDA devices",
    ("training.precision", "float16"): "is arithmetic of CUDA devices",
    (
        "training.precision",
        "bfloat16",
    ): "rounds otherwise on other processors; the training tests compare it",
    ("training.compile", True): "half a minute of a C++ compiler; the training tests compare it",
}


class Case(NamedTuple):
    """One set of scores: its name, as a person would type the settings, and the model's settings."""

    name: str
    settings: dict[str, Any]


@cache
def cases() -> dict[str, Case]:
    """Every case by name: the files of `conf/model`, of `conf/train` and `conf/output` with an LSTM, then
    the values that these leave out, then the branches that no listed value leads to."""
    lines = list(LANGUAGE_MODELS)
    lines += [f"lstm train@model.training={recipe}" for recipe in choices("train")]
    lines += [f"lstm output@model.output={output}" for output in choices("output")]
    found = {line: _case(line) for line in lines}
    seen = {choice for case in found.values() for choice in taken(case.settings)}
    for model in sorted(LANGUAGE_MODELS, key=_plain):
        for choice in possible(found[model].settings):
            if choice not in seen and choice[1:] not in UNSCORED:
                seen.add(choice)
                line = _line(model, *choice[1:])
                found[line] = _case(line)
    return found | {line: _case(line) for line in FURTHER}


def _plain(model: str) -> tuple[bool, int, str]:
    """In this order the plainest model stands for its class, and an LSTM for what all networks share."""
    return model != "lstm", len(model), model


def _line(model: str, key: str, value: Any) -> str:
    beside = BESIDE.get((key, value), [])
    return " ".join([model, f"model.{key}={json.dumps(value).strip(chr(34))}", *beside])


def _case(line: str) -> Case:
    """Only the files are composed by Hydra: it takes fifty times as long as setting a value."""
    model, *overrides = line.split(" ")
    files = [override for override in overrides if "@" in override]
    values = dict(override.split("=", 1) for override in overrides if override not in files)
    settings = _small(_composed(model, *files), "model", set(values))
    for key, value in values.items():
        *path, last = key.split(".")[1:]
        place = settings
        for part in path:
            place = place[part]
        place[last] = yaml.safe_load(value)
    return Case(line, settings)


@cache
def _composed(model: str, *files: str) -> dict[str, Any]:
    (job,) = _COLLECTOR.jobs([f"model={model}", *files])
    return job.config["model"]


_COLLECTOR = Collector()


def _small(settings: dict[str, Any], where: str, given: set[str]) -> dict[str, Any]:
    """A copy of the settings with those sizes replaced that the case does not give itself."""
    small = {}
    sizes = SHORT if where.endswith(".training") else SMALL
    for key, value in settings.items():
        place = f"{where}.{key}"
        if isinstance(value, dict):
            small[key] = _small(value, place, given)
        elif key in sizes and place not in given:
            small[key] = sizes[key]
        else:
            small[key] = value
    return small


def possible(settings: dict[str, Any]) -> Iterator[Choice]:
    """Every value of every setting that chooses code, of a model and of the dataclasses in its settings."""
    yield from _of_class(model_class(settings), "")


def taken(settings: dict[str, Any]) -> Iterator[Choice]:
    """The choices that some settings make."""
    for owner, key, value in possible(settings):
        found: Any = settings
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if found == value and type(found) is type(value):
            yield owner, key, value


def _of_class(kind: type, where: str) -> Iterator[Choice]:
    owner = f"{kind.__module__}.{kind.__qualname__}"
    hints = get_type_hints(inspect.getattr_static(kind, "__init__"), include_extras=True)
    for name in inspect.signature(kind).parameters:
        annotation = hints.get(name)
        if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
            yield from _of_class(annotation, f"{where}{name}.")
        else:
            yield from ((owner, where + name, value) for value in _values(annotation))


def _values(annotation: Any) -> Iterator[Any]:
    if annotation is bool:
        yield from (False, True)
    elif get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) is Annotated:
        yield from _values(get_args(annotation)[0])
    else:
        for part in get_args(annotation):
            yield from _values(part)
