"""Run folders: whole or absent."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from benchmark.errors import UserError
from benchmark.record.find import find_run
from benchmark.record.folder import finished, read_result, read_runs, run_folder
from benchmark.storage.files import atomic_folder, write_json, write_text


def make_run(results: Path, model: str, run_id: str, **result: object) -> Path:
    folder = run_folder(results, "ptb", model, run_id)
    folder.mkdir(parents=True)
    record = {"status": "ok", "run_id": run_id, "model": model, "label": model, "corpus": "ptb"}
    write_json(folder / "result.json", {**record, **result})
    return folder


@pytest.mark.parametrize("figure", ["test_perplexity", "valid_perplexity"])
def test_a_record_that_no_distribution_can_have_is_a_failed_run(figure: str, tmp_path: Path) -> None:
    wrong = make_run(tmp_path, "probabilities", "0" * 12, **{figure: 0.99})
    result = read_result(wrong)
    assert result is not None
    assert result.status == "failed"
    assert "perplexity is 0.99, but none is below 1" in str(result.reason)
    assert finished(wrong) is None  # so that it is done again
    for run_id, more in {
        "1" * 12: {figure: 1.0},
        "2" * 12: {figure: 0.99, "normalised": False},
        "3" * 12: {figure: "inf"},
    }.items():
        right = read_result(make_run(tmp_path, "right", run_id, **more))
        assert right is not None
        assert right.status == "ok"


def test_json_is_sorted_and_keeps_infinity_as_a_word(tmp_path: Path) -> None:
    write_json(tmp_path / "result.json", {"b": math.inf, "a": [1, -math.inf]})
    written = (tmp_path / "result.json").read_text()
    assert written.startswith('{\n "a": [\n  1,\n  "-inf"\n ],\n "b": "inf",\n "seal": ')


def test_a_number_that_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "result.json", {"a": math.nan})
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_file_and_no_half_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "result.json"
    write_text(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"cannot write .*result.json: No space left on device"):
        write_text(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]
    assert path.read_text() == "old"


def test_a_folder_written_aside_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def break_off() -> None:
        with atomic_folder(tmp_path / "checkpoint") as aside:
            (aside / "half").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert list(tmp_path.iterdir()) == []
    with atomic_folder(tmp_path / "checkpoint") as aside:
        (aside / "whole").write_text("whole")
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint"]


def test_an_unreadable_record_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    make_run(tmp_path, "lstm", "aaa")
    broken = make_run(tmp_path, "lstm", "bbb") / "result.json"
    broken.write_text('{"status": "o')
    warnings: list[str] = []
    assert [run.result.run_id for run in read_runs(tmp_path, warnings.append)] == ["aaa"]
    assert len(warnings) == 1
    assert str(broken) in warnings[0]


def test_a_folder_without_a_record_holds_no_finished_run(tmp_path: Path) -> None:
    assert read_result(tmp_path) is None


def test_a_run_is_found_by_id_model_or_folder(tmp_path: Path) -> None:
    make_run(tmp_path, "lstm", "abc123", started="2026-01-01")
    later = make_run(tmp_path, "lstm", "abd456", started="2026-01-02")
    make_run(tmp_path, "rnn", "fff", started="2026-01-03")
    assert find_run(tmp_path, "abc").folder.name == "abc123"
    assert find_run(tmp_path, "lstm").folder == later
    assert find_run(tmp_path, "ptb/rnn").folder.name == "fff"
    assert find_run(tmp_path, str(later)).folder == later
    said: list[str] = []
    assert find_run(tmp_path, "ptb/lstm", said.append).folder == later
    assert said == ["ptb/lstm names 2 runs; taking the latest: lstm, ptb/lstm/abd456"]
    assert find_run(tmp_path, "ptb/lstm/abd456").folder == later
    assert find_run(tmp_path, "ptb/lstm/abc").folder.name == "abc123"
    with pytest.raises(UserError, match="Did you mean 'ptb/rnn/fff'"):
        find_run(tmp_path, "ptb/rn/fff")
    for around, runs in ((later.parent, 2), (tmp_path, 3)):
        with pytest.raises(UserError) as raised:
            find_run(tmp_path, str(around))
        one = later.parent / "abc123"
        assert str(raised.value) == f"{around} holds {runs} runs: name one, such as {one}"
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty holds no finished run; `nextword status` lists them"):
        find_run(tmp_path, str(tmp_path / "empty"))
    with pytest.raises(UserError, match="begins 2 run ids: abc123, abd456"):
        find_run(tmp_path, "ab")
    with pytest.raises(UserError, match="Did you mean 'lstm'"):
        find_run(tmp_path, "lstmm")
    with pytest.raises(UserError, match="no finished run below"):
        find_run(tmp_path / "elsewhere", "lstm")
