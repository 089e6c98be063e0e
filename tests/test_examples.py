"""The examples keep the contract, run, and are what the pages show."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmark.build import build_model, build_task_model
from benchmark.check import check_model
from benchmark.corpus.settings import corpus_settings
from benchmark.sweep.compose import collect
from benchmark.task.check import check_task_model
from benchmark.task.settings import dataset_settings
from benchmark.task.tasks import TASKS

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
MODELS = sorted(path.stem for path in (EXAMPLES / "conf" / "model").glob("*.yaml"))

#: Settings that the tests take for less work.
SMALLER = {"fading_words": ["model.width=16", "model.training.epochs=1"]}


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES / "baselines"))
    inherited = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(EXAMPLES / "baselines"), str(ROOT), inherited]))


def model_settings(name: str) -> dict[str, Any]:
    (job,) = collect(["--config-dir", str(EXAMPLES / "conf"), f"model={name}", *SMALLER.get(name, [])])
    return job.config["model"]


@pytest.mark.parametrize("model", MODELS)
def test_a_model_keeps_the_contract(model: str) -> None:
    settings = model_settings(model)
    assert settings["name"] == model
    assert [finding for finding in check_model(lambda: build_model(settings)) if finding.problem] == []


@pytest.mark.parametrize("model", MODELS)
def test_a_model_runs(model: str, nextword, tmp_path: Path, text_corpus: list[str]) -> None:
    arguments = ["--config-dir", str(EXAMPLES / "conf"), f"model={model}", *SMALLER.get(model, [])]
    done = nextword("run", *arguments, *text_corpus)
    assert done.returncode == 0, done.stdout + done.stderr
    (record,) = (tmp_path / "results" / "runs").glob(f"*/{model}/*/result.json")
    repeated = shlex.split(json.loads(record.read_text(encoding="utf-8"))["command"])
    (job,) = collect(repeated[2:])
    assert job.config["model"]["_target_"].startswith(f"{model}.")


@pytest.mark.parametrize("corpus", [path.stem for path in (EXAMPLES / "conf" / "corpus").glob("*.yaml")])
def test_a_corpus_is_one(corpus: str) -> None:
    (job,) = collect(["--config-dir", str(EXAMPLES / "conf"), f"corpus={corpus}"])
    assert corpus_settings(job.config["corpus"]).name == corpus


def test_the_model_of_a_task_keeps_its_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES / "tasks"))
    (job,) = collect(["--config-dir", str(EXAMPLES / "tasks" / "conf"), "model=last_letters"])
    for task in ("tagging", "chunking"):
        build = partial(build_task_model, job.config["model"], TASKS[task])
        found = check_task_model(build, task, None)
        assert [finding for finding in found if finding.problem] == []


def test_the_corpus_of_a_task_is_one() -> None:
    (job,) = collect(["--config-dir", str(EXAMPLES / "tasks" / "conf"), "corpus=tickets"])
    assert dataset_settings(job.config["corpus"]).task == "classification"


SHOWN = {
    "tasks.md": ["tasks/*.py", "tasks/conf/*/*.yaml"],
    "adding-a-baseline.md": ["baselines/*.py", "conf/model/*.yaml"],
    "python.md": ["python/*.py"],
    "kenlm.md": ["engine/*.py"],
    "adding-a-corpus.md": ["conf/corpus/*.yaml"],
}


FILES = [
    (page, file) for page, patterns in SHOWN.items() for each in patterns for file in EXAMPLES.glob(each)
]


@pytest.mark.parametrize(("page", "file"), FILES, ids=[f"{page}-{file.name}" for page, file in FILES])
def test_a_page_shows_the_file(page: str, file: Path) -> None:
    language = {".py": "python", ".yaml": "yaml"}[file.suffix]
    block = f"```{language}\n{file.read_text(encoding='utf-8')}```\n"
    assert block in (ROOT / "docs" / page).read_text(encoding="utf-8")


def test_the_program_of_the_engine_runs(tmp_path: Path) -> None:
    shown = run_python(tmp_path, "-W", "ignore", str(EXAMPLES / "engine" / "estimate.py"))
    assert "<NgramModel of order 3: 13 words, 49 n-grams>" in shown
    assert {path.name for path in tmp_path.iterdir()} == {"students", "students.arpa.gz"}


@pytest.mark.slow
def test_the_python_programs_run(tmp_path: Path) -> None:
    """Trained for less than the pages show: they are to run, not to be good."""
    program = (EXAMPLES / "python" / "one_run.py").read_text(encoding="utf-8")
    assert "epochs=1," in program
    trained = run_python(tmp_path, "-c", program.replace("epochs=1,", "epochs=0.02,"))
    assert "perplexity" in trained
    made = run_python(tmp_path, "-m", "benchmark", "run", "model=kneser_ney", "corpus=sotu_small")
    assert "finished" in made
    read = run_python(tmp_path, str(EXAMPLES / "python" / "finished_runs.py"))
    assert "Modified Kneser-Ney 5-gram on sotu_small: ok" in read


def test_one_text_is_coded_in_many_ways(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    texts = [tmp_path / f"{number}.txt" for number in range(20)]
    for number, file in enumerate(texts):
        file.write_text(f"The cat, number {number}, sat on the mat.\n\nWas it late?\n" * 30, encoding="utf-8")
    shown = run_python(tmp_path, str(EXAMPLES / "bits_per_byte.py"), *map(str, texts))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown.splitlines()[2:]]
    bits = {code: float(after_training) for code, after_training, _ in rows}
    assert len([code for code in bits if code.startswith("Kneser-Ney")]) == 4
    assert "xz -9" in bits
    assert list(bits.values()) == sorted(bits.values())
    assert all(0 <= value < 3 for value in bits.values())


def run_python(folder: Path, *arguments: str) -> str:
    """A program's output."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
