"""Every value of every literal setting is handled, and an unknown one is refused rather than ignored."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import is_dataclass, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from neural_cases import CLASSES, QUICK, stream

import baselines.neural
from baselines.neural.adaptation.dynamic_evaluation import DynamicEvaluation
from baselines.neural.model import NeuralModel
from baselines.neural.output.kinds import Output
from baselines.neural.speed import KINDS, Task
from baselines.neural.training.recipe import Training
from benchmark.contract import LanguageModel, RunLog
from benchmark.errors import UserError

SHORT = replace(QUICK, epochs=None, steps=3, learning_rate=0.01)
NEEDED = {
    "adaptive": {"division": 2.0},
    "sampled": {"samples": 4, "power": 0.75},
    "nce": {"samples": 4, "power": 0.75, "log_normaliser": 0.0},
}
Setting = tuple[type, str]


def values_in(annotation: Any) -> tuple[Any, ...]:
    """The values of a Literal, also inside a union or Annotated."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(value for part in get_args(annotation) for value in values_in(part))


def literals() -> Iterator[tuple[Setting, tuple[Any, ...]]]:
    """Every literal setting of the package under the class that declares it."""
    for module in pkgutil.walk_packages(baselines.neural.__path__, "baselines.neural."):
        for owner in vars(importlib.import_module(module.name)).values():
            if not isinstance(owner, type) or owner.__module__ != module.name:
                continue
            if owner in (Training, Output, Task) or (is_dataclass(owner) and issubclass(owner, NeuralModel)):
                declared, hints = vars(owner).get("__annotations__", {}), get_type_hints(owner)
            elif issubclass(owner, LanguageModel) and "__init__" in vars(owner):
                hints = declared = get_type_hints(owner.__init__)
            else:
                continue
            for key in declared:
                if values := values_in(hints[key]):
                    yield (owner, key), values


SETTINGS = dict(literals())


def model(setting: Setting, value: Any) -> LanguageModel:
    """A small model that reads this setting."""
    owner, key = setting
    common = {"embedding_size": 6, "hidden_size": 6, "device": "cpu", "seed": 3, "training": SHORT}
    if owner is Training:
        return CLASSES["rnn"](**{**common, "training": replace(SHORT, **{key: value})})
    if owner is Output:
        return CLASSES["rnn"](**common, output=Output(**{key: value}, **NEEDED.get(value, {})))
    if owner is DynamicEvaluation:
        return DynamicEvaluation(of=CLASSES["rnn"](**common), **{key: value})
    assert issubclass(owner, NeuralModel)
    concrete = next(cls for cls in CLASSES.values() if issubclass(cls, owner))
    return concrete(**common, **{key: value})


def test_the_walk_finds_the_settings() -> None:
    found = {(owner.__name__, key) for owner, key in SETTINGS}
    assert found >= {("Training", "optimiser"), ("Recurrent", "skip"), ("NeuralModel", "context")}
    assert len(found) >= 15


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        pytest.param(setting, value, id=f"{setting[0].__name__}.{setting[1]}={value}")
        for setting, values in SETTINGS.items()
        if setting[0] is not Task
        for value in values
    ],
)
def test_every_value_is_handled(setting: Setting, value: Any) -> None:
    text = stream(120)
    built = model(setting, value)
    if value in ("tf32", "float16"):  # which a CPU lacks
        with pytest.raises(UserError, match=value):
            built.fit(text, text.head(40), RunLog())
        return
    built.fit(text, text.head(40), RunLog())
    assert np.isfinite(built.log_probs(text)).all()


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param(setting, id=f"{setting[0].__name__}.{setting[1]}")
        for setting in SETTINGS
        if setting[0] is not Task
    ],
)
def test_an_unknown_value_is_refused(setting: Setting) -> None:
    with pytest.raises((AssertionError, KeyError), match="unheard-of"):
        model(setting, "unheard-of").fit(stream(120), stream(40), RunLog())


def test_a_speed_task_knows_every_kind_of_network() -> None:
    assert set(KINDS) == set(SETTINGS[Task, "kind"])
