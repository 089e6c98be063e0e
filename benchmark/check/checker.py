"""Fits a model on small texts and holds it to every rule."""

from __future__ import annotations

import random
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmark.check import rules
from benchmark.check.answers import UnusableAnswer
from benchmark.check.texts import Texts, made_up
from benchmark.contract import LanguageModel, RunLog, ScoresOnly
from benchmark.errors import BrokenContract, Skip, UserError
from benchmark.traces import described, ended_process, own_place

#: The rules that need no second model, each after those that say more clearly what it would stumble over.
ONE_MODEL = (
    rules.declared,
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
#: Those that ask a model for its distribution over the vocabulary.
NEED_DISTRIBUTION = frozenset({"proper", "consistent", "dense", "incremental"})
#: Those that ask for scores of another text than the model was matched with.
NEED_OTHER_TEXTS = frozenset({"causal", "separate"})
#: Rule → what it asks, in one line.
RULES = {
    rule.__name__: (rule.__doc__ or "").strip().splitlines()[0] for rule in (*ONE_MODEL, rules.repeatable)
}


@dataclass(frozen=True)
class Finding:
    """One rule on one text.

    `problem` says how the model breaks it; `unchecked` says what keeps it from being checked: the problem of
    another rule, or that the model has no distribution; it holds where both are None. `trace` is the stack
    trace of an error in the model's code.
    """

    rule: str
    text: str
    problem: str | None = None
    unchecked: str | None = None
    trace: str | None = None


def check_model(
    build: Callable[[], LanguageModel],
    *,
    modules: Collection[str] = (),
    more: Sequence[Texts] = (),
    made_up_too: bool = True,
) -> list[Finding]:
    """Every rule on every text, for the models that `build` makes. Raises Skip if it cannot run here.

    A rule that breaks (raises) is broken: its problem names the exception and the place in the model's code,
    which lies in `modules`. `more`: texts beside the made-up ones or, unless `made_up_too`, in their place.
    """
    findings = []
    made = (made_up(sentences=True), made_up(sentences=False)) if made_up_too else ()
    for texts in (*made, *more):
        findings += list(_Check(texts, modules).findings(build))
    return findings


class _Check:
    """The rules on one text. What was found already is not found again: one fault has one finding."""

    def __init__(self, texts: Texts, modules: Collection[str]) -> None:
        self._texts, self._modules = texts, modules
        self._known: dict[object, str] = {}

    def findings(self, build: Callable[[], LanguageModel]) -> Iterator[Finding]:
        """One for every rule."""
        models: list[LanguageModel] = []
        fit = partial(_fitted, build, self._texts)
        fitted = self._finding("declared", lambda: models.append(fit()), passing=(Skip, UserError))
        if not models:
            yield fitted
            unfitted = [name for name in RULES if name != "declared"]
            yield from (Finding(rule, self._texts.name, unchecked="see declared") for rule in unfitted)
            return
        (model,) = models
        for rule in ONE_MODEL:
            if model.scores_only is not None and rule.__name__ in _unanswerable(model.scores_only):
                reason = f"no distribution: {model.scores_only.reason}"
                yield Finding(rule.__name__, self._texts.name, unchecked=reason)
                continue
            yield self._finding(rule.__name__, lambda rule=rule: rule(model, self._texts))  # type: ignore[misc]
        _disturb_global_random_states()
        yield self._finding("repeatable", lambda: rules.repeatable(model, self._texts, fit()))

    def _finding(
        self, rule: str, check: Callable[[], object], passing: tuple[type[Exception], ...] = ()
    ) -> Finding:
        """What `check` raises, but for errors that are `passing`: those are the caller's."""
        try:
            check()
        except passing:
            raise
        except UnusableAnswer as error:
            return self._broken(rule, error.method, str(error))
        except BrokenContract as error:
            cause = error.__cause__
            return self._broken(rule, error, str(error), _trace(cause) if cause else None)
        except (Exception, SystemExit) as error:
            if isinstance(error, SystemExit) and not ended_process(error):
                raise
            place = own_place(error, self._modules)
            return self._broken(rule, (type(error), place), described(error, self._modules), _trace(error))
        return Finding(rule, self._texts.name)

    def _broken(self, rule: str, fault: object, problem: str, trace: str | None = None) -> Finding:
        if (earlier := self._known.setdefault(fault, rule)) != rule:
            return Finding(rule, self._texts.name, unchecked=f"see {earlier}")
        return Finding(rule, self._texts.name, problem, trace=trace)


def _fitted(build: Callable[[], LanguageModel], texts: Texts) -> LanguageModel:
    model = build()
    if model.scores_only is not None:
        model.match(texts.valid, texts.test)
    model.fit(texts.train, texts.valid, RunLog())
    return model


def _unanswerable(without: ScoresOnly) -> frozenset[str]:
    """The rules that a model without a distribution cannot be held to."""
    return NEED_DISTRIBUTION if without.computes else NEED_DISTRIBUTION | NEED_OTHER_TEXTS


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _disturb_global_random_states() -> None:
    random.seed(99)
    np.random.seed(99)  # noqa: NPY002  # the global state is what a model must not depend on
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(99)
