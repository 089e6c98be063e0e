"""The base of models made of other models: fits, measures, saves and loads their components."""

import json
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np

from baselines.saving import class_path, learned_by, named_class, restore_learned, setting_names, settings_of
from benchmark.contract import (
    Computation,
    Family,
    LanguageModel,
    ModelSize,
    Operations,
    RunLog,
    ScoresOnly,
    TokenStream,
    Vocabulary,
)
from benchmark.errors import UserError
from benchmark.storage.files import check_name
from benchmark.storage.reading import read_json_object

_SAVED = "composite.json"


class Composite(LanguageModel):
    """A model made of others: its `components`, by name.

    Its family is that of its components, or `mixture` if they differ: a mixture of n-gram models is
    counted. Its context is `stream` if that of any component is. If a component raises Skip, so does the
    whole. If a component has no distribution, the whole has none, and what is not known of a component's size
    is not known of the whole.

    A subclass is a dataclass (see `baselines.saving`: fields are settings, fields with `init=False` are
    learned) and implements `learn`. Its components are the models in its field
    `components: Mapping[str, LanguageModel]`, or, without such a field, the fields that hold a model.
    """

    family: Family = "mixture"
    components: Mapping[str, LanguageModel]

    def __post_init__(self) -> None:
        self.components = dict(self._models())
        if not self.components:
            raise UserError("model.components is empty: add one, as in +model@model.components.lstm=lstm")
        for name, component in self.components.items():
            check_name(f"the component {name!r} of model.components: name", name)
            if not component.normalised:
                raise UserError(f"model.components.{name} is a score, not a distribution: leave it out")
        parts = self.components.values()
        families = {part.family for part in parts}
        if len(families) == 1:
            (self.family,) = families
        contexts = {part.context for part in parts}
        self.context = "stream" if "stream" in contexts else "sentence"
        without = next((name for name, model in self.components.items() if model.scores_only), None)
        if without is not None:
            declared = (part.scores_only for part in parts)
            computes = all(each is None or each.computes for each in declared)
            self.scores_only = ScoresOnly(f"its component {without} has none", computes=computes)
        self.outside = any(part.outside for part in parts)
        self.trained_here = all(part.trained_here for part in parts)

    def _models(self) -> Iterator[tuple[str, LanguageModel]]:
        for name, value in settings_of(self).items():
            if isinstance(value, LanguageModel):
                yield name, value
            elif isinstance(value, Mapping):
                yield from value.items()

    def match(self, valid: TokenStream, test: TokenStream) -> None:
        """Of the components without a distribution."""
        for component in self.components.values():
            if component.scores_only is not None:
                component.match(valid, test)

    @abstractmethod
    def learn(self, valid: TokenStream, log: RunLog) -> None:
        """Learn how to combine the fitted components, from the validation text."""

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Fit each component, one after the other, then learn how to combine them."""
        self.vocabulary = train.vocabulary
        done = 0
        for name, component in self.components.items():
            component_log = ComponentLog(log, name, done)
            with log.part(name):
                component.fit(train, valid, component_log)
                if component_log.done == done:  # without a word of progress, it has read the text once
                    component_log.progress(len(train), len(train))
            done = component_log.done
        self.learn(valid, log)
        self._describe_computation()

    def _describe_computation(self) -> None:
        parts = self.components.values()
        self.trained_on = Computation.of_several(part.trained_on for part in parts)
        self.scored_on = Computation.of_several(part.scored_on for part in parts)
        self.notes = tuple(dict.fromkeys(note for part in parts if part.scores_only for note in part.notes))

    def _distributions(
        self, stream: TokenStream, places: np.ndarray, rows: int
    ) -> Iterator[tuple[np.ndarray, ...]]:
        """Blocks of `distributions` of every component, side by side."""
        parts = (component.distributions(stream, places, rows) for component in self.components.values())
        return zip(*parts, strict=True)

    def operations(self) -> Operations | None:
        """Those of scoring with the components that count theirs; training is several trainings."""
        parts = [component.operations() for component in self.components.values()]
        counted = [part.score for part in parts if part is not None and part.score is not None]
        return Operations(score=sum(counted)) if counted else None

    def size(self) -> ModelSize:
        """The sums over its components, where they are known of all."""
        sizes = [component.size() for component in self.components.values()]
        if any(size.parameters is None and size.entries is None for size in sizes):
            return ModelSize(_sum_of_all(size.bytes_in_memory for size in sizes))
        return ModelSize(
            bytes_in_memory=_sum_of_all(size.bytes_in_memory for size in sizes),
            parameters=_sum(size.parameters for size in sizes),
            entries=_sum(size.entries for size in sizes),
        )

    def save(self, folder: Path) -> None:
        """Write each component into a folder of its name; settings, classes and learned fields as JSON."""
        for name, component in self.components.items():
            (folder / name).mkdir()
            component.save(folder / name)
        saved = {
            "components": {name: class_path(component) for name, component in self.components.items()},
            "settings": {
                name: value
                for name, value in settings_of(self).items()
                if not isinstance(value, (LanguageModel, Mapping))
            },
            "learned": learned_by(self),
        }
        (folder / _SAVED).write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        """The model that `save` wrote."""
        saved = read_json_object(folder / _SAVED)
        for name in saved["components"]:
            if Path(name).name != name:
                raise UserError(f"{folder / _SAVED} names a component {name!r}, which no folder is called")
        components = {
            name: named_class(path).load(folder / name, vocabulary)
            for name, path in saved["components"].items()
        }
        by_name = "components" in setting_names(cls)
        model = cls(**({"components": components} if by_name else components), **saved["settings"])
        model.vocabulary = vocabulary
        restore_learned(model, saved["learned"])
        model._describe_computation()
        return model


class ComponentLog(RunLog):
    """The log of one component: its lines and figures begin with its name, and its progress is added to
    `done` tokens.

    `behind`: the tokens that other components will be trained on when it is ready, as a multiple of its own;
    0 if that is unknown. Its training curve is not kept, because it is not that of the whole model, and what
    its own components take is part of what it takes.
    """

    def __init__(self, log: RunLog, name: str, done: int, behind: float = 0.0) -> None:
        self._log, self._name, self._before, self._behind = log, name, done, behind
        self.workspace = None if log.workspace is None else log.workspace / name
        self.done = done

    def info(self, message: str) -> None:
        self._log.info(f"{self._name}: {message}")

    def progress(self, done: int, total: int, **figures: float) -> None:
        self.done = self._before + done
        whole = self._before + total + round(self._behind * total)
        self._log.progress(self.done, whole, **{f"{self._name} {key}": each for key, each in figures.items()})

    def resumed(self, seconds: float, tokens: int) -> None:
        self.done = self._before + tokens
        self._log.resumed(seconds, self.done)

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        with self._log.evaluation():
            yield


def _sum_of_all(values: Iterator[int | None]) -> int | None:
    """Their sum; None if any is unknown."""
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _sum(values: Iterator[int | None]) -> int | None:
    """The sum of those that there are; None if there are none."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
