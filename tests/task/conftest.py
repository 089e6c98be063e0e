"""A folder to run models of tasks in."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import task_cases
from tagged_corpus import CORPUS
from task_cases import TAGGED
from task_run_cases import MODELS

from benchmark import trust


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of one's own with a corpus and models."""
    conf = tmp_path / "conf"
    for group in ("corpus", "model"):
        (conf / group).mkdir(parents=True)
    for part, times in {"train": 20, "valid": 2, "test": 6}.items():
        (tmp_path / f"{part}.txt").write_text(TAGGED * times + "the D\nyak N\n\n", encoding="utf-8")
    (conf / "corpus" / "mine.yaml").write_text(CORPUS)
    shutil.copy(task_cases.__file__, tmp_path / "my_taggers.py")
    for name, kind in MODELS.items():
        (conf / "model" / f"{name}.yaml").write_text(
            f"name: {name}\nlabel: {name.title()}\n_target_: my_taggers.{kind}\n"
        )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(trust, "_allowed", set())
    yield tmp_path
    sys.modules.pop("my_taggers", None)
