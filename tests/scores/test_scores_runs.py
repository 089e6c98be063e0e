"""Runs of scores: scores out and in again, in mixtures, and everything that such a model cannot do."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bigram
import numpy as np
import pytest

from baselines.mixture.gated import GatedMixture
from baselines.ngram.smoothing.uniform import Uniform
from baselines.scores.model import Scores
from benchmark.build import build_model
from benchmark.check import check_model
from benchmark.check.checker import NEED_DISTRIBUTION, NEED_OTHER_TEXTS
from benchmark.check.texts import made_up
from benchmark.cli import main
from benchmark.contract import ModelSize, RunLog, ScoresOnly, TokenStream
from benchmark.record.folder import SAMPLES, SCORES, VALID_SCORES, read_runs, run_folder
from benchmark.record.result import Result
from benchmark.report.context import context_of
from benchmark.run import execute
from benchmark.sweep.compose import collect
from benchmark.sweep.recorded_command import corpus_settings

#: What is measured on the scores alone, so that a run of scores has it as any other.
FROM_SCORES = (
    *("test_nll", "test_targets", "test_perplexity", "test_perplexity_known", "test_perplexity_new"),
    *("valid_perplexity", "oov_rate", "bucket_nll", "bucket_targets", "spelling_bits", "context", "family"),
)
#: What takes a distribution, or a model that computes.
EMPTY = (
    *("sampled_targets", "entropy_bits", "accuracy_at_1", "reciprocal_rank", "calibration_error"),
    *("parameters", "entries", "bytes_in_memory", "bytes_on_disk", "bytes_compressed", "peak_memory_bytes"),
    *("train_seconds", "train_tokens_per_second", "search_core_seconds", "score_tokens_per_second"),
    *("next_token_seconds", "load_seconds", "train_device", "score_device", "device_name", "threads"),
)


@dataclass(frozen=True)
class Place:
    """A folder with a small corpus, and runs on it."""

    folder: Path
    corpus: list[str]

    def run(self, *settings: str) -> Result:
        (job,) = collect([*settings, *self.corpus])
        result = execute(job)
        assert result.status == "ok", result.reason
        return result

    def run_of(self, result: Result) -> Path:
        return run_folder(self.folder / "results", result.corpus, result.model, result.run_id)

    def scores(self, result: Result, name: str = SCORES) -> np.ndarray:
        return np.load(self.run_of(result) / name, allow_pickle=False)

    def export(self, result: Result) -> list[str]:
        """The settings that read a run's exported scores, without the kind."""
        out = self.folder / result.model
        assert main(["export", str(self.run_of(result)), "--scores-to", str(out)]) == 0
        files = [f"model.{name}={out / name}.txt.xz" for name in ("valid", "test")]
        return ["model=scores", *files, "model.scale=ln", "model.tokens=after"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("scores")
    words = ["the cat sat on the mat", "the dog sat on the log", "a cat saw a dog", "the log lay on the mat"]
    texts = {
        "train": words * 20,
        "valid": [*words[1:], "a new dog"],
        "test": [*words[::-1] * 3, "a rare cat"],
    }
    for split, lines in texts.items():
        (folder / f"{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    files = [f"corpus.{split}={folder / split}.txt" for split in texts]
    places = [f"results_dir={folder / 'results'}", f"cache_dir={folder / 'cache'}"]
    return Place(folder, ["corpus=files", *files, *places])


@pytest.fixture(scope="module")
def unigram(place: Place) -> Result:
    return place.run("model=unigram")


@pytest.fixture(scope="module")
def bigrams(place: Place) -> Result:
    return place.run("model=witten_bell", "model.order=2")


@pytest.fixture(scope="module")
def read_back(place: Place, bigrams: Result) -> Result:
    """The run of the scores that a run gave."""
    return place.run(*place.export(bigrams), "model.kind=count", "model.context=sentence")


def test_the_command_that_reads_scores_is_whole(
    place: Place, bigrams: Result, read_back: Result, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["export", str(place.run_of(bigrams)), "--scores-to", str(place.folder / "its own, 1")]) == 0
    program, verb, *settings = shlex.split(capsys.readouterr().out.partition("read them with: ")[2])
    assert (program, verb) == ("nextword", "run")
    (job,) = collect([*settings, *(each for each in place.corpus if "_dir=" in each)])
    assert execute(job).run_id == read_back.run_id


def test_a_command_that_no_record_should_have_is_not_shown() -> None:
    assert corpus_settings("nextword run model=lstm", "sotu") == ["corpus=sotu"]
    whole = "nextword run --config-dir=conf corpus=pets model=lstm corpus.lowercase=true seed=2"
    assert corpus_settings(whole, "pets") == ["--config-dir=conf", "corpus=pets", "corpus.lowercase=true"]
    for command in ("rm -rf corpus=x", "nextword run corpus=files workers=9", "nextword run 'corpus=", ""):
        assert corpus_settings(command, "files") == ["corpus=files"]


def test_scores_that_go_out_come_in_again(place: Place, bigrams: Result, read_back: Result) -> None:
    for name in (SCORES, VALID_SCORES):
        assert np.array_equal(place.scores(read_back, name), place.scores(bigrams, name))
    ours, theirs = bigrams.to_json(), read_back.to_json()
    assert {key: theirs[key] for key in FROM_SCORES} == {key: ours[key] for key in FROM_SCORES}
    for name in ("losses.csv", "blocks.json"):
        texts = [(place.run_of(run) / name).read_text() for run in (bigrams, read_back)]
        assert texts[0] == texts[1]


def test_rounded_scores_come_in_again(place: Place, unigram: Result) -> None:
    folder = place.run_of(unigram)
    assert main(["export", str(folder), "--scores"]) == 0
    files = [f"model.{name}={folder / name}_log_probs.npz" for name in ("valid", "test")]
    rounded = place.run("model=scores", *files, "model.scale=ln", "model.kind=count")
    assert rounded.test_nll == pytest.approx(unigram.test_nll, abs=1 / 256)
    assert rounded.valid_perplexity == pytest.approx(unigram.valid_perplexity, rel=1e-3)


def test_what_takes_a_distribution_is_empty_and_says_why(place: Place, read_back: Result) -> None:
    assert {key: getattr(read_back, key) for key in EMPTY} == dict.fromkeys(EMPTY)
    assert read_back.checked_contexts == 0
    assert read_back.no_distribution == "there is nothing but its scores, which were computed elsewhere"
    assert any("probabilities sum to 1" in note and "is not checked" in note for note in read_back.notes)
    assert not (place.run_of(read_back) / SAMPLES).exists()


def test_stated_costs_are_recorded(place: Place, unigram: Result) -> None:
    stated = {"parameters": 24, "bytes_in_memory": 96, "train_seconds": 3600, "score_tokens_per_second": 9.5}
    settings = [f"model.{key}={value}" for key, value in stated.items()]
    result = place.run(*place.export(unigram), "model.kind=neural", *settings, "model.machine=a big one")
    assert {key: getattr(result, key) for key in stated} == stated
    assert (result.device_name, result.family) == ("a big one", "neural")


def test_the_report_names_only_machines_that_timed_something(
    place: Place, unigram: Result, read_back: Result
) -> None:
    timed = place.run(
        *place.export(unigram), "model.kind=count", "model.train_seconds=9", "model.machine=a mainframe"
    )
    wanted = {unigram.run_id, read_back.run_id, timed.run_id}
    records = [run for run in read_runs(place.folder / "results") if run.result.run_id in wanted]
    context = context_of(records)
    assert len(context.machines) == 2
    assert "a mainframe" in {str(machine) for machine in context.machines}
    letters = {row.first.run_id: context.machine_of(row) for row in context.rows}
    assert letters[read_back.run_id] is None
    assert {letters[unigram.run_id], letters[timed.run_id]} == {"A", "B"}


def test_another_content_is_another_run(place: Place, unigram: Result, read_back: Result) -> None:
    settings = place.export(unigram)
    first = place.run(*settings, "model.kind=count")
    moved = [setting.replace("test.txt.xz", "moved.txt.xz") for setting in settings]
    source = place.folder / "unigram"
    (source / "moved.txt.xz").write_bytes((source / "test.txt.xz").read_bytes())
    assert place.run(*moved, "model.kind=count").run_id == first.run_id
    assert read_back.run_id != first.run_id


def mixture_weights(place: Place, result: Result) -> dict[str, float]:
    saved = json.loads((place.run_of(result) / "checkpoint" / "composite.json").read_text())
    return dict(saved["learned"]["weights"])


def test_in_a_mixture_scores_do_what_their_model_does(
    place: Place, unigram: Result, bigrams: Result, read_back: Result
) -> None:
    """A mixture with the model itself, with its scores in files, and with the run of its scores."""
    emptied = ["model=mixture", "~model@model.components.kneser_ney", "~model@model.components.cache"]
    base = [*emptied, "+model@model.components.unigram=unigram"]
    scores = [setting.removeprefix("model") for setting in place.export(bigrams)[1:]]
    itself = place.run(*base, "+model@model.components.x=witten_bell", "model.components.x.order=2")
    files = place.run(
        *base,
        "+model@model.components.x=scores",
        *[f"model.components.x{setting}" for setting in scores],
        "model.components.x.kind=count",
    )
    runs = place.run(
        *base, "+model@model.components.x=finished", f"model.components.x.run={place.run_of(read_back)}"
    )
    for other in (files, runs):
        assert place.scores(other) == pytest.approx(place.scores(itself), abs=1e-6)
        assert mixture_weights(place, other) == pytest.approx(mixture_weights(place, itself), abs=1e-6)
        assert other.no_distribution == "its component x has none"
        assert (other.parameters, other.entries, other.bytes_in_memory) == (None, None, None)
        assert (other.train_seconds, other.part_names) == (None, [])


def test_a_gate_takes_scores_too(tmp_path: Path) -> None:
    """Fitted with a model and with its scores in files, it gives the test text the same probabilities."""
    texts = made_up(sentences=True)
    known = bigram.Bigram()
    known.fit(texts.train, texts.valid, RunLog())
    for name, stream in (("valid", texts.valid), ("test", texts.test)):
        np.save(tmp_path / f"{name}.npy", known.log_probs(stream))
    files = {"valid": str(tmp_path / "valid.npy"), "test": str(tmp_path / "test.npy")}
    of_scores = Scores(**files, scale="ln", kind="count")
    scores = []
    for component in (known, of_scores):
        gated = GatedMixture(components={"uniform": Uniform(), "bigram": component})
        if gated.scores_only is not None:
            gated.match(texts.valid, texts.test)
        gated.fit(texts.train, texts.valid, RunLog())
        scores.append(gated.log_probs(texts.test))
    assert gated.scores_only == ScoresOnly("its component bigram has none")
    assert scores[1] == pytest.approx(scores[0], abs=1e-5)


def answers(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line with which a command refuses."""
    capsys.readouterr()
    assert main(list(arguments)) == 2
    *before, line = capsys.readouterr().err.splitlines()
    assert before == []
    return line


def test_what_needs_a_distribution_answers_in_one_line(
    place: Place, read_back: Result, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(place.run_of(read_back))
    for command in (["generate", folder], ["judge", folder], ["export", folder, "--arpa", "x.arpa"]):
        line = answers(capsys, *command)
        assert "has no distribution over the vocabulary, which this takes" in line
        assert line.endswith("there is nothing but its scores, which were computed elsewhere")
    assert "model.valid names what was learnt elsewhere" in answers(capsys, "prequential", folder)


def test_a_log_linear_mixture_refuses_scores() -> None:
    settings = {
        "_target_": "baselines.mixture.log_linear.LogLinearMixture",
        "components": {
            "a": {"_target_": "baselines.ngram.smoothing.uniform.Uniform"},
            "b": {
                "_target_": "baselines.scores.model.Scores",
                "valid": "v",
                "test": "t",
                "scale": "ln",
                "kind": "count",
            },
        },
    }
    with pytest.raises(Exception, match=r"model\.components\.b has no distribution, which a log-linear"):
        build_model(settings)


def test_check_skips_what_needs_a_distribution_with_the_reason(
    place: Place, bigrams: Result, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = [*place.export(bigrams), "model.kind=count"]
    capsys.readouterr()
    assert main(["check", *settings, *place.corpus]) == 0
    said = capsys.readouterr().out
    assert "not checked, no distribution: there is nothing but its scores" in said
    skipped = said.rpartition("elsewhere: ")[2].rstrip().removesuffix(")").split(", ")
    assert set(skipped) == NEED_DISTRIBUTION | NEED_OTHER_TEXTS
    assert said.count(" holds") == len({"declared", "complete", "durable", "sized", "repeatable"})
    line = answers(capsys, "check", *settings)
    assert "has scores of one corpus alone: name it" in line


class Known(bigram.Bigram):
    """A model that says it has no distribution, and breaks one rule in a subclass."""

    scores_only = ScoresOnly("a test says so")

    def match(self, valid: TokenStream, test: TokenStream) -> None:
        pass


class Above(Known):
    def log_probs(self, stream: TokenStream) -> np.ndarray:
        return -super().log_probs(stream)


class Sizeless(Known):
    def size(self) -> ModelSize:
        return ModelSize(None)


@pytest.mark.parametrize(("kind", "broken"), [(Known, []), (Above, ["complete"]), (Sizeless, [])])
def test_the_other_rules_hold_all_the_same(kind: Callable[[], Known], broken: list[str]) -> None:
    problems = [finding.rule for finding in check_model(kind) if finding.problem]
    assert problems == broken * 2
