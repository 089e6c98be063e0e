"""Runs forked from a template: as new processes would be, whatever becomes of them or of the template."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from processes import start
from waiting import alive, wait_until

from benchmark.cli import main
from benchmark.errors import UserError
from benchmark.sweep.capacity import Capacity
from benchmark.sweep.compose import collect
from benchmark.sweep.launchers import forked
from benchmark.sweep.launchers.forked import Forked, Template, Templates
from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import PlannedRun
from benchmark.sweep.subprocess_run import worker_environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")

FATES = '''
"""A unigram model to which something happens while it is trained."""

import json, os, random, signal, sys, threading, time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baselines.ngram.smoothing.unigram import Unigram

def found():
    """What a process finds; `parent` and `random` are to differ."""
    return {
        "parent": Path(f"/proc/{os.getppid()}/cmdline").read_text().split("\\0")[2],
        "random": [random.random(), np.random.random()],
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "path": sys.path,
        "files": [os.readlink(f"/proc/self/fd/{fd}").partition(":")[0] for fd in range(3)],
        "number of files": len(os.listdir("/proc/self/fd")),
        "handlers": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "wakes": signal.set_wakeup_fd(-1),
        "threads": threading.active_count(),
        "encoding": [sys.stdout.encoding, sys.stdout.errors],
    }

@dataclass(kw_only=True, eq=False)
class Fated(Unigram):
    fate: str = ""

    def fit(self, train, valid, log):
        match self.fate:
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "leaves":
                os._exit(3)
            case "orphaned":
                assert found()["parent"] == "benchmark.sweep.template"
                os.kill(os.getppid(), signal.SIGKILL)
            case "endless":
                Path("endless").write_text(f"{os.getpid()} {os.getppid()}")
                time.sleep(600)
            case other:
                Path(other).write_text(json.dumps(found()))
        super().fit(train, valid, log)
'''

FATED = [
    "model=unigram",
    "model._target_=fates.Fated",
    "allow=[fates]",
    "corpus.tokens=whitespace",  # NLTK takes long to import
    "launcher=forked",
    "workers=1",
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a module `fates` that can be imported."""
    (tmp_path / "fates.py").write_text(FATES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    return tmp_path


def records(folder: Path) -> dict[str, dict[str, Any]]:
    """The records by the fate of their runs."""
    found = [json.loads(path.read_text()) for path in folder.glob("results/runs/*/*/*/result.json")]
    return {record["model_settings"]["fate"]: record for record in found}


def test_forks_are_as_new_processes_and_no_death_ends_the_sweep(
    here: Path, text_corpus: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    fates = "+model.fate=one,killed,leaves,two,orphaned,new"
    assert main(["run", "-m", *FATED, fates, *text_corpus]) == 1
    output = capsys.readouterr()
    by_fate = records(here)
    assert {fate: record["status"] for fate, record in by_fate.items()} == {
        "one": "ok",
        "killed": "failed",
        "leaves": "failed",
        "two": "ok",
        "orphaned": "ok",  # it ended well, though nobody saw it
        "new": "ok",
    }
    assert by_fate["killed"]["reason"].startswith("its process was ended by SIGKILL")
    assert by_fate["leaves"]["reason"] == "its process ended with status 3 and no record"
    assert output.err.count("a new process, as for all like it from now on") == 1
    assert "Unigram on files: test perplexity" in output.out

    one, two, new = (json.loads((here / name).read_text()) for name in ("one", "two", "new"))
    assert one.pop("parent") == two.pop("parent") == "benchmark.sweep.template"
    assert new.pop("parent") != "benchmark.sweep.template"
    assert len({*one.pop("random"), *two.pop("random"), *new.pop("random")}) == 6
    assert one == two == new
    assert one["environment"]["OMP_NUM_THREADS"] == "1"
    scores = {
        fate: np.load(
            here / "results" / "runs" / "files" / "unigram" / record["run_id"] / "test_log_probs.npy"
        )
        for fate, record in by_fate.items()
        if record["status"] == "ok"
    }
    assert all((scores[fate] == scores["new"]).all() for fate in scores)
    memory = [by_fate[fate]["peak_memory_bytes"] for fate in ("one", "two", "new")]
    assert max(memory) < 1.15 * min(memory)


def test_no_process_outlives_a_launcher_that_is_killed(
    here: Path, environment: dict[str, str], text_corpus: list[str]
) -> None:
    arguments = ["-m", *FATED, "+model.fate=endless", "corpus.train_share=0.5,1", *text_corpus]
    process = start(arguments, here, {**environment, "PYTHONPATH": os.pathsep.join(map(str, sys.path))})
    wait_until(lambda: (here / "endless").exists() and (here / "endless").read_text())
    worker, template = map(int, (here / "endless").read_text().split())
    assert all(map(alive, (worker, template)))
    assert template != process.pid
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_until(lambda: not alive(worker) and not alive(template))
    assert not list(here.glob("results/runs/**/result.json"))


def fork(template: Template) -> str:
    """What comes of asking for a worker."""
    worker = template.fork()
    if isinstance(worker, str):
        return worker
    worker.kill()
    status = worker.wait()
    worker.close()
    return f"ended with {status}"


@pytest.mark.parametrize(
    ("code", "change", "answer"),
    [
        ("print('hello')", lambda path: None, "what it imports writes something"),
        (
            "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
            lambda path: None,
            "what it imports starts threads",
        ),
        ("", lambda path: path.write_text("1"), "other.py has changed since it was imported"),
    ],
)
def test_what_would_not_be_as_a_new_process_is_not_forked(
    here: Path, code: str, change: Callable[[Path], object], answer: str
) -> None:
    (here / "other.py").write_text(code)
    (job,) = collect(["model=unigram", "corpus=sotu_small"])
    template = Template(["other", "missing"], worker_environment(PlannedRun(job, "", here).request()))
    try:
        if change(here / "other.py"):
            assert fork(template) == "ended with -9"
            (here / "other.py").write_text("2.0")
        assert fork(template).endswith(answer)
    finally:
        template.close()


def planned(*overrides: str) -> list[PlannedRun]:
    jobs = collect(["-m", "corpus=sotu_small", *overrides])
    return [PlannedRun(job, "", job.folder("")) for job in jobs]


def test_runs_share_a_template_if_they_need_the_same_and_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def template(modules: list[str], environment: dict[str, str]) -> SimpleNamespace:
        started.append(modules)
        return SimpleNamespace(fork=lambda: "forked", stop=lambda: None, close=lambda: None)

    monkeypatch.setattr(forked, "Template", template)
    monkeypatch.setattr(forked, "start_python", lambda request: "new")
    monkeypatch.setattr(Templates, "_tell", lambda *_: None)
    networks = ["model=lstm,fixed_window", "seed=1,2"]
    runs = [
        *planned("model=kneser_ney,unigram"),
        *planned(*networks, "device=cpu"),
        *planned(*networks, "device=cpu", "threads=2"),
        *planned("model=nltk_lidstone", "device=cpu"),  # alone of its kind
        *planned("model=min_gru,mogrifier_lstm", "device=auto"),
    ]
    templates = Templates(runs, Capacity(2, gpus=("0",)), Monitor(runs, 2, print))
    for run in runs:
        templates.start(run, run.request())
    assert started == [
        ["baselines.ngram.smoothing.kneser_ney", "baselines.ngram.smoothing.unigram"],
        ["baselines.neural.architectures.recurrent", "baselines.neural.architectures.window"],
    ]


def test_elsewhere_than_on_linux_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = planned("model=unigram")
    monkeypatch.setattr(forked, "sys", SimpleNamespace(platform="darwin"))
    with pytest.raises(UserError, match="launcher=forked needs Linux"):
        next(Forked().run(runs, Capacity(1), Monitor(runs, 1, print)))
