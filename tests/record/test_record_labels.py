"""A model made of others is called by its components, also in records from before that."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.record.labels import telling_label
from benchmark.record.result import Result
from benchmark.report.model_settings import distinguishing
from benchmark.storage.files import write_json
from benchmark.sweep.compose import collect

KN = {"label": "Modified Kneser-Ney 5-gram"}
CACHE = {"label": "3-gram cache"}
INFINITY = {"label": "∞-gram with Modified Kneser-Ney 5-gram"}
CLASSES = {"label": "Class-based 5-gram (200 classes)"}
GATED = "Linear mixture, weights by history"


@pytest.mark.parametrize(
    ("label", "components", "shown"),
    [
        (GATED, {"kneser_ney": KN, "cache": CACHE}, "Kneser-Ney 5-gram + cache, weights by history"),
        ("Linear mixture", {"cache": CACHE, "kneser_ney": KN}, "Kneser-Ney 5-gram + cache"),
        ("Log-linear mixture", {"k": KN, "c": CACHE}, "Kneser-Ney 5-gram + cache, log-linear"),
        ("Linear mixture", {"i": INFINITY, "c": CLASSES}, "∞-gram + Class-based 5-gram"),
        ("My mixture", {"kneser_ney": KN, "cache": CACHE}, "My mixture"),
        ("Linear mixture", {"kneser_ney": KN, "cache": {"order": 3}}, "Linear mixture"),
        ("Linear mixture", {}, "Linear mixture"),
        ("Linear mixture", None, "Linear mixture"),
        ("Linear mixture", "unreadable", "Linear mixture"),
    ],
)  # fmt: skip
def test_a_mixture_is_called_by_its_components(label, components, shown):
    assert telling_label(label, {"components": components, "label": label}) == shown


def test_runs_and_scores_in_a_mixture_are_called_without_their_paths(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "ptb" / "lstm" / "0123456789ab"
    run.mkdir(parents=True)
    parts: dict[str, dict[str, object]] = {
        "n": {**KN},
        "lstm": {"label": "Finished run ptb/lstm", "run": str(run)},
        "there": {"label": "Scores in /tmp/x/test.txt", "test": "/tmp/x/test.txt"},
        "named": {"label": "My LSTM", "test": "/tmp/x/test.txt"},
    }

    def label() -> str:
        return telling_label("Linear mixture", {"components": parts, "label": "Linear mixture"})

    assert label() == "Kneser-Ney 5-gram + lstm + scores in test.txt + My LSTM"  # the run is gone
    write_json(run / "result.json", {"label": "LSTM, 2 × 200"})
    assert label() == "Kneser-Ney 5-gram + LSTM, 2 × 200 + scores in test.txt + My LSTM"
    parts["lstm"]["label"] = "The good one"
    parts["there"] = {"label": "Scores in ['/x/a.npy', '/x/b.npy']", "test": ["/x/a.npy", "/x/b.npy"]}
    assert label() == "Kneser-Ney 5-gram + The good one + scores in a.npy, b.npy + My LSTM"


def test_a_mixture_from_the_command_line_has_the_labels_of_its_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "results" / "runs" / "ptb" / "lstm" / "0123456789ab"
    run.mkdir(parents=True)
    recorded = {"run_id": run.name, "status": "ok", "model": "lstm", "label": "LSTM, 2 × 200"}
    write_json(run / "result.json", {**recorded, "corpus": "ptb"})
    part = "+model@model.components.lstm=finished"
    (job,) = collect(["model=mixture", part, "model.components.lstm.run=ptb/lstm"])
    assert "LSTM, 2 × 200" in job.label
    assert "Finished" not in job.label


def test_a_finished_run_and_scores_by_themselves_are_called_by_names_not_by_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "results" / "runs" / "ptb" / "lstm" / "0123456789ab"
    run.mkdir(parents=True)
    recorded = {
        "run_id": run.name,
        "status": "ok",
        "model": "lstm",
        "label": "LSTM, 2 × 200",
        "corpus": "ptb",
    }
    write_json(run / "result.json", recorded)

    def called(*arguments: str) -> str:
        (job,) = collect([*arguments])
        label = job.config["model"]["label"]
        record = {"run_id": "0" * 12, "status": "ok", "model": "any", "label": label, "corpus": "ptb"}
        assert Result.from_json(record | {"model_settings": job.config["model"]}).label == job.label
        return job.label

    assert called("model=finished", "model.run=ptb/lstm") == "LSTM, 2 × 200 (finished run)"
    cached = called("model=neural_cache", "model@model.of=finished", "model.of.run=ptb/lstm")
    assert cached == "LSTM, 2 × 200 with a neural cache"
    files = ["model=scores", "model.valid=/there/valid.txt.xz", "model.scale=ln", "model.kind=neural"]
    assert called(*files, "model.test=/there/test.txt.xz") == "Scores in test.txt.xz"
    assert called(*files, "model.test=[/there/a.npy,b.npy]") == "Scores in a.npy, b.npy"
    assert called(*files, "model.test=/there/a.npy", "model.label=Mine in /there") == "Mine in /there"
    (run / "result.json").unlink()
    finished = {"label": f"Finished run {run}", "run": str(run)}
    assert telling_label(finished["label"], finished) == "lstm (finished run)"  # the run is gone


def test_a_recorded_label_is_read_as_it_would_be_recorded_today():
    settings = {"components": {"kneser_ney": KN, "cache": CACHE}, "label": GATED}
    recorded = {"run_id": "0" * 12, "status": "ok", "model": "gated_mixture", "label": GATED, "corpus": "ptb"}
    assert Result.from_json(recorded | {"model_settings": settings}).label.startswith("Kneser-Ney 5-gram + ")
    assert Result.from_json(recorded).label == GATED


LSTM = {"cell": "lstm", "bidirectional": True, "layers": 1, "hidden_size": 100}


@pytest.mark.parametrize(
    ("model", "overrides", "recorded", "shown"),
    [
        ("recurrent_tagger", [],
         "Recurrent tagger (lstm, bidirectional: True), 1 × 200",
         "BiLSTM-CRF tagger with characters, 1 × 200"),
        ("recurrent_tagger", ["cell=elman", "crf=false", "characters=false", "bidirectional=false"],
         "Recurrent tagger (elman, bidirectional: False), 1 × 200", "Elman tagger, left to right, 1 × 200"),
        ("recurrent_tagger", ["cell=elman"],
         "Recurrent tagger (elman, bidirectional: True), 1 × 200",
         "Bidirectional Elman-CRF tagger with characters, 1 × 200"),
        ("encoder_classifier", ["pooling=attention"],
         "lstm encoder, attention of 1 × 200", "Bidirectional LSTM, attention pooling, 1 × 200"),
        ("encoder_classifier", ["cell=gru", "pooling=final", "bidirectional=false"],
         "gru encoder, final of 1 × 200", "GRU, last state, 1 × 200"),
        ("encoder_decoder", ["attention=none"],
         "Encoder-decoder LSTM, 1 × 256, attention none", "LSTM encoder-decoder, no attention, 1 × 256"),
        ("naive_bayes", ["events=bernoulli", "order=1"],
         "Naive Bayes, bernoulli 1-grams", "Bernoulli naive Bayes, 1-grams"),
        ("generative_classifier", ["component.order=2"],
         "Bayes' rule, Modified Kneser-Ney 2-gram a class", "Modified Kneser-Ney 2-gram for each class"),
    ],
)  # fmt: skip
def test_a_model_is_called_by_its_settings_in_runs_and_older_records(model, overrides, recorded, shown):
    (job,) = collect([f"model={model}", *(f"model.{each}" for each in overrides)])
    assert job.label == shown
    settings = {**job.config["model"], "label": recorded}
    record = {"run_id": "0" * 12, "status": "ok", "model": model, "label": recorded, "corpus": "mine"}
    assert Result.from_json(record | {"model_settings": settings}).label == shown
    assert Result.from_json(record).label == recorded


@pytest.mark.parametrize(
    ("label", "settings"),
    [
        ("My tagger", LSTM | {"crf": True, "characters": True}),
        ("Recurrent tagger", {}),
        ("Recurrent tagger", LSTM | {"crf": True, "characters": True, "cell": {"odd": 1}}),
        ("lstm encoder, odd of 1 × 100", LSTM | {"pooling": "odd"}),
        ("Language models of classes", {"component": "odd"}),
        ("Language models of classes", {"component": {"order": 2}}),
    ],
)
def test_a_label_of_ones_own_or_with_odd_settings_stays(label, settings):
    assert telling_label(label, settings) == label


def test_settings_that_tell_runs_apart_are_said_in_words():
    told = distinguishing(
        [
            {"bidirectional": False, "cell": "gru", "tied": True},
            {"bidirectional": True, "cell": "gru", "tied": True},
            {"bidirectional": True, "cell": "lstm", "tied": False},
            {"bidirectional": True, "cell": "lstm", "tied": True},
        ]
    )
    assert told[0] == "left to right, GRU, tied yes"
    assert told[2] == "bidirectional, LSTM, tied no"


def test_a_setting_that_is_left_open_is_told_apart_in_words():
    settings = [
        {"training.validate_every": None, "training.patience": None, "dropout": 0.1},
        {"training.validate_every": 400_000, "training.patience": 3, "dropout": 0.1},
        {"training.validate_every": 400_000, "training.patience": None, "dropout": 0.1},
    ]
    assert distinguishing(settings) == [
        "patience unset, validated every epoch",
        "patience 3, validate every 400,000",
        "patience unset, validate every 400,000",
    ]


def test_a_component_is_named_unless_its_setting_says_which_it_is():
    told = distinguishing(
        [
            {"components.class_based.classes": 108, "components.cache.order": 3},
            {"components.class_based.classes": 200, "components.cache.order": 3},
            {"components.class_based.classes": 200, "components.cache.order": 5},
        ]
    )
    assert told == ["cache order 3, classes 108", "cache order 3, classes 200", "cache order 5, classes 200"]
