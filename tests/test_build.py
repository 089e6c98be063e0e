"""From config to model: what a person is told who gets it wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from bigram import Bigram
from pydantic import Field

from benchmark.build import build_model, build_task_model, task_model_class
from benchmark.contract import LanguageModel
from benchmark.errors import Skip, UserError
from benchmark.settings import choices
from benchmark.sweep.compose import Collector
from benchmark.task.tasks import TASKS


@dataclass(frozen=True)
class Recipe:
    epochs: Annotated[float, Field(gt=0)] = 1.0


class Configured(Bigram):
    def __init__(self, *, order: Annotated[int, Field(ge=1, le=10)], recipe: Recipe | None = None) -> None:
        self.order, self.recipe = order, recipe


class Loose(Bigram):
    """Has settings without bounds."""

    def __init__(
        self,
        *,
        recipe: Recipe | None = None,
        weights: list[float] | None = None,
        named: dict[str, float] | None = None,
        free: float | None = None,
    ) -> None:
        self.settings = recipe, weights, named, free


class Nested(Bigram):
    def __init__(self, *, recipe: Recipe) -> None:
        self.recipe = recipe


class Composed(Bigram):
    def __init__(self, *, parts: Mapping[str, LanguageModel]) -> None:
        self.parts = parts


class Backed(Bigram):
    def __init__(self, *, floor: LanguageModel) -> None:
        self.floor = floor


HERE = __name__
PART = {"_target_": f"{HERE}.Configured", "name": "x", "label": "X", "order": 3}


def test_values_are_checked_and_naming_keys_left_out() -> None:
    model = build_model({"_target_": f"{HERE}.Configured", "name": "x", "label": "X", "order": 3})
    assert isinstance(model, Configured)
    assert model.order == 3
    nested = build_model({"_target_": f"{HERE}.Nested", "recipe": {"epochs": 2}})
    assert isinstance(nested, Nested)
    assert nested.recipe == Recipe(epochs=2.0)


def test_a_model_is_built_with_the_models_it_is_composed_of() -> None:
    backed = {"_target_": f"{HERE}.Backed", "floor": PART}
    model = build_model({"_target_": f"{HERE}.Composed", "parts": {"a": PART, "b": backed}})
    assert isinstance(model, Composed)
    first, second = model.parts["a"], model.parts["b"]
    assert isinstance(first, Configured)
    assert isinstance(second, Backed)
    assert isinstance(second.floor, Configured)
    assert first.order == 3


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"order": 3, "_target_": "Configured"}, "must name a class"),
        ({"order": 3, "_target_": f"{HERE}.Configurd"}, "Did you mean 'Configured'"),
        ({"order": 3, "_target_": f"{HERE}.Recipe"}, "is no LanguageModel"),
        (
            {"order": 3, "_target_": "baselines.ngrams.x.Y"},
            "no module 'baselines.ngrams'.*Did you mean 'ngram'",
        ),
        (
            {"order": 3, "_target_": "baselines.ngram.smoothing.knesr_ney.KneserNey"},
            "Did you mean 'kneser_ney'",
        ),
        ({"_target_": f"{HERE}.Configured"}, r"model\.order: Configured needs this setting"),
        ({"order": 3, "ordr": 2, "_target_": f"{HERE}.Configured"}, r"model\.ordr.*Did you mean 'order'"),
        ({"order": "five", "_target_": f"{HERE}.Configured"}, r"model\.order='five'.*valid integer"),
        ({"order": 11, "_target_": f"{HERE}.Configured"}, r"model\.order=11.*less than or equal to 10"),
        (
            {"recipe": {"epoch": 1}, "_target_": f"{HERE}.Nested"},
            r"model\.recipe\.epoch: .*Did you mean 'epochs'",
        ),
        ({"_target_": f"{HERE}.Composed", "parts": 3}, r"model\.parts=3 is not usable: give models by name"),
        ({"_target_": f"{HERE}.Composed", "parts": {"a": 3}}, r"model\.parts\.a=3 .* give a model"),
        (
            {"_target_": f"{HERE}.Composed", "parts": {"a": {**PART, "order": 11}}},
            r"model\.parts\.a\.order=11.*less than or equal to 10",
        ),
        (
            {"_target_": f"{HERE}.Backed", "floor": {"_target_": f"{HERE}.Configurd"}},
            r"model\.floor\._target_: .*Did you mean 'Configured'",
        ),
        ({"recipe": {"epochs": 0}, "_target_": f"{HERE}.Nested"}, r"model\.recipe\.epochs=0.*greater than 0"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(config: dict[str, object], says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        build_model(config)
    assert "\n" not in str(caught.value)


def numbers(settings: Mapping[str, Any], keys: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The keys that lead to the numbers in some settings."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from numbers(value, (*keys, key))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield (*keys, key)


COLLECTOR = Collector()


@pytest.mark.parametrize("name", choices("model"))
def test_no_number_of_a_model_may_be_infinite_or_none(name: str) -> None:
    (job,) = COLLECTOR.jobs([f"model={name}"])
    for *path, key in numbers(job.config["model"]):
        for wrong in (math.inf, math.nan):
            settings = deepcopy(job.config["model"])
            block = settings
            for part in path:
                block = block[part]
            block[key] = wrong
            kind = task_model_class(settings)
            where = re.escape(".".join(["model", *path, key]))
            with pytest.raises(UserError, match=rf"^{where}={wrong} is not usable: [^\n]*$"):
                build_task_model(settings, TASKS[kind.tasks[0]]) if kind else build_model(settings)


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("recipe", {"epochs": math.inf}, "recipe.epochs=inf"),
        ("weights", [0.5, math.nan], "weights[1]=nan"),
        ("named", {"a": math.inf}, "named.a=inf"),
        ("free", "1e400", "free=inf"),
    ],
)
def test_no_number_inside_a_setting_may_be_infinite(setting: str, value: Any, named: str) -> None:
    with pytest.raises(UserError) as raised:
        build_model({"_target_": f"{HERE}.Loose", setting: value})
    assert str(raised.value) == f"model.{named} is not usable: input should be a finite number"


def test_no_integer_of_a_setting_is_beyond_what_records_hold() -> None:
    scores = {
        "_target_": "baselines.scores.model.Scores",
        "valid": "v",
        "test": "t",
        "scale": "ln",
        "kind": "count",
    }
    assert build_model({**scores, "entries": 2**63 - 1})
    with pytest.raises(UserError, match=r"model\.entries=9223372036854775808 is not usable: .* of 64 bits"):
        build_model({**scores, "entries": 2**63})


def test_a_missing_package_is_told_from_a_misspelt_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needy_model.py").write_text("import a_package_nobody_has\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(Skip, match="needs the package 'a_package_nobody_has', which is not installed"):
        build_model({"_target_": "needy_model.Model"})


def test_a_module_missing_from_a_package_that_is_there_is_no_missing_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mistaken_model.py").write_text("import benchmark.contracts\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UserError, match=r"mistaken_model imports benchmark\.contracts, which does not exist"):
        build_model({"_target_": "mistaken_model.Model"})


def test_a_module_missing_from_the_models_own_package_is_no_missing_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "half_a_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "model.py").write_text("import half_a_package.other\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UserError, match=r"half_a_package\.model imports half_a_package\.other"):
        build_model({"_target_": "half_a_package.model.Model"})
