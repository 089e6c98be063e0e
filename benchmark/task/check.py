"""Fits a model of a task on a few items and holds it to every rule: `nextword check model=NAME`."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Collection, Iterator

from benchmark.check.answers import UnusableAnswer
from benchmark.check.checker import Finding
from benchmark.contract import RunLog
from benchmark.errors import BrokenContract
from benchmark.task.contract import TaskModel
from benchmark.task.dataset import Dataset
from benchmark.task.items import Input, Item, Items
from benchmark.task.rules import RULES, repeatable
from benchmark.traces import described

#: Items of a corpus that a model is fitted and checked on.
FRONT, CHECKED = 200, 40
#: Words of the made-up items, with their labels: tags, and as letters their phonemes.
_WORDS = {"a": "D", "the": "D", "cat": "N", "dog": "N", "sees": "V", "hears": "V", "old": "A", "red": "A"}


def check_task_model(
    build: Callable[[], TaskModel], task: str, dataset: Dataset | None, modules: Collection[str] = ()
) -> list[Finding]:
    """Every rule on the front of a corpus, or on made-up items. Raises Skip if the model cannot run here."""
    if dataset is None:
        train, valid, name = *made_up(task), "made-up items"
    else:
        train, valid, name = dataset.train[:FRONT], dataset.valid[:CHECKED], dataset.name
    return list(_findings(build, train, valid, name, modules))


def made_up(task: str) -> tuple[Items, Items]:
    """Items to learn from and items to check with, the same ones every time."""
    draw = random.Random(1)
    items = [_item(task, draw) for _ in range(FRONT + CHECKED)]
    return items[:FRONT], items[FRONT:]


def _item(task: str, draw: random.Random) -> Item:
    words = tuple(draw.choices(list(_WORDS), k=draw.randint(1, 8)))
    tags = tuple(_WORDS[word] for word in words)
    if task == "tagging":
        return Item(Input(words), tags)
    if task == "chunking":
        places = [
            "O" if tag == "V" else "I-NP" if place and tags[place - 1] != "V" else "B-NP"
            for place, tag in enumerate(tags)
        ]
        return Item(Input(words, tags), tuple(places))
    if task == "classification":
        return Item(Input(words), ("more nouns" if tags.count("N") > tags.count("V") else "other",))
    letters = tuple("".join(words[:2]))
    return Item(Input(letters), tuple(letter.upper() for letter in letters if letter not in "eh"))


def _findings(
    build: Callable[[], TaskModel], train: Items, valid: Items, name: str, modules: Collection[str]
) -> Iterator[Finding]:
    model = build()
    try:
        model.fit(train, valid, RunLog())
    except Exception as error:
        yield Finding("fit", name, described(error, modules), trace=_trace(error))
        return
    for rule, check in RULES.items():
        yield _finding(rule, name, lambda check=check: check(model, train, valid), modules)  # type: ignore[misc]
    yield _finding("repeatable", name, lambda: repeatable(build, model, train, valid), modules)


def _finding(rule: str, name: str, check: Callable[[], object], modules: Collection[str]) -> Finding:
    try:
        check()
    except (UnusableAnswer, BrokenContract) as error:
        return Finding(rule, name, str(error))
    except Exception as error:
        return Finding(rule, name, described(error, modules), trace=_trace(error))
    return Finding(rule, name)


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
