"""What did not end well is recorded, told, and repeated on its own; folders made elsewhere count."""

from __future__ import annotations

import fcntl
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmark.record.folder import read_runs
from benchmark.storage.files import write_json
from benchmark.sweep.rerun import jobs_to_rerun

KENLM = ["-m", "model=kenlm", "model.order=1,2"]
WILD = ["model=rnn", "model.training.learning_rate=1e30", "model.training.clip=null", "model.hidden_size=8"]
TINY = ["model.embedding_size=8", "model.training.epochs=1", "model.training.batch=4"]


def records(results: Path) -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in results.glob("runs/*/*/*/result.json")]
    return {record["label"]: record for record in found}


def folder_of(results: Path, label: str) -> Path:
    record = records(results)[label]
    return results / "runs" / record["corpus"] / record["model"] / record["run_id"]


def rewrite(folder: Path, **changes: Any) -> None:
    path = folder / "result.json"
    write_json(path, {**json.loads(path.read_text()), **changes})


def test_settings_that_a_model_refuses_are_a_skipped_run_of_a_sweep_and_an_error_alone(
    nextword, tmp_path: Path, text_corpus: list[str]
) -> None:
    done = nextword("run", *KENLM, *text_corpus)
    assert done.returncode == 0, done.stderr
    assert "2 runs: 1 ok, 1 skipped" in done.stdout
    skipped = records(tmp_path / "results")["KenLM 1-gram"]
    assert (skipped["status"], skipped["corpus"], skipped["seed"]) == ("skipped", "files", None)
    assert "model.order=1 is not usable: input should be greater than or equal to 2" in skipped["reason"]
    assert skipped["protocol_id"] == records(tmp_path / "results")["KenLM 2-gram"]["protocol_id"]
    assert "skipped   KenLM 1-gram on files: model.order=1 is not usable" in nextword("status").stdout

    alone = nextword("run", "model=kenlm", "model.order=1", *text_corpus)
    assert alone.returncode == 2
    assert alone.stderr.splitlines() == [f"error: KenLM 1-gram on files: {skipped['reason']}"]
    strict = nextword("run", *KENLM, "impossible=error", *text_corpus)
    assert strict.returncode == 1
    assert "1 error, 1 ok" in strict.stdout


def test_a_model_and_a_corpus_that_do_not_fit_are_skipped_and_a_mistyped_key_is_not(
    nextword, tmp_path: Path, text_corpus: list[str]
) -> None:
    sampled = ["output@model.output=sampled", "model.hidden_size=8", "model.output.samples=4,5000"]
    done = nextword("run", "-m", "model=rnn", *sampled, *TINY, *text_corpus)
    assert done.returncode == 0, done.stderr
    assert "skipped: Elman RNN" in done.stderr
    assert "model.output.samples=5000 is more than the vocabulary" in done.stderr
    mistyped = nextword("run", "-m", "model=unigram,uniform", "+model.ordr=3", *text_corpus)
    assert mistyped.returncode == 2
    assert "model.ordr: Unigram has no such setting" in mistyped.stderr
    assert {record["model"] for record in records(tmp_path / "results").values()} == {"rnn"}


def test_only_what_is_asked_for_is_repeated(nextword, tmp_path: Path, text_corpus: list[str]) -> None:
    results = tmp_path / "results"
    sweep = ["-m", "model=kneser_ney", "model.order=1,2,3,4", *text_corpus]
    nextword("run", "-m", "model=kneser_ney", "model.order=1,2,3", *text_corpus)
    labels = [f"Modified Kneser-Ney {order}-gram" for order in (1, 2, 3)]
    fine, broken, cut = (folder_of(results, label) for label in labels)
    rewrite(broken, status="failed", reason="MemoryError: none left")
    (cut / "result.json").unlink()
    made = (fine / "result.json").stat().st_mtime_ns

    status = nextword("status", *sweep).stdout.splitlines()
    assert [line.partition("  ")[0] for line in status if not line.startswith(" ")] == [
        "ok",
        "failed",
        "cut off",
        "missing",
        "4 runs: 1 ok, 1 missing, 1 cut off, 1 failed",
    ]
    assert "MemoryError: none left" in status[1]
    assert status[2].split()[:4] == ["nextword", "run", "model=kneser_ney", "model.order=2"]
    listed = nextword("status", "--status=failed", *sweep).stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["failed", "nextword", "4"]

    done = nextword("run", "--rerun", "failed", *sweep)
    assert done.stdout.splitlines()[0] == "1 failed of 4 runs; running those"
    assert done.returncode == 0
    assert json.loads((broken / "result.json").read_text())["status"] == "ok"
    assert not (cut / "result.json").exists()
    done = nextword("run", "--rerun=failed,missing", *sweep)
    assert done.stdout.splitlines()[0] == "2 missing of 4 runs; running those"
    done = nextword("run", "--rerun=failed,missing", *sweep)
    assert (done.returncode, done.stdout) == (0, "no failed or missing runs among 4 runs: nothing to do\n")
    assert (fine / "result.json").stat().st_mtime_ns == made
    wrong = nextword("run", "--rerun", "faild")
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "nextword: --rerun faild is not usable. Did you mean 'failed'?\n",
    )


