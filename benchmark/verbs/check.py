"""`nextword check model=NAME`: check a model against the contract."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from benchmark.errors import UserError
from benchmark.job import Job
from benchmark.traces import modules_of, traces_are_shown

if TYPE_CHECKING:
    from benchmark.check import Finding
    from benchmark.check.texts import Texts
    from benchmark.task.contract import TaskModel

HELP = """\
nextword check model=NAME [corpus=NAME] [model.KEY=VALUE ...]

Fits the model on small made-up texts, with and without sentence ends, and checks that it keeps the
contract in benchmark/contract.py; with corpus=NAME, on the front of that corpus as well. A model that was
trained elsewhere, or of which there are scores alone, is checked on its corpus, which corpus=NAME must
name. Rules that need a distribution are left out where there is none. The exit status is 1 if it breaks a
rule. --debug shows the stack traces of errors in the model's code. The rules:

"""


def main(arguments: list[str]) -> int:
    from benchmark.check import RULES, check_model

    if "-h" in arguments or "--help" in arguments:
        print(HELP + "\n".join(f"  {rule:11} {text}" for rule, text in RULES.items()))
        return 0
    if not any(argument.startswith("model=") for argument in arguments):
        raise UserError("which model? nextword check model=NAME (nextword list models)")

    from benchmark.build import build_model, task_model_class
    from benchmark.sweep.compose import collect

    broken = False
    named = any(argument.startswith("corpus=") for argument in arguments)
    for job in collect(arguments):
        settings = job.config["model"]
        print(f"{settings.get('label', job.model)}:", flush=True)
        if (kind := task_model_class(settings)) is not None:
            broken |= _print(_of_task(job, kind, named))
            continue
        build = partial(build_model, settings)
        model = build()
        alone = model.scores_only is not None and not model.scores_only.computes
        made_up_too = not alone and model.trained_here
        if not made_up_too and not named:
            knows = "has scores of one corpus alone" if alone else "was trained elsewhere"
            raise UserError(f"model={job.model} {knows}: name its corpus, as in corpus={job.corpus}")
        more = [_text(job, whole=alone)] if named else []
        found = check_model(build, modules=modules_of(settings), more=more, made_up_too=made_up_too)
        broken |= _print(found)
    return 1 if broken else 0


def _print(found: Sequence[Finding]) -> bool:
    """Print what was found; whether a rule is broken."""
    for _, of_one_text in groupby(found, key=attrgetter("text")):
        print("\n".join(_shown(list(of_one_text))))
    return any(finding.problem is not None for finding in found)


def _of_task(job: Job, kind: type[TaskModel], named: bool) -> list[Finding]:
    """The rules for a model of a task, on its corpus if that is named, or else on made-up items."""
    from benchmark.build import build_task_model
    from benchmark.task.check import check_task_model
    from benchmark.task.tasks import task_named

    dataset = job.open_dataset(lambda line: print(line, file=sys.stderr)) if named and job.task else None
    if named and dataset is None:
        raise UserError(
            f"corpus={job.corpus} has no labels, and model={job.model} is a model of labelled items"
        )
    task = task_named(job.task if named and job.task else kind.tasks[0])
    settings = job.config["model"]
    return check_task_model(
        partial(build_task_model, settings, task), task.name, dataset, modules_of(settings)
    )


def _text(job: Job, *, whole: bool) -> Texts:
    """The corpus of a job, or its front."""
    from benchmark.check.texts import front_of, whole_of

    corpus = job.open_corpus(lambda line: print(line, file=sys.stderr))
    return whole_of(corpus) if whole else front_of(corpus)


def _shown(findings: Sequence[Finding]) -> list[str]:
    """The lines on one text: the rules that were checked, and in one line those that could not be."""
    lines = [line for finding in findings if finding.unchecked is None for line in _verdict(finding)]
    reasons = sorted({finding.unchecked for finding in findings if finding.unchecked is not None})
    for reason in reasons:
        rules = ", ".join(finding.rule for finding in findings if finding.unchecked == reason)
        lines.append(f"  (not checked, {reason}: {rules})")
    return lines


def _verdict(finding: Finding) -> list[str]:
    verdict = "holds" if finding.problem is None else f"BROKEN: {finding.problem}"
    line = f"  {finding.rule:11} {finding.text:20} {verdict}"
    if finding.trace is None:
        return [line]
    if traces_are_shown():
        return [line, textwrap.indent(finding.trace.rstrip(), "    ")]
    return [line + "; --debug shows the trace"]
