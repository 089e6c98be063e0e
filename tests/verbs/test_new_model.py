"""`nextword new model`: files that work at once, in a folder of one's own or in a checkout."""

from __future__ import annotations

import importlib.util
import json
import shlex
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmark.build import build_task_model
from benchmark.cli import main
from benchmark.scaffold import new_model
from benchmark.scaffold.new_model import FAMILIES
from benchmark.sweep.compose import collect
from benchmark.task.tasks import TASKS


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)


def written() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


def made_test(file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CONTRACT = "test_it_keeps_the_contract"


@pytest.mark.parametrize(
    ("family", "test"),
    [
        ("count", CONTRACT),
        ("count", "test_a_bigrams_probability_is_that_of_the_formula"),
        pytest.param("neural", CONTRACT, marks=pytest.mark.slow),
        pytest.param("neural", "test_it_learns_which_word_follows", marks=pytest.mark.slow),
        ("neural", "settings"),
        ("tagger", CONTRACT),
        ("tagger", "test_a_word_never_seen_is_tagged_like_rare_words"),
        ("classifier", CONTRACT),
        ("classifier", "test_a_texts_probabilities_are_those_of_the_formula"),
        ("transducer", CONTRACT),
        ("transducer", "test_letters_are_spoken_as_they_were_heard"),
        ("transducer", "test_an_outputs_probability_is_that_of_the_formula"),
    ],
)
def test_a_new_model_passes_its_test(
    family: str, test: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"new_{family}_{len(test)}"  # a module of its own
    assert main(["new", "model", name, "--family", family]) == 0
    assert written() == [f"conf/model/{name}.yaml", f"{name}.py", f"test_{name}.py"]
    assert f"nextword check --config-dir conf model={name}\n" in capsys.readouterr().out
    module = made_test(f"test_{name}.py")
    assert {test, CONTRACT} <= set(vars(module))
    getattr(module, test)()


@pytest.mark.parametrize(("family", "task"), [(name, each.task) for name, each in FAMILIES.items()])
def test_the_corpus_that_a_new_model_is_tried_on_fits_it(
    family: str, task: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "model", f"fitting_{family}", "--family", family]) == 0
    *_, line = capsys.readouterr().out.splitlines()
    (job,) = collect(shlex.split(line)[2:])
    assert job.task == task
    if task is not None:
        assert isinstance(build_task_model(job.config["model"], TASKS[task]), TASKS[task].contract)


@pytest.mark.parametrize(
    ("family", "corpus"),
    [
        ("tagger", {"task": "tagging", "format": "columns", "columns": {"token": 0, "target": 1}}),
        ("classifier", {"task": "classification", "format": "class_first"}),
        ("transducer", {"task": "transduction", "format": "pronunciations"}),
    ],
)
def test_a_new_model_of_a_task_runs(
    family: str, corpus: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"running_{family}"
    assert main(["new", "model", name, "--family", family]) == 0
    text = {
        "tagger": "the D\ncat N\n\na D\ndog N\n\n",
        "classifier": "animal: a cat\nplant: an oak\n",
        "transducer": "cat K AE1 T\ncats K AE1 T S\n",
    }[family]
    for part in ("train", "valid", "test"):
        Path(f"{part}.txt").write_text(text)
        corpus[part] = f"{part}.txt"
    Path("conf/corpus").mkdir()
    Path("conf/corpus/mine.yaml").write_text(json.dumps({"name": "mine", "source": {}, **corpus}))
    monkeypatch.setenv("NEXTWORD_CACHE", "cache")
    run = ["run", "--config-dir", "conf", f"model={name}", "corpus=mine", "footprint=false"]
    assert main(run) == 0
    (record,) = Path("results/runs/mine").glob(f"{name}/*/result.json")
    assert json.loads(record.read_text())["status"] == "ok"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_new_model_says_where_its_defaults_come_from(family: str) -> None:
    name = f"said_{family}"
    assert main(["new", "model", name, "--family", family]) == 0
    assert "# Defaults: not tuned: " in Path(f"conf/model/{name}.yaml").read_text()


def test_nothing_is_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    for file in ("mine.py", "conf/model/mine.yaml", "test_mine.py"):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text("kept")
        assert main(["new", "model", "mine", "--family", "count"]) == 2
        assert capsys.readouterr().err == (
            f"nextword: {file} is there already, and nothing is overwritten: take another name\n"
        )
        assert written() == [file]
        assert Path(file).read_text() == "kept"
        Path(file).unlink()


def test_what_cannot_be_written_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("conf").write_text("a file where the folder should be")
    assert main(["new", "model", "mine", "--family", "count"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert written() == ["conf"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("lstm", "NAME=lstm is taken: "),
        ("numpy", "Python has a module 'numpy'"),
        ("colorsys", "Python has a module 'colorsys'"),
        ("Mine", "give up to 60 small letters"),
        ("my-model", "give up to 60 small letters"),
        ("../mine", "give up to 60 small letters"),
        ("", "give up to 60 small letters"),
        ("class", "give up to 60 small letters"),
        ("null", "give up to 60 small letters"),
        ("m" * 61, "give up to 60 small letters"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(
    name: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "model", name, "--family", "neural"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
    assert written() == []


def test_a_new_model_goes_to_the_folder_that_is_named() -> None:
    Path("ours/settings").mkdir(parents=True)
    assert main(["new", "model", "mine", "--family", "count", "--config-dir", "ours/settings"]) == 0
    assert written() == ["ours/mine.py", "ours/settings/model/mine.yaml", "ours/test_mine.py"]


def test_in_a_checkout_a_new_model_joins_those_of_nextword(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("conf").mkdir()
    monkeypatch.setattr(new_model, "conf_dir", lambda: Path("conf").resolve())
    assert main(["new", "model", "mine", "--family", "count"]) == 0
    assert written() == ["baselines/mine.py", "conf/model/mine.yaml", "tests/test_mine.py"]
    assert "_target_: baselines.mine.Mine\n" in Path("conf/model/mine.yaml").read_text()
