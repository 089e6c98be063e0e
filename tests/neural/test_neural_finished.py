"""Finished runs as components: what is loaded, what is refused, what makes two runs the same."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from neural_cases import fitted, stream

from baselines.mixture.finished import Finished
from baselines.mixture.linear import LinearMixture
from baselines.neural.adaptation.neural_cache import NeuralCache
from baselines.ngram.adaptive.cache import Cache
from baselines.ngram.smoothing.stupid_backoff import StupidBackoff
from baselines.saving import class_path
from benchmark.build import build_model
from benchmark.contract import LanguageModel, RunLog, Skip
from benchmark.errors import UserError
from benchmark.record.folder import RunRecord
from benchmark.record.identity import built_on, run_id, seed_of
from benchmark.record.result import Result
from benchmark.report.group_runs import group_runs
from benchmark.report.model_settings import settings_and_seeds, settings_of

TEXT = stream(300)
TARGET = "baselines.mixture.finished.Finished"


def written(folder: Path, model: LanguageModel, **record) -> Path:
    """The folder of a run that trained `model` on TEXT, as the harness leaves it."""
    (folder / "checkpoint").mkdir(parents=True)
    model.save(folder / "checkpoint")
    TEXT.vocabulary.save(folder / "checkpoint" / "vocabulary.json")
    result = {
        "run_id": "0123456789ab",
        "status": "ok",
        "family": model.family,
        "context": model.context,
        "normalised": model.normalised,
        "model": "lstm",
        "label": "LSTM",
        "corpus": "letters",
        "train_targets": len(TEXT),
        "train_seconds": 12.34,
        "train_tokens": 400,
        "command": "nextword run model=lstm",
    }
    (folder / "result.json").write_text(json.dumps({**result, **record}))
    settings = {"model": {"_target_": class_path(model)}}
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return written(tmp_path / "0123456789ab", fitted("lstm", TEXT))


class Lines(RunLog):
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.earlier: tuple[float, int] | None = None

    def resumed(self, seconds: float, tokens: int) -> None:
        self.earlier = (seconds, tokens)

    def info(self, message: str) -> None:
        self.lines.append(message)


def read(run: Path) -> Finished:
    model = Finished(run=str(run))
    model.fit(TEXT, stream(50), RunLog())
    return model


def test_it_scores_as_the_run_that_trained_it_and_says_what_that_cost(run: Path):
    model, log = Finished(run=str(run)), Lines()
    model.fit(TEXT, stream(50), log)
    trained, test = fitted("lstm", TEXT), stream(80, seed=2)
    np.testing.assert_array_equal(model.log_probs(test), trained.log_probs(test))
    contexts = [test.ids[:3], test.ids[:40]]
    np.testing.assert_array_equal(model.next_log_probs(contexts), trained.next_log_probs(contexts))
    assert (model.family, model.context, model.normalised) == ("neural", "stream", True)
    assert (model.size(), model.scored_on.device) == (trained.size(), "cpu")
    assert "trained in 12.3 s there" in log.lines[0]
    assert log.earlier == (12.34, 400)  # what it cost is part of what this run costs


@pytest.mark.parametrize("adapt", [False, True], ids=["mixture", "neural_cache"])
def test_a_model_built_upon_it_outlives_the_run(run: Path, tmp_path: Path, adapt: bool):
    finished = Finished(run=str(run))
    model: LanguageModel
    if adapt:
        model = NeuralCache(of=finished, window=20)
    else:
        model = LinearMixture(components={"lstm": finished, "cache": Cache(order=1)})
    assert model.family == ("neural" if adapt else "mixture")
    model.fit(TEXT, stream(60, seed=1), RunLog())
    test = stream(80, seed=2)
    scores = model.log_probs(test)
    for generation in ("first", "second"):
        folder = tmp_path / generation
        folder.mkdir()
        model.save(folder)
        shutil.rmtree(run, ignore_errors=True)
        model = type(model).load(folder, TEXT.vocabulary)
        np.testing.assert_array_equal(model.log_probs(test), scores)


def test_a_score_stays_a_score(tmp_path: Path):
    model = StupidBackoff(order=2)
    model.fit(TEXT, TEXT, RunLog())
    finished = read(written(tmp_path / "run", model))
    assert not finished.normalised
    assert finished.family == "count"
    with pytest.raises(UserError, match="a score, not a distribution"):
        LinearMixture(components={"one": finished})


def test_without_a_run_it_skips_and_says_what_to_give():
    with pytest.raises(Skip, match="run=CORPUS/MODEL"):
        build_model({"_target_": TARGET, "name": "finished", "run": None})


def test_folders_without_a_trained_model_are_refused(run: Path, tmp_path: Path):
    with pytest.raises(UserError, match=r"holds no finished run: there is no result\.json"):
        Finished(run=str(tmp_path))
    diverged = written(tmp_path / "diverged", fitted("rnn", TEXT), status="diverged")
    with pytest.raises(UserError, match="ended as 'diverged'"):
        Finished(run=str(diverged))
    shutil.rmtree(run / "checkpoint")
    with pytest.raises(UserError, match=r"make it: nextword run model=lstm force=true"):
        Finished(run=str(run))


def test_only_language_models_are_loaded(run: Path):
    for target in ("os.system", "baselines.neural.output.softmax.Softmax", "no.such.Model", "nothing"):
        (run / "config.yaml").write_text(yaml.safe_dump({"model": {"_target_": target}}))
        with pytest.raises(UserError, match=r"no LanguageModel|code of|no name of a class"):
            Finished(run=str(run))
    (run / "config.yaml").unlink()
    with pytest.raises(UserError, match=r"keeps no config\.yaml"):
        Finished(run=str(run))


def test_another_vocabulary_and_another_text_are_refused(run: Path):
    other = stream(300, words=9)
    with pytest.raises(UserError, match="letters with its vocabulary of 11 tokens, not this corpus's of 9"):
        Finished(run=str(run)).fit(other, other, RunLog())
    longer = stream(301)
    with pytest.raises(
        UserError, match=r"another text \(letters, 300 tokens\) than this run's \(301 tokens\)"
    ):
        Finished(run=str(run)).fit(longer, longer, RunLog())


def test_a_network_is_needed_to_adapt_one(tmp_path: Path):
    model = Cache(order=1)
    model.fit(TEXT, stream(50), RunLog())
    with pytest.raises(UserError, match="Cache has no network to adapt"):
        NeuralCache(of=Finished(run=str(written(tmp_path / "run", model))))


def test_the_identity_follows_the_runs_id_and_not_its_place(run: Path, tmp_path: Path):
    def identity(folder: Path) -> str:
        mixture = {"_target_": "baselines.mixture.linear.LinearMixture"}
        return run_id({**mixture, "components": {"lstm": {"_target_": TARGET, "run": str(folder)}}}, "corpus")

    moved = tmp_path / "elsewhere" / "renamed"
    shutil.copytree(run, moved)
    assert identity(run) == identity(moved)
    other = written(tmp_path / "other", fitted("lstm", TEXT), run_id="ba9876543210")
    assert identity(other) != identity(run)
    (moved / "config.yaml").write_text(yaml.safe_dump({"model": {"_target_": "baselines.mixture.gated.X"}}))
    assert identity(moved) != identity(run)  # other source has trained it


def test_the_command_line_finds_runs_by_name(nextword, text_corpus, tmp_path: Path):
    assert nextword("run", "model=unigram", *text_corpus).returncode == 0
    (trained,) = (tmp_path / "results" / "runs").glob("*/unigram/*")
    mixture = ["model=mixture", "~model@model.components.cache", "+model@model.components.one=finished"]
    named = nextword("run", *mixture, "model.components.one.run=unigram", *text_corpus)
    assert named.returncode == 0, named.stderr
    (mixed,) = (tmp_path / "results" / "runs").glob("*/mixture/*")
    config = yaml.safe_load((mixed / "config.yaml").read_text())
    assert (tmp_path / config["model"]["components"]["one"]["run"]).samefile(trained)

    by_folder = nextword("run", *mixture, f"model.components.one.run={trained}", *text_corpus)
    assert "finished earlier" in by_folder.stdout
    misspelt = nextword("run", *mixture, "model.components.one.run=unigrom", *text_corpus)
    assert misspelt.returncode == 2
    assert "Did you mean" in misspelt.stderr


def composite(folder: Path, lstm: Path) -> RunRecord:
    """The record that a run with a mixture of a cache and the LSTM of `lstm` gets."""
    finished = {"_target_": TARGET, "run": str(lstm)}
    model = {"_target_": "Mixture", "components": {"cache": {"seed": None}, "lstm": finished}}
    record = {
        "run_id": folder.name,
        "status": "ok",
        "model": "mixture",
        "label": "Mixture",
        "corpus": "letters",
    }
    result = Result.from_json({**record, "model_settings": model, "built_on": built_on(model)})
    return RunRecord(folder, replace(result, seed=seed_of(model)))


def test_what_is_built_alike_upon_seeds_of_a_network_is_one_row(tmp_path: Path):
    lstms = []
    for seed, size in ((1, 8), (2, 8), (3, 9)):
        lstms.append(written(tmp_path / f"lstm{seed}", fitted("lstm", TEXT)))
        settings = {"model": {"_target_": "Lstm", "seed": seed, "hidden_size": size, "label": f"LSTM {seed}"}}
        (lstms[-1] / "config.yaml").write_text(yaml.safe_dump(settings))
    runs = [composite(tmp_path / f"mix{place}", lstm) for place, lstm in enumerate(lstms)]
    assert [run.result.seed for run in runs] == [1, 2, 3]
    for lstm in lstms:
        shutil.rmtree(lstm)  # the records tell by themselves
    rows = group_runs(runs)
    assert [[run.folder.name for run in row.runs] for row in rows] == [["mix0", "mix1"], ["mix2"]]
    assert [row.label for row in rows] == ["Mixture (lstm hidden size 8)", "Mixture (lstm hidden size 9)"]


def test_a_model_upon_a_model_upon_a_run_has_that_runs_seed(tmp_path: Path):
    lstm = written(tmp_path / "lstm", fitted("lstm", TEXT))
    (lstm / "config.yaml").write_text(yaml.safe_dump({"model": {"_target_": "Lstm", "seed": 7}}))
    cache = written(tmp_path / "cache", fitted("lstm", TEXT))
    upon = {"_target_": "NeuralCache", "of": {"_target_": TARGET, "run": str(lstm)}}
    (cache / "config.yaml").write_text(yaml.safe_dump({"model": upon}))
    run = composite(tmp_path / "mixture", cache)
    assert run.result.seed == 7
    assert set(run.result.built_on or {}) == {str(lstm), str(cache)}
    assert settings_and_seeds(run)[1] == ("None", "7")


def test_a_record_that_builds_upon_itself_is_read_all_the_same(tmp_path: Path):
    folder = str(tmp_path / "a")
    settings = {"run": folder, "order": 3}
    record = {"run_id": "a", "status": "ok", "model": "mixture", "corpus": "letters", "label": "Mixture"}
    result = Result.from_json({**record, "model_settings": settings, "built_on": {folder: settings}})
    assert settings_of(RunRecord(tmp_path, result)) == {"run.run": folder, "run.order": 3, "order": 3}
