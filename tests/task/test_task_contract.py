"""Every shipped model of a task is held to the contract."""

from __future__ import annotations

from functools import partial

import pytest
from golden_tasks import task_cases

from benchmark.build import build_task_model
from benchmark.task.check import check_task_model
from benchmark.task.tasks import TASKS


@pytest.mark.parametrize("name", task_cases())
def test_every_model_of_a_task_keeps_the_contract(name: str) -> None:
    case = task_cases()[name]
    found = check_task_model(partial(build_task_model, case.settings, TASKS[case.task]), case.task, None)
    assert [f"{finding.rule}: {finding.problem}" for finding in found if finding.problem] == []
