"""Runs of a model in another process: records, mixtures, and commands that stand in records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from command_cases import BIGRAM, FITTED, settings

from benchmark import trust
from benchmark.build import build_model
from benchmark.check.texts import made_up
from benchmark.checkpoint import load_trained
from benchmark.cli import main
from benchmark.contract import RunLog
from benchmark.errors import UserError
from benchmark.record.folder import SCORES, RunRecord, run_folder
from benchmark.record.identity import run_id
from benchmark.record.result import Result
from benchmark.run import execute
from benchmark.sweep.compose import collect
from benchmark.sweep.rerun import jobs_to_rerun

#: What is measured by asking the program, and what cannot be seen from here.
MEASURED = (
    *("train_seconds", "score_tokens_per_second", "next_token_seconds", "accuracy_at_1", "entropy_bits"),
    *("calibration_error", "bytes_in_memory", "entries", "bytes_on_disk", "search_core_seconds"),
)
UNSEEN = ("peak_memory_bytes", "load_resident_bytes", "score_resident_bytes")


def command(*words: str) -> list[str]:
    return ["model=command", f"model.command=[{','.join(words)}]", "model.kind=count"]


def carry_out(folder: Path, *settings: str) -> Result:
    (job,) = collect([*settings, f"results_dir={folder / 'results'}", f"cache_dir={folder / 'cache'}"])
    return execute(job, report=lambda progress: None)


def folder_of(folder: Path, result: Result) -> Path:
    return run_folder(folder / "results", result.corpus, result.model, result.run_id)


@pytest.fixture(autouse=True)
def _nothing_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "_allowed", set())


def test_a_run_is_timed_checked_and_recorded_as_any_other(
    tmp_path: Path,
    text_corpus: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = carry_out(tmp_path, *command(*BIGRAM), *text_corpus, "footprint=true")
    assert (result.status, result.family, result.context, result.no_distribution) == (
        "ok",
        "count",
        "sentence",
        None,
    )
    assert [key for key in MEASURED if getattr(result, key) is None] == []
    assert [getattr(result, key) for key in UNSEEN] == [None] * len(UNSEEN)
    assert result.checked_contexts
    place = str(folder_of(tmp_path, result))
    (job,) = collect(text_corpus)
    finished = build_model({"_target_": "baselines.mixture.finished.Finished", "run": place})
    corpus = job.open_corpus(lambda line: None)
    finished.fit(corpus.train, corpus.valid, RunLog())
    scores = np.load(Path(place) / SCORES, allow_pickle=False)
    assert np.array_equal(finished.log_probs(corpus.test), scores)
    monkeypatch.setattr(trust, "_allowed", set())
    assert main(["generate", place]) == 2
    refused = capsys.readouterr().err
    assert "names a command, which is not started" in refused
    allowed = refused.partition("add ")[2].strip()
    assert main(["generate", place, allowed, "--prompt", "the"]) == 0


def test_scores_alone_are_timed_and_a_model_trained_elsewhere_has_no_training_time(
    tmp_path: Path, text_corpus: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    both = ["model.distribution=false", "model.pretrained=true"]
    result = carry_out(tmp_path, *command(*BIGRAM), *both, *text_corpus)
    assert (result.status, result.train_seconds, result.bytes_on_disk) == ("ok", None, None)
    assert result.no_distribution == "its command gives the scores of targets alone"
    assert result.score_tokens_per_second is not None
    assert (result.sampled_targets, result.next_token_seconds, result.checked_contexts) == (None, None, 0)
    assert any("trained elsewhere" in note for note in result.notes)
    assert main(["check", *command(*BIGRAM), "model.pretrained=true"]) == 2
    assert "was trained elsewhere: name its corpus, as in corpus=sotu" in capsys.readouterr().err


def test_a_mixture_takes_it_as_any_other(tmp_path: Path) -> None:
    texts = made_up(sentences=True)
    unigram = {"_target_": "baselines.ngram.smoothing.unigram.Unigram"}

    def mixed(**changed: Any) -> Any:
        components = {"unigram": unigram, "other": settings(**changed)}
        built = build_model({"_target_": "baselines.mixture.linear.LinearMixture", "components": components})
        built.fit(texts.train, texts.valid, RunLog())
        return built

    model = mixed()
    assert (model.outside, model.trained_here, model.scores_only) == (True, True, None)
    assert np.exp(model.next_log_probs([texts.test.ids[:3]])).sum() == pytest.approx(1, abs=1e-5)
    model.save(tmp_path)
    again = type(model).load(tmp_path, texts.test.vocabulary)
    assert np.array_equal(again.log_probs(texts.test), model.log_probs(texts.test))
    without = mixed(distribution=False, pretrained=True)
    assert (without.scores_only.computes, without.trained_here) == (True, False)
    assert np.array_equal(without.log_probs(texts.test), model.log_probs(texts.test))


def test_a_failure_is_a_failed_run_with_its_reason(tmp_path: Path, text_corpus: list[str]) -> None:
    script = tmp_path / "program.sh"
    script.write_text(FITTED + "echo no memory >&2; exit 1\n", encoding="utf-8")
    result = carry_out(tmp_path, *command("sh", str(script)), *text_corpus)
    assert result.status == "failed"
    assert "program.sh ended with status 1 instead of answering 'score " in str(result.reason)
    assert "its standard error ends: no memory; nextword check " in str(result.reason)


def test_its_files_identify_a_run_and_not_their_places(tmp_path: Path) -> None:
    def identity(**settings: Any) -> str:
        return run_id({"_target_": "baselines.command.model.Command", "kind": "count", **settings}, "corpus")

    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("one")
    second.write_text("one")
    assert identity(command=["sh", str(first)]) == identity(command=["sh", str(second)])
    assert identity(command=["sh", str(first)]) == identity(command=f"sh {first}")
    assert identity(command=["sh", str(tmp_path)]) != identity(command=["sh"])
    before = identity(command=["sh", str(first)], files=[str(second)])
    second.write_text("two")
    assert identity(command=["sh", str(first)], files=[str(second)]) != before
    assert identity(command=["sh", str(second)]) != identity(command=["sh", str(first)])


def test_no_record_starts_a_command(
    tmp_path: Path,
    text_corpus: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither its settings, nor its saved model, nor its recorded command; not even a bare `command`."""
    result = carry_out(tmp_path, "model=unigram", *text_corpus, "corpus.tokens=whitespace")
    run, marker = folder_of(tmp_path, result), tmp_path / "MARKER"
    evil = tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {marker}\n")
    evil.chmod(0o755)
    bare = tmp_path / "bin" / "command"
    bare.parent.mkdir()
    evil.rename(bare)
    monkeypatch.setenv("PATH", str(bare.parent), prepend=":")
    config = yaml.safe_load((run / "config.yaml").read_text())
    target = {"_target_": "baselines.command.model.Command", "name": "unigram", "label": "Unigram"}
    (run / "checksums.json").unlink()
    record = json.loads((run / "result.json").read_text())
    del record["seal"]
    for words in ([str(bare)], str(bare), ["sh", "-c", f"touch {marker}"], "command"):
        model = {**target, "command": words, "kind": "count"}
        (run / "config.yaml").write_text(yaml.safe_dump({**config, "model": model}))
        saved = {"settings": {"command": words, "kind": "count"}, "facts": {"notes": []}}
        (run / "checkpoint" / "command.json").write_text(json.dumps(saved))
        (run / "result.json").write_text(json.dumps(record))
        with pytest.raises(UserError, match="is not started"):
            load_trained(RunRecord(run, result))
        assert main(["prequential", str(run)]) == 2
        assert "is not started" in capsys.readouterr().err
        shown = words if isinstance(words, str) else f"[{','.join(words)}]"
        again = f"nextword run model=command 'model.command={shown}' model.kind=count"
        (run / "result.json").write_text(json.dumps({**record, "status": "failed", "command": again}))
        said: list[str] = []
        assert jobs_to_rerun(["failed"], [f"results_dir={tmp_path / 'results'}"], said.append) == []
        assert "left out" in said[-1]
    assert not marker.exists()
