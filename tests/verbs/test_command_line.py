"""The command line as a person uses it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

QUICK = ["model.training.epochs=1", "model.training.batch=4"]


def records(folder: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("results/runs/*/*/*/result.json"))]


def test_one_run_leaves_a_whole_folder_and_is_not_repeated(nextword, tmp_path: Path, text_corpus) -> None:
    done = nextword("run", "model=kneser_ney", "model.order=3", *text_corpus)
    assert done.returncode == 0, done.stderr
    (record,) = records(tmp_path)
    folder = next(tmp_path.glob("results/runs/files/kneser_ney/*"))
    assert {path.name for path in folder.iterdir()} >= {
        "result.json",
        "config.yaml",
        "environment.json",
        "test_log_probs.npy",
        "blocks.json",
        "log.txt",
        "checkpoint",
        "samples.json",
    }
    assert record["status"] == "ok"
    assert record["test_targets"] == 3 * (6 + 6 + 5 + 6 + 4)  # the words of four lines and a </s> each
    assert 1 < float(str(record["test_perplexity"])) < 10
    command = str(record["command"]).split()
    assert command[:4] == ["nextword", "run", "model=kneser_ney", "model.order=3"]
    before = (folder / "result.json").stat().st_mtime_ns
    again = nextword("run", "model=kneser_ney", "model.order=3", *text_corpus)
    assert "finished earlier" in again.stdout
    assert (folder / "result.json").stat().st_mtime_ns == before
    forced = nextword("run", "model=kneser_ney", "model.order=3", "force=true", *text_corpus)
    assert forced.returncode == 0
    assert (folder / "result.json").stat().st_mtime_ns > before


def test_a_sweep_a_table_and_the_same_questions_to_both_families(
    nextword, tmp_path: Path, text_corpus
) -> None:
    swept = nextword("run", "-m", "model=kneser_ney,rnn", *text_corpus)
    assert swept.returncode == 0, swept.stderr
    assert "2 runs: 2 ok" in swept.stdout
    reported = nextword("report")
    assert reported.returncode == 0, reported.stderr
    assert (tmp_path / "results/report/index.html").stat().st_size > 10_000
    assert "Kneser-Ney" in reported.stdout
    for model in ("kneser_ney", "rnn"):
        asked = nextword(
            "generate", model, "--prompt", "the cat sat on", "--top", "2", "--temperature", "0.8"
        )
        assert asked.returncode == 0, asked.stderr
        assert "the" in asked.stdout.split()
        shown = nextword("show", model)
        assert "test_perplexity" in shown.stdout
    status = nextword("status", "-m", "model=kneser_ney,rnn,lstm", *text_corpus)
    firsts = [line.split()[0] for line in status.stdout.splitlines()]
    assert firsts == ["ok", "ok", "missing", "nextword", "3"]


def test_a_run_that_fails_is_a_row_and_the_others_go_on(nextword, tmp_path: Path, text_corpus) -> None:
    (tmp_path / "broken_model.py").write_text(
        "from benchmark.contract import LanguageModel\n"
        "class Broken(LanguageModel):\n"
        "    family = 'count'\n"
        "    def fit(self, train, valid, log): raise ArithmeticError('two and two')\n"
        "    log_probs = next_log_probs = size = save = load = None\n"
    )
    for name, target in {
        "broken": "broken_model.Broken",
        "fine": "baselines.ngram.smoothing.uniform.Uniform",
    }.items():
        group = tmp_path / "mine" / "model"
        group.mkdir(parents=True, exist_ok=True)
        (group / f"{name}.yaml").write_text(f"name: {name}\nlabel: {name}\n_target_: {target}\n")
    arguments = ["--config-dir", str(tmp_path / "mine"), "-m", "model=broken,fine", *text_corpus]
    done = nextword("run", "--debug", *arguments, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    statuses = {record["model"]: record for record in records(tmp_path)}
    assert statuses["fine"]["status"] == "ok"
    assert statuses["broken"]["reason"] == "ArithmeticError: two and two (broken_model.py:4, in fit)"
    assert "raise ArithmeticError" in str(statuses["broken"]["traceback"])
    assert "failed: broken on files: ArithmeticError: two and two (broken_model.py:4, in fit)" in done.stderr
    assert "(nextword show results/runs/files/broken/" in done.stderr
    assert "    def fit(self, train, valid, log): raise ArithmeticError" in done.stderr  # from the trace


def test_a_diverging_run_is_recorded_with_its_reason(nextword, tmp_path: Path, text_corpus) -> None:
    wild = ["model.training.learning_rate=1e30", "model.training.clip=null", *QUICK]
    done = nextword("run", "model=rnn", *wild, *text_corpus)
    assert done.returncode == 1
    (record,) = records(tmp_path)
    assert record["status"] == "diverged"
    assert "model.training.learning_rate" in str(record["reason"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rn"], "there is no verb 'rn'. Did you mean 'run'?"),
        (["run", "model=lstmm"], "there is no model 'lstmm'. Did you mean 'lstm'"),
        (["run", "corpus=pbt"], "there is no corpus 'pbt'. Did you mean 'ptb'?"),
        (["run", "+sweep=defualt"], "there is no sweep 'defualt'. Did you mean 'default'"),
        (["run", "model.ordr=3"], "there is no setting 'model.ordr'. Did you mean 'model.order'"),
        (["run", "modle.order=3"], "there is no setting 'modle'. Did you mean 'model'"),
        (["run", "model=lstm", "model.training.epoch=2"], "Did you mean 'model.training.epochs'"),
        (["run", "model=lstm,rnn"], "give -m to sweep over its values"),
        (["run", "seed=one"], "seed='one' is not usable: give a whole number"),
        (["run", "threads=0"], "threads=0 is not usable: give a whole number from 1"),
        (["run", "workers=some"], "workers='some' is not usable: give auto or a whole number from 1"),
        (["run", "bogus"], "give KEY=VALUE"),
        (
            ["run", "+sweep=quick", "--hydra-help"],
            "--hydra-help is about a single run: leave out +sweep=quick",
        ),
        (["run", "-m", "model=lstm,rnn", "--cfg", "job"], "--cfg is about a single run: leave out -m"),
        (["run", "hydra/launcher=jobib"], "there is no launcher 'jobib'. Did you mean 'joblib'?"),
        (["check"], "which model?"),
        (["show", "lstm"], "there is no finished run below results"),
        (["report"], "nextword run"),
        (["generate", "lstm"], "there is no finished run below results"),
    ],
)
def test_wrong_use_is_one_clear_line(nextword, tmp_path: Path, arguments: list[str], says: str) -> None:
    done = nextword(*arguments)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 1
    assert says in lines[0]
    assert "Traceback" not in done.stdout
    assert not (tmp_path / "results" / "runs").exists()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (["model.order=five"], "model.order='five' is not usable: input should be a valid integer"),
        (["model.order=0"], "model.order=0 is not usable"),
        (["model=fixed_window", "model.hidden_size=100"], "model.tied=true needs"),
        (["device=cuda:7", "model=rnn"], "device=cuda:7 cannot be used"),
        (["corpus.test=nowhere.txt"], "nowhere.txt"),
    ],
)
def test_settings_that_cannot_be_run_leave_nothing(
    nextword, tmp_path: Path, text_corpus, settings: list[str], says: str
) -> None:
    done = nextword("run", *text_corpus, *settings)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr
    assert not list(tmp_path.glob("results/runs/*"))


def test_debug_shows_where(nextword) -> None:
    assert "Traceback" in nextword("run", "model=lstmm", "--debug").stderr


def test_a_full_disk_is_one_line_and_leaves_no_half_record(nextword, tmp_path: Path, text_corpus) -> None:
    results = tmp_path / "results"
    results.write_text("a file stands where the folder should be")
    done = nextword("run", "model=unigram", *text_corpus)
    assert done.returncode == 2
    assert "cannot write to results" in done.stderr
    assert results.read_text() == "a file stands where the folder should be"


def test_a_check_prints_each_rule_and_its_verdict(nextword) -> None:
    done = nextword("check", "model=add_k")
    assert done.returncode == 0
    for rule in ("proper", "causal", "consistent", "durable", "repeatable", "complete"):
        assert f"{rule:11} text with sentences  holds" in done.stdout


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("nextword run model=lstm model.hid", "model.hidden_size="),
    ],
)
def test_the_shell_completes_verbs_models_and_settings(line: str, offers: str) -> None:
    program = Path(sys.executable).with_name("nextword")
    if not program.exists():
        pytest.skip("nextword is not installed as a console script")
    words = line.split()
    script = (
        'eval "$(nextword -sc install=bash)"\n'
        f'COMP_LINE="{line}"; COMP_POINT={len(line)}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}\n'
        'hydra_bash_completion; echo "${COMPREPLY[@]}"'
    )
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env={**os.environ, "PATH": path}, check=True
    )
    assert done.stdout.split() == [offers]
