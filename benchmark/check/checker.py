"""Fits a model on small texts and holds it to every rule."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmark.check import rules
from benchmark.check.texts import Texts, made_up
from benchmark.contract import LanguageModel, RunLog

#: The rules that need no second model.
ONE_MODEL = (
    rules.complete,
    rules.proper,
    rules.causal,
    rules.consistent,
    rules.dense,
    rules.incremental,
    rules.separate,
    rules.durable,
    rules.sized,
)
#: Rule → what it asks, in one line.
RULES = {
    rule.__name__: (rule.__doc__ or "").strip().splitlines()[0] for rule in (*ONE_MODEL, rules.repeatable)
}


@dataclass(frozen=True)
class Finding:
    """One rule on one text: `problem` says how the model breaks it, None that it holds."""

    rule: str
    text: str
    problem: str | None


def check_model(build: Callable[[], LanguageModel]) -> list[Finding]:
    """Every rule on every text, for the models that `build` makes. Raises Skip if it cannot run here.

    A rule that breaks (raises) is broken: its problem names the exception.
    """
    findings = []
    for texts in (made_up(sentences=True), made_up(sentences=False)):
        findings += list(_on(texts, build))
    return findings


def _on(texts: Texts, build: Callable[[], LanguageModel]) -> Iterator[Finding]:
    model = _fitted(build, texts)
    for rule in ONE_MODEL:
        yield Finding(rule.__name__, texts.name, _problem(lambda rule=rule: rule(model, texts)))  # type: ignore[misc]
    _disturb_global_random_states()
    again = _fitted(build, texts)
    yield Finding("repeatable", texts.name, _problem(lambda: rules.repeatable(model, texts, again)))


def _fitted(build: Callable[[], LanguageModel], texts: Texts) -> LanguageModel:
    model = build()
    model.fit(texts.train, texts.valid, RunLog())
    return model


def _problem(rule: Callable[[], str | None]) -> str | None:
    try:
        return rule()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _disturb_global_random_states() -> None:
    random.seed(99)
    np.random.seed(99)  # noqa: NPY002  # the global state is what a model must not depend on
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(99)
