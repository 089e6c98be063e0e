"""Runs of tasks compared: from the command line and from Python."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import task_cases
from task_cases import TAGGED
from task_run_cases import result_of, run

import nextword
from benchmark.cli import main
from benchmark.errors import UserError
from benchmark.record.folder import read_result


def test_runs_are_compared_by_every_measure(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for model in ("often", "wandering"):
        task_cases.WanderingTagger.fits = 1
        run("corpus=mine", f"model={model}")
    capsys.readouterr()
    folders = [str(result_of(own, model)[0]) for model in ("often", "wandering")]
    assert main(["compare", *folders, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    first, second = found["measures"][:2]
    assert (first["measure"], first["value"], first["loss_difference"]) == ("accuracy", 1.0, None)
    assert second["loss_difference"] == pytest.approx(1 - second["value"])
    assert main(["compare", *folders, "--adds"]) != 0
    assert main(["compare", folders[0], folders[0]]) != 0
    assert "two runs or more" in capsys.readouterr().err


def test_two_seeds_of_one_setting_are_compared_if_there_is_nothing_else(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["model.hidden_size=4", "model.characters=false", "model.training.epochs=1"]
    for seed in (1, 2):
        run("corpus=mine", "model=recurrent_tagger", *small, f"seed={seed}")
    capsys.readouterr()
    folders = sorted(str(path.parent) for path in own.rglob("result.json"))
    assert main(["compare", *folders, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["measures"][:2]
    assert sorted(each["label"].rpartition(", ")[2] for each in found) == ["seed 1", "seed 2"]
    assert found[1]["loss_difference"] == pytest.approx(found[0]["value"] - found[1]["value"])


def test_a_comparison_needs_the_same_items(own: Path) -> None:
    from benchmark.compare.of_tasks import compare_task_runs
    from benchmark.record.folder import RunRecord

    run("corpus=mine", "model=often")
    (own / "test.txt").write_text(TAGGED * 5)
    run("corpus=mine", "model=often")
    folders = list((own / "results" / "runs" / "mine" / "often").iterdir())
    with pytest.raises(UserError, match="answered different items"):
        compare_task_runs([RunRecord(f, read_result(f)) for f in folders])  # type: ignore[arg-type]


def test_a_task_is_not_compared_with_another_or_a_language_model(two: list[str]) -> None:
    file = Path(two[1]) / "result.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    del record["seal"]
    for task, said in ((None, "Inventive on mine is a language model"), ("classification", "classification")):
        file.write_text(json.dumps({**record, "task": task, "protocol_id": "other"}), encoding="utf-8")
        for names in (two, two[::-1]):
            with pytest.raises(UserError, match=said) as refused:
                nextword.compare(*names)
            assert "Often on mine answers labelled items (task: tagging)" in str(refused.value)
            assert "different items" not in str(refused.value)


@pytest.fixture
def two(own: Path) -> list[str]:
    """Two taggers of 19 test items; the second has none of 47 words right, the first all but one."""
    (own / "test.txt").write_text(TAGGED * 9 + "the D\ndog V\n\n", encoding="utf-8")
    for model in ("often", "inventive"):
        run("corpus=mine", f"model={model}")
    return [str(result_of(own, model)[0]) for model in ("often", "inventive")]


def test_a_comparison_says_which_is_better_and_over_what(
    two: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["compare", *two]) == 0
    shown = capsys.readouterr().out
    assert re.search(
        r"^Inventive is worse than Often: −97\.87 points \(95% interval −\d+\.\d\d to −\d\d\.\d\d, "
        r"p < 0\.001\); accuracy of 0\.00% and 97\.87%\.$",
        shown,
        re.MULTILINE,
    )
    assert re.search(r"^Mine: 19 test items \(protocol \w{6}\)\..* over 19 items\.$", shown, re.MULTILINE)
    (row,) = [line for line in shown.splitlines() if line.startswith("Inventive  ")][:1]
    assert re.search(r" −97\.87 .* < 0\.001$", row)
    assert "Accuracy, %. Differences are to the first row: + is better than it." in shown
    assert "Holm" not in shown  # one pair
    assert main(["compare", *reversed(two)]) == 0
    assert "Often is better than Inventive: +97.87 points" in capsys.readouterr().out
    for option in (["--block", "5"], ["--targets", "8"], ["--adds"]):
        assert main(["compare", *two, *option]) != 0
        assert f"{option[0]} is for language models" in capsys.readouterr().err


def test_several_differences_are_adjusted_and_alike_rows_are_not_told_apart(
    two: list[str], own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task_cases.WanderingTagger.fits = 1
    run("corpus=mine", "model=wandering")  # the first time it is as the first
    capsys.readouterr()
    assert main(["compare", *two, str(result_of(own, "wandering")[0])]) == 0
    shown = capsys.readouterr().out
    said = shown.partition("Wandering and Often are not shown to differ: 0.00 points")[2].partition(";")[0]
    assert said
    assert "p" not in said  # of differences that may be rounding, none is told
    assert "p (Holm): p adjusted for the 2 differences of a measure" in shown


def test_without_losses_of_items_a_comparison_says_that_it_is_not_known_how_sure_it_is(
    two: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (Path(two[0]) / "item_losses.npz").unlink()
    capsys.readouterr()
    assert main(["compare", *two]) == 0
    shown = capsys.readouterr().out
    assert "Inventive and Often: accuracy of 0.00% and 97.87%. The runs keep no losses of items" in shown
    (Path(two[1]) / "item_losses.npz").unlink()
    assert "Intervals and p-values" in shown
    assert main(["compare", *two]) == 0
    assert "Intervals and p-values" not in capsys.readouterr().out


def test_python_compares_and_ranks_tasks(two: list[str]) -> None:
    found = nextword.compare(*two)
    assert isinstance(found, nextword.ComparedTasks)
    assert str(found).startswith("Inventive is worse than Often: −97.87 points")
    assert found.models["accuracy"].tolist() == [pytest.approx(46 / 47), 0.0]
    pair = found.pairs.iloc[0]
    assert (pair["first"], pair["second"], pair["measure"]) == ("Often", "Inventive", "accuracy")
    assert pair["difference"] == pytest.approx(-46 / 47)
    assert pair["difference_low"] < pair["difference"] < pair["difference_high"]
    assert pair["p_holm"] < 0.001
    assert "Inventive is worse" in found._repr_html_()
    frame = nextword.ranking()
    assert frame.index.tolist() == ["Often", "Inventive"]
    assert frame["rank_low"].tolist() == [1, 2]
    assert frame["task_accuracy"].tolist() == [pytest.approx(46 / 47), 0.0]
    assert frame["task_low"].iloc[0] < 46 / 47 < frame["task_high"].iloc[0]
    assert [len(some) for some in frame["runs"]] == [1, 1]


def test_what_is_for_language_models_says_so_in_python(two: list[str]) -> None:
    with pytest.raises(UserError, match="this takes a language model"):
        nextword.corpus(two[0])
    with pytest.raises(UserError, match=r"treebank has labelled items \(task: tagging\)"):
        nextword.corpus("treebank")
    with pytest.raises(UserError, match="block= is for language models"):
        nextword.compare(*two, block=3)
    with pytest.raises(UserError, match="those of language models"):
        nextword.plot.differences(nextword.compare(*two))