def test_without_a_sweep_all_run_folders_are_repeated_by_their_commands(
    nextword, tmp_path: Path, text_corpus: list[str]
) -> None:
    results = tmp_path / "results"
    assert nextword("run", *WILD, *TINY, "model.tied=true", *text_corpus).returncode == 1
    nextword("run", "-m", "model=unigram,kneser_ney", *text_corpus)
    (wild,) = results.glob("runs/files/rnn/*")
    assert json.loads((wild / "result.json").read_text())["status"] == "diverged"
    cut = folder_of(results, "Unigram")
    (cut / "result.json").unlink()
    gone = folder_of(results, "Modified Kneser-Ney 5-gram")
    rewrite(gone, status="failed", reason="x", command="nextword run model=kneser_nay")
    before = (wild / "result.json").stat().st_mtime_ns

    done = nextword("run", "--rerun", "failed,missing", "workers=1")
    first, left_out, *_ = done.stdout.splitlines()
    assert first == "2 failed, 1 missing of 3 run folders below results; running those"
    assert left_out.startswith(f"left out: {gone.relative_to(tmp_path)}: there is no model 'kneser_nay'")
    assert (wild / "result.json").stat().st_mtime_ns > before  # though a diverged run counts as finished
    assert json.loads((cut / "result.json").read_text())["status"] == "ok"
    assert done.returncode == 1  # it diverged again


def test_a_running_run_is_told_from_one_that_was_cut_off(nextword, tmp_path: Path, text_corpus) -> None:
    nextword("run", "-m", "model=unigram,uniform", *text_corpus)
    one, other = (folder_of(tmp_path / "results", label) for label in ("Unigram", "Uniform"))
    for folder in (one, other):
        (folder / "result.json").unlink()
    (other / ".lock").unlink()
    with (one / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = nextword("status").stdout
        assert nextword("run", "--rerun", "failed").stdout.endswith("(1 running now are left alone)\n")
    assert f"running   Unigram on files: {one.relative_to(tmp_path)}" in told
    assert "cut off   Uniform on files: its process ended before the run did" in told
    assert not (other / ".lock").exists()


def test_run_folders_of_two_machines_merge_by_copying(nextword, tmp_path: Path, text_corpus) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    nextword("run", "-m", "model=unigram,uniform", f"results_dir={here}", *text_corpus)
    nextword("run", "-m", "model=uniform,add_k", f"results_dir={there}", *text_corpus)
    shutil.copytree(there / "runs", here / "runs", dirs_exist_ok=True)
    sweep = ["-m", "model=unigram,uniform,add_k", f"results_dir={here}", *text_corpus]
    assert nextword("status", *sweep).stdout.endswith("3 runs: 3 ok\n")
    assert "3 runs: 3 ok (3 finished earlier)" in nextword("run", *sweep).stdout
    assert "nothing to do" in nextword("run", "--rerun=failed,missing", f"results_dir={here}").stdout

    wrong = folder_of(here, "Unigram").with_name("0123456789ab")
    shutil.copytree(folder_of(here, "Unigram"), wrong)
    status = nextword("status", f"results_dir={here}").stdout
    assert f"unusable  unigram on files: {wrong} holds the run files/unigram/" in status
    assert status.endswith("4 runs: 3 ok, 1 unusable\n")
    warnings: list[str] = []
    assert len(read_runs(here, warnings.append)) == 3  # what a report is made of
    assert [f"{wrong} holds the run" in warning for warning in warnings] == [True]
    rewrite(folder_of(here, "Uniform"), run_id="0123456789ab")
    done = nextword("run", *sweep)
    assert "2 ok" in done.stdout
    assert "error: Uniform on files:" in done.stderr
    assert "give the folder that name, or delete it" in done.stderr


RECORD = {"run_id": "0123456789ab", "status": "failed", "model": "lstm", "label": "LSTM", "corpus": "sotu"}


@pytest.mark.parametrize("command", ["", "nextword run --experimental-rerun=x.pickle", "rm -r x"])
def test_a_record_without_a_usable_command_is_left_out(tmp_path: Path, command: str, capsys) -> None:
    folder = tmp_path / "runs" / "sotu" / "lstm" / "0123456789ab"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps({**RECORD, "command": command}))
    assert jobs_to_rerun(["failed"], [f"results_dir={tmp_path}"], print) == []
    assert "has no command that repeats it" in capsys.readouterr().out


def test_a_run_of_other_source_counts_as_finished_and_says_so_and_is_repeated_on_request(
    nextword, tmp_path: Path, text_corpus: list[str]
) -> None:
    command = ["run", "model=unigram", *text_corpus]
    assert "\nfinished: " in nextword(*command).stdout
    (folder,) = (tmp_path / "results" / "runs").glob("*/*/*")
    assert nextword(*command).stdout == f"finished earlier: {folder.relative_to(tmp_path)}\n"
    rewrite(folder, source="another")
    again = nextword(*command).stdout
    assert "finished earlier, by other source: " in again
    assert "force=true repeats it" in again
    assert "1 of them made by other source" in nextword("status").stdout
    assert "1 outdated of 1 run folders" in nextword("run", "--rerun", "outdated").stdout
    assert "by other source" not in nextword(*command).stdout
