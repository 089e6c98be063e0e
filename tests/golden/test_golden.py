"""Every model scores a small text as it did, so code may be cleaned without any run being made anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_cases import cases
from golden_file import REMAKE, problem, read
from golden_results import declared, names, result
from golden_tasks import task_cases

from benchmark.errors import Skip
from benchmark.record.versions import source_if_unversioned

GOLDEN = read()


def test_every_model_and_every_choice_has_golden_scores() -> None:
    missing = sorted(set(names()) - set(GOLDEN))
    assert not missing, f"no golden scores of {', '.join(missing)}; make them: {REMAKE}"
    left_over = sorted(set(GOLDEN) - set(names()))
    assert not left_over, f"golden scores of what is there no more: {', '.join(left_over)}; {REMAKE}"


def test_every_shipped_model_declares_its_version() -> None:
    targets = {case.settings["_target_"] for case in (*cases().values(), *task_cases().values())}
    without = sorted(target for target in targets if source_if_unversioned(target) is not None)
    assert not without, f"give each a `version: ClassVar[int] = 1` in its own body: {', '.join(without)}"


@pytest.mark.parametrize("name", GOLDEN)
def test_scores_are_what_they_were(name: str, tmp_path: Path) -> None:
    if name not in names():
        pytest.skip("is there no more")
    try:
        now = result(name, tmp_path)
    except Skip as reason:
        pytest.skip(str(reason))
    found = problem(name, GOLDEN[name], now, declared(name))
    assert found is None, found
