"""Runs of tasks: their records, the contract, and comparisons."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import task_cases
from tagged_corpus import CORPUS
from task_cases import TAGGED
from task_run_cases import OPTION, result_of, run

from benchmark.cli import main
from benchmark.errors import UserError
from benchmark.task.check import check_task_model
from benchmark.task.item_losses import read_item_losses


def test_a_run_records_the_measures_of_its_task(own: Path) -> None:
    run("corpus=mine", "model=often")
    folder, result = result_of(own, "often")
    assert (result.task, result.family, result.status) == ("tagging", "count", "ok")
    assert (result.train_items, result.test_items) == (41, 13)
    assert result.test_measures["accuracy"] == 1.0
    assert "unknown_accuracy" not in result.test_measures  # every word was seen
    assert result.test_perplexity is None
    assert result.entries == len({"the", "cat", "sees", "a", "dog", "yak"})
    assert result.score_tokens_per_second
    losses = read_item_losses(folder)
    assert losses is not None
    assert losses["accuracy"].shape == (2, 13)
    lines = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
    assert lines[0] == {"input": ["the", "cat", "sees"], "right": ["D", "N", "V"], "answer": ["D", "N", "V"]}


def test_a_model_of_another_task_is_refused(own: Path) -> None:
    for line, said in {
        "corpus=mine model=prior": r"no model of tagging \(tasks=classification\).*take .*hmm_tagger.*often",
        "corpus=mine model=unigram": r"model=unigram is no model of tagging \(a language model\)",
        "corpus=sotu_small model=often": r"model=often is a model of labelled items \(task: tagging",
    }.items():
        with pytest.raises(UserError, match=said):
            run(*line.split())
    assert not list(own.rglob("result.json"))


def test_a_refusal_names_methods_of_ones_own(own: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """In the process that makes the run, too."""
    assert main(["run", "corpus=mine", "model=unigram", "launcher=processes", *OPTION]) != 0
    assert "model=unigram is no model of tagging (a language model)" in (said := capfd.readouterr().err)
    assert "hmm_tagger" in said
    assert "often" in said


@pytest.mark.parametrize("verb", [["generate"], ["judge"], ["prequential"], ["export", "--scores"]])
def test_a_verb_for_language_models_says_so(
    verb: list[str], own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("corpus=mine", "model=often")
    capsys.readouterr()
    folder, _ = result_of(own, "often")
    assert main([verb[0], str(folder), *verb[1:], *OPTION]) != 0
    error = capsys.readouterr().err.strip()
    assert "task" in error
    assert len(error.splitlines()) == 1


def test_the_report_has_a_section_and_leaves_language_models_alone(own: Path) -> None:
    run("corpus=mine", "model=often")
    assert main(["report"]) == 0
    page = (own / "results" / "report" / "index.html").read_text(encoding="utf-8")
    assert "Beside language modelling" in page
    assert "Accuracy, %" in page
    assert "One family has been run" in page
    tables = {path.name for path in (own / "results" / "report" / "tables").glob("*.csv")}
    assert "task_mine.csv" in tables
    assert "comparison.csv" not in tables


def test_show_has_what_a_run_of_a_task_has(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own / "test.txt").write_text(TAGGED * 9 + "the D\ndog V\n\n", encoding="utf-8")
    run("corpus=mine", "model=often")
    capsys.readouterr()
    assert main(["show", "mine/often"]) == 0
    shown = capsys.readouterr().out
    (accuracy,) = [line for line in shown.splitlines() if line.startswith("Accuracy, %")]
    measured, interval, valid = re.split(r" {2,}", accuracy)[1:]
    assert measured == "97.87"  # 46 of 47 words
    low, high = map(float, interval.split(" to "))
    assert low < 97.87 < high
    assert valid == "100.00"
    said = dict(re.findall(r"^  (\w+) {2,}(.+)$", shown, re.MULTILINE))
    assert (said["train_items"], said["test_items"], said["train_labels"]) == ("41", "19", "3")
    assert {"entries", "bytes_in_memory", "train_seconds", "score_tokens_per_second"} <= said.keys()
    assert not {"test_perplexity", "vocabulary_size", "context", "test_measures"} & said.keys()
    assert "-" not in said.values()


def classes(own: Path, **texts: str) -> None:
    """Make the corpus one of texts with classes."""
    for part, text in texts.items():
        (own / f"{part}.txt").write_text(text, encoding="utf-8")
    corpus = CORPUS.replace("task: tagging", "task: classification").partition("format")[0]
    (own / "conf" / "corpus" / "mine.yaml").write_text(corpus + "format: class_first\n")


def test_a_class_that_training_never_had_is_said(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = "up: a b\nup: b c\nup: c\ndown: d\n"
    classes(own, train=train, valid=train + "left: e\n", test=train + "left: e\nright: f\n")
    arguments = ["model=prior", "corpus=mine", "footprint=false", *OPTION]
    assert main(["run", *arguments]) == 0
    printed = capsys.readouterr().out
    assert "1 validation item and 2 test items have a label that no training item has: no answer" in printed
    folder, result = result_of(own, "prior")
    others = -(3 * np.log(0.75) + np.log(0.25)) / 4
    note = f"log loss ∞: 2 of 6 items have probability 0 (the others: {others:.3f})"
    assert f"test: accuracy 50.00%; {note}" in printed  # three of six
    assert result.test_measures["log_loss"] == np.inf
    assert result.test_measures["log_loss_nonzero"] == pytest.approx(others)
    assert (result.test_new_labels, result.valid_new_labels, result.test_zero_probabilities) == (2, 1, 2)
    assert main(["report"]) == 0
    page = (own / "results" / "report" / "report.md").read_text(encoding="utf-8")
    assert "Test items with a label that no training item has: 2 of 6. No answer to them is right." in page
    assert f"Infinite: Prior, {note}." in page
    row = next(line for line in page.splitlines() if line.startswith("| ") and "Prior" in line)
    assert "| ∞ |" in row
    assert main(["show", str(folder)]) == 0
    assert re.search(r"^Log loss, nats +∞ +– +∞$", capsys.readouterr().out, re.MULTILINE)


def test_a_class_of_probability_0_is_said_and_nothing_else_is(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = "up: a\nup: b\ndown: c\n"
    classes(own, train=texts, valid=texts, test=texts)
    for model, said in {"prior": False, "certain": True}.items():
        assert main(["run", f"model={model}", "corpus=mine", "footprint=false", *OPTION]) == 0
        printed = capsys.readouterr().out
        assert ("log loss ∞: 1 of 3 items have probability 0 (the others: 0.000)" in printed) == said
        assert "label that no training item has" not in printed
    assert main(["report"]) == 0
    page = (own / "results" / "report" / "report.md").read_text(encoding="utf-8")
    assert "label that no training item has" not in page
    assert "Infinite: Certain, log loss ∞: 1 of 3" in page


def test_show_has_measures_that_are_no_means(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    classes(own, **dict.fromkeys(("train", "valid", "test"), "up: a b\ndown: b c\n"))
    run("corpus=mine", "model=prior")
    capsys.readouterr()
    assert main(["show", "mine/prior"]) == 0
    lines = [re.split(r" {2,}", line) for line in capsys.readouterr().out.splitlines()]
    assert ["Log loss, nats", "0.693", "0.693 to 0.693", "0.693"] in lines
    assert ["Calibration error", "0.000", "–", "0.000"] in lines


def test_runs_of_tasks_are_listed_with_their_measures_the_best_first(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["corpus=mine", "footprint=false", *OPTION]
    assert main(["run", "-m", "model=inventive,often", "launcher=sequential", *arguments]) == 0
    shown = [line.split()[0] for line in capsys.readouterr().out.splitlines() if "%  " in line]
    assert shown == ["Often", "Inventive"]
    assert main(["status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["runs"]
    assert {each["model"]: each["test_measures"] for each in found}["often"] == {"accuracy": 1.0}
    assert {each["task"] for each in found} == {"tagging"}


def test_python_loads_a_model_and_tables_its_measures(own: Path) -> None:
    import nextword

    run("corpus=mine", "model=often")
    model = nextword.load("mine/often")
    assert isinstance(model, nextword.Answering)
    found = model.answer(["the yak sees", ["a", "cat"]])
    assert found["answer"].tolist() == [("D", "N", "V"), ("D", "N")]
    assert "accuracy 100.00%" in model._repr_html_()
    with pytest.raises(UserError, match="takes a list of texts"):
        model.answer("the yak")
    with pytest.raises(UserError, match="text 1 has no tokens"):
        model.answer(["a", " "])
    with pytest.raises(UserError, match="texts=5 is not usable: give a list"):
        model.answer(5)
    with pytest.raises(UserError, match="text 1 is 5, which is no text: give a string, or a list of tokens"):
        model.answer(["a", 5])
    with pytest.raises(UserError, match="text 0 has 5, which is no token"):
        model.answer([[5]])
    with pytest.raises(UserError, match="given has tags of 1 text, but there are 2"):
        model.answer(["a", "the"], given=[["D"]])
    frame = nextword.runs()
    assert frame["task"].tolist() == ["tagging"]
    assert frame["task_accuracy"].tolist() == [1.0]
    with pytest.raises(UserError, match="this takes a language model"):
        nextword.scores("mine/often")


PRONUNCIATIONS = "CAT  K AE1 T\nact  AE1 K T\nCats  K AE1 T S\nsat  S AE1 T\n"


@pytest.mark.parametrize(
    "model",
    [["model=joint_ngram"], ["model=encoder_decoder", "model.hidden_size=8", "model.training.epochs=1"]],
    ids=lambda overrides: overrides[0],
)
def test_a_word_is_read_as_its_corpus_was_and_a_letter_never_seen_is_named(
    own: Path, model: list[str]
) -> None:
    import nextword

    for part in ("train", "valid", "test"):
        (own / f"{part}.txt").write_text(PRONUNCIATIONS, encoding="utf-8")
    corpus = CORPUS.replace("task: tagging", "task: transduction").partition("format")[0]
    (own / "conf" / "corpus" / "mine.yaml").write_text(corpus + "format: pronunciations\n")
    run("corpus=mine", *model)
    trained = nextword.load(f"mine/{model[0].partition('=')[2]}")
    assert isinstance(trained, nextword.Answering)
    assert main(["report"]) == 0
    page = (own / "results" / "report" / "report.md").read_text(encoding="utf-8")
    assert all(note in page for note in trained.model.notes)
    small, capitals, mixed = trained.answer(["cats", "CATS", " Cats "])["answer"]
    assert small == capitals == mixed
    with pytest.raises(UserError) as raised:
        trained.answer(["cat", "Çatz"])
    assert str(raised.value) == (
        "text 1, 'çatz', has 'ç' and 'z', which training never had: write the word without"
    )
    with pytest.raises(UserError, match="has 'A', which training never had"):
        trained.answer([["A", "t"]])  # tokens are taken as they are


CHEATS = {
    "tagging": [
        ("ShortTagger", "tags for its"),
        ("InventiveTagger", "which training never had"),
        ("LookingAround", "otherwise when it is asked about alone"),
        ("ForgetfulTagger", "it answers otherwise"),
        ("PickledTagger", "wrote a pickle"),
        ("WanderingTagger", "gives another model when it is called again"),
    ],
    "classification": [("Improper", "add up to 2"), ("Disordered", "sorted")],
    "transduction": [
        ("OtherLetters", "input_symbols are others than the input symbols of the training items"),
        ("ForgottenLetters", "its input_symbols are others"),
        ("TooSure", "a probability above 1"),
    ],
}


@pytest.mark.parametrize("kind", ["OftenTagger", "Prior", "Spelling"])
def test_an_honest_model_keeps_the_contract(kind: str) -> None:
    model = getattr(task_cases, kind)
    found = [finding for task in model.tasks for finding in check_task_model(model, task, None)]
    assert [finding for finding in found if finding.problem] == []


@pytest.mark.parametrize(
    ("task", "kind", "said"), [(t, *cheat) for t, some in CHEATS.items() for cheat in some]
)
def test_a_cheat_is_caught(task: str, kind: str, said: str) -> None:
    task_cases.WanderingTagger.fits = 0
    found = check_task_model(getattr(task_cases, kind), task, None)
    assert any(said in (finding.problem or "") for finding in found), found


def test_a_cheat_fails_its_run(own: Path) -> None:
    (own / "conf/model/often.yaml").write_text("name: often\n_target_: my_taggers.LookingAround\n")
    result = run("corpus=mine", "model=often")
    assert (result.status, "asked about alone" in str(result.reason)) == ("failed", True)
