"""What models made of other models share: fitting, sizing, saving and loading their components."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from benchmark.contract import Computation, Context, LanguageModel, ModelSize, RunLog, TokenStream, Vocabulary
from benchmark.errors import UserError

_SAVED = "composite.json"


class Composite(LanguageModel):
    """A model made of others, its `components` by name.

    Its family is that of its components, or `mixture` where they differ: a mixture of counted models is
    counted. It carries history across lines (`context: stream`) if any component does. A component that
    raises Skip skips the whole.

    A subclass implements `learn`, extends `settings` by its own constructor arguments, and lists in
    `learned` the attributes set by `learn` that `save` keeps (plain JSON values).
    """

    family: ClassVar[Literal["count", "neural", "mixture"]] = "mixture"
    learned: ClassVar[tuple[str, ...]] = ()

    def __init__(self, components: Mapping[str, LanguageModel]) -> None:
        if not components:
            raise UserError("model.components is empty: add one, as in +model@model.components.lstm=lstm")
        for name, component in components.items():
            if not component.normalised:
                raise UserError(f"model.components.{name} is a score, not a distribution: leave it out")
        self.components = dict(components)
        families = {component.family for component in components.values()}
        if len(families) == 1:
            self.family = families.pop()  # type: ignore[misc]  # of the class for all models but these
        contexts = {component.context for component in components.values()}
        self.context: Context = "stream" if "stream" in contexts else "sentence"

    def settings(self) -> dict[str, Any]:
        """The constructor arguments beside the components."""
        return {}

    @classmethod
    def assembled(cls, components: Mapping[str, LanguageModel], settings: Mapping[str, Any]) -> Self:
        """The constructor, called with saved components and settings."""
        return cls(components=components, **settings)

    def learn(self, valid: TokenStream, log: RunLog) -> None:
        """Set what joins the fitted components, by the validation text."""
        raise NotImplementedError

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Fit each component, one after the other, then what joins them."""
        self.vocabulary = train.vocabulary
        done = 0
        for name, component in self.components.items():
            component_log = ComponentLog(log, name, done)
            component.fit(train, valid, component_log)
            done = component_log.done
        self.learn(valid, log)
        self._describe_computation()

    def _describe_computation(self) -> None:
        parts = self.components.values()
        self.trained_on = Computation.of_several(part.trained_on for part in parts)
        self.scored_on = Computation.of_several(part.scored_on for part in parts)

    def size(self) -> ModelSize:
        """The sums over its components."""
        sizes = [component.size() for component in self.components.values()]
        return ModelSize(
            bytes_in_memory=sum(size.bytes_in_memory for size in sizes),
            parameters=_sum(size.parameters for size in sizes),
            entries=_sum(size.entries for size in sizes),
        )

    def save(self, folder: Path) -> None:
        """Each component in a folder of its name; settings, classes and what was learned as JSON."""
        for name, component in self.components.items():
            (folder / name).mkdir()
            component.save(folder / name)
        saved = {
            "components": {name: class_path(component) for name, component in self.components.items()},
            "settings": self.settings(),
            "learned": {name: getattr(self, name) for name in self.learned},
        }
        (folder / _SAVED).write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        """The model that `save` wrote."""
        saved = json.loads((folder / _SAVED).read_text(encoding="utf-8"))
        components = {
            name: named_class(path).load(folder / name, vocabulary)
            for name, path in saved["components"].items()
        }
        model = cls.assembled(components, saved["settings"])
        model.vocabulary = vocabulary
        for name in cls.learned:
            setattr(model, name, saved["learned"][name])
        model._describe_computation()
        return model


class ComponentLog(RunLog):
    """The log of one component: its lines begin with its name, its progress adds to `done` tokens.

    Its training curve is not kept: it is none of the whole.
    """

    def __init__(self, log: RunLog, name: str, done: int) -> None:
        self._log, self._name, self._before = log, name, done
        self.workspace = None if log.workspace is None else log.workspace / name
        self.done = done

    def info(self, message: str) -> None:
        self._log.info(f"{self._name}: {message}")

    def progress(self, done: int, total: int, **figures: float) -> None:
        self.done = self._before + done
        self._log.progress(self.done, self._before + total, **figures)

    def resumed(self, seconds: float, tokens: int) -> None:
        self.done = self._before + tokens
        self._log.resumed(seconds, self.done)

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        with self._log.evaluation():
            yield


def class_path(model: LanguageModel) -> str:
    """`package.module.Class` of a model."""
    return f"{type(model).__module__}.{type(model).__qualname__}"


def named_class(path: str) -> type[LanguageModel]:
    """The class that `class_path` named. Raises UserError where it is no LanguageModel."""
    module, _, name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except (ImportError, ValueError):  # ValueError: no module in the path
        found = None
    if not (isinstance(found, type) and issubclass(found, LanguageModel)):
        raise UserError(f"the saved model has a component of {path!r}, which is no LanguageModel here")
    return found


def _sum(values: Iterator[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
