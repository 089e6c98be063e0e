"""What the verbs say of several runs: which is which, what each has reached, and the same for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.errors import UserError
from benchmark.job import Job, in_sweep
from benchmark.run import execute
from benchmark.sweep.compose import collect
from benchmark.sweep.launch import plan_runs
from benchmark.sweep.outcome import Outcome, outcome_from_record
from benchmark.verbs.run_summary import print_summary

LABEL = "Dirichlet prior"


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main(arguments) == 0
    return capsys.readouterr().out


def json_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    found = json.loads(answered(capsys, *arguments, "--json"), parse_constant=refuse)
    assert isinstance(found, dict)
    return found


@pytest.fixture
def jobs(tmp_path: Path, text_corpus: list[str], monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Three runs under one label: two differ in a setting, the third, of infinite perplexity, is another."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    (tmp_path / "test.txt").write_text("the cat sat\nthe mat sat on a cat\n", encoding="utf-8")
    label = f"model.label={LABEL}"
    return in_sweep(
        [
            *collect(["-m", "model=add_k", "model.k=0.5,1e-5", label, *text_corpus]),
            *collect(["model=maximum_likelihood", label, *text_corpus]),
        ]
    )


@pytest.fixture
def outcomes(jobs: list[Job]) -> list[Outcome]:
    planned, problems = plan_runs(jobs, print)
    assert not problems
    return [outcome_from_record(run, execute(run.job)) for run in planned]


def test_a_sweep_ends_with_a_table_of_its_runs_the_best_first(outcomes: list[Outcome], capsys) -> None:
    missing = [Outcome(outcome.job, "error", "no corpus", None) for outcome in outcomes[:2]]
    failed = Outcome(outcomes[0].job, "failed", "MemoryError: none left\nmore", outcomes[0].folder)
    capsys.readouterr()
    print_summary([*outcomes, failed, *missing])
    said = capsys.readouterr()
    rows = [line for line in said.out.splitlines() if line.startswith(LABEL)]
    assert [row.split()[-1] for row in rows] == [
        path.name for path in (outcomes[n].folder for n in (0, 1, 2)) if path is not None
    ]
    assert "k 0.5" in rows[0]
    assert "k 1e-05" in rows[1]
    assert "∞" in rows[2]
    assert "6 runs: 2 error, 1 failed, 3 ok" in said.out
    assert "nextword report makes" in said.out
    first, second = said.err.splitlines()
    assert first.startswith(f"failed: {LABEL} on files: MemoryError: none left (nextword show ")
    assert second == f"error: {LABEL} on files: no corpus (2 runs)"


def test_status_tells_like_labels_apart_and_shows_perplexity(
    outcomes: list[Outcome], jobs: list[Job], capsys
) -> None:
    lines = answered(capsys, "status").splitlines()
    assert len({line.partition(", perplexity")[0] for line in lines}) == len(lines)
    assert any("k 0.5" in line and ", perplexity " in line for line in lines)
    found = json_of(capsys, "status")
    assert found["counts"] == {"ok": 3}
    assert {run["run_id"] for run in found["runs"]} == {o.folder.name for o in outcomes if o.folder}
    assert [run["test_perplexity"] for run in found["runs"]].count("inf") == 1
    assert json_of(capsys, "status", "--status", "failed")["runs"] == []


def test_one_of_several_runs_of_a_model_is_named(
    outcomes: list[Outcome], text_corpus: list[str], capsys
) -> None:
    capsys.readouterr()
    assert main(["show", "files/add_k", "--json"]) == 0
    said = capsys.readouterr()
    taken = json.loads(said.out)["run_id"]
    note = f"files/add_k names 2 runs; taking the latest: {LABEL}, files/add_k/{taken}"
    assert note in said.err
    built = ["model=finished", "model.run=files/add_k", *text_corpus]
    assert main(["status", *built]) == 0
    assert note in capsys.readouterr().err


def test_the_report_as_json_has_every_measure_of_every_row(outcomes: list[Outcome], capsys) -> None:
    found = json_of(capsys, "report")
    (group,) = found["groups"]
    perplexities = [row["test_perplexity"] for row in group["rows"]]
    assert perplexities[-1] == "inf"
    assert perplexities[:2] == sorted(perplexities[:2])
    assert len({row["label"] for row in group["rows"]}) == 3


def test_a_list_as_json_and_no_label_shows_none(capsys) -> None:
    models = json_of(capsys, "list", "models")["models"]
    assert models["arpa"]["description"] == "ARPA file PATH"
    assert models["lstm"]["settings"]["layers"] == 2
    assert not [name for name, entry in models.items() if "None" in entry["description"]]
    (job,) = collect(["model=unigram", "model.label=null"])
    assert job.title == "unigram on sotu"


@pytest.mark.parametrize("spelling", [["results_dir={}"], ["--results-dir={}"], ["--results-dir", "{}"]])
@pytest.mark.parametrize(
    "line", ["show x", "generate x", "export x --arpa y", "compare x y", "judge x", "prequential x"]
)
def test_every_verb_takes_the_results_folder_in_either_way(
    line: str, spelling: list[str], tmp_path: Path, capsys
) -> None:
    there = tmp_path / "there"
    assert main([*line.split(), *(part.format(there) for part in spelling)]) == 2
    assert f"below {there}" in capsys.readouterr().err
    assert main(["status", *(part.format(there) for part in spelling)]) == 0


def test_settings_go_to_the_models_that_have_them() -> None:
    def commands(*arguments: str) -> list[str]:
        return [job.command.removeprefix("nextword run ") for job in collect(["-m", *arguments])]

    assert commands("model=kneser_ney,lstm", "+size=tiny", "model.order=2,3") == [
        "model=kneser_ney model.order=2",
        "model=kneser_ney model.order=3",
        "model=lstm +size=tiny",
    ]
    # the second is a setting of the first
    recipe = ["train@model.training=sgd_plateau", "model.training.learning_rate=3"]
    assert commands("model=lstm,unigram", *recipe) == [" ".join(["model=lstm", *recipe]), "model=unigram"]
    for alone in (["model=unigram"], ["-m", "model=unigram,kneser_ney"]):
        with pytest.raises(UserError, match=r"^\+size=tiny sets model.embedding_size, .* unigram does"):
            collect([*alone, "+size=tiny"])
        with pytest.raises(UserError, match=r"this model has no model\.training to choose"):
            collect([*alone, "train@model.training=base"])


def test_scores_that_are_no_distribution_have_no_perplexity_in_any_verb(
    tmp_path: Path, text_corpus: list[str], monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    jobs = in_sweep([*collect(["-m", "model=stupid_backoff,unigram", *text_corpus])])
    outcomes = [outcome_from_record(run, execute(run.job)) for run in plan_runs(jobs, print)[0]]
    print_summary(outcomes)
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Stupid backoff")]
    assert "–" in rows[-1].split()
    states = {state["model"]: state for state in json_of(capsys, "status")["runs"]}
    assert states["stupid_backoff"]["test_perplexity"] is None
    assert states["unigram"]["test_perplexity"] > 1
    assert "perplexity" not in answered(capsys, "show", "files/stupid_backoff").splitlines()[0]
    listed = [line for line in answered(capsys, "status").splitlines() if "Stupid backoff" in line]
    assert listed
    assert "perplexity" not in listed[0]


def test_runs_on_shares_of_a_text_are_told_apart(
    tmp_path: Path, text_corpus: list[str], monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    jobs = in_sweep([*collect(["-m", "model=unigram", "corpus.train_share=0.5,1", *text_corpus])])
    outcomes = [outcome_from_record(run, execute(run.job)) for run in plan_runs(jobs, print)[0]]
    titles = [state["title"] for state in json_of(capsys, "status")["runs"]]
    assert sorted(titles) == ["Unigram on files", "Unigram on files (train_share 0.5)"]
    print_summary(outcomes)
    assert "train_share 0.5" in capsys.readouterr().out
