"""The launchers for real: the same results under each, and what dies is a row under each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from processes import below, command_of, curve_without_seconds, parent_of, start, workers_of
from waiting import alive, kill, wait_until

from benchmark.sweep.compose import collect
from benchmark.sweep.launch import plan_runs
from benchmark.sweep.launchers.remote import (
    FileChunk,
    RemoteReceiver,
    remote_job,
    results_folder_mark,
    run_remote_job,
)
from benchmark.sweep.monitor import Monitor

LAUNCHERS = ["processes", "joblib", "submitit", "ray"]
SHORT = ["model=kneser_ney,rnn", "model.context=stream"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes through /proc"),
]

CLUSTER = """
import ray, sys
ray.init(address="local", num_cpus=2, num_gpus=0, include_dashboard=False, log_to_driver=False,
         object_store_memory=100 << 20, _node_ip_address="127.0.0.1", logging_level="ERROR")
print(ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[str, int]]:
    """A Ray cluster of two CPUs that is there already: its address, and the process it belongs to."""
    pytest.importorskip("ray")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # listens on the loopback address only
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", uuid4().hex)
        process = subprocess.Popen(
            [sys.executable, "-c", CLUSTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, "Ray did not start"
        yield address, process.pid
        process.communicate()


def launched(name: str, cluster: tuple[str, int]) -> list[str]:
    if name in ("joblib", "submitit"):
        pytest.importorskip(name)
    own = {"ray": [f"launcher.address={cluster[0]}"], "submitit": ["launcher.cluster=local"]}
    return [f"launcher={name}", *own.get(name, [])]


def records(folder: Path) -> dict[str, dict[str, object]]:
    found = folder.glob("results/runs/*/*/*/result.json")
    return {str(record["model"]): record for record in (json.loads(path.read_text()) for path in found)}


def found(folder: Path) -> dict[str, tuple[object, object]]:
    """By run_id: the total score on the test text, and the training curve."""
    return {
        path.parent.name: (json.loads(path.read_text())["test_nll"], curve_without_seconds(path.parent))
        for path in folder.glob("results/runs/*/*/*/result.json")
    }


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A text corpus that lies outside of any test's own folder."""
    folder = tmp_path_factory.mktemp("text")
    words = ["the cat sat on the mat", "the dog sat on the log", "a cat saw a dog", "the log lay on the mat"]
    for split, lines in {"train": words * 60, "valid": words * 3, "test": words[::-1] * 3}.items():
        (folder / f"{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return ["corpus=files", *(f"corpus.{split}={folder / split}.txt" for split in ("train", "valid", "test"))]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, text: list[str]) -> dict[str, tuple[object, object]]:
    """What the runs find one after the other."""
    folder = tmp_path_factory.mktemp("sequential")
    process = start(["-m", *SHORT, *text, "launcher=sequential"], folder, dict(os.environ))
    output, _ = process.communicate(timeout=300)
    assert "2 runs, 1 at a time" in output
    assert process.returncode == 0, output
    return found(folder)


@pytest.mark.parametrize("name", LAUNCHERS)
def test_every_launcher_finds_the_same(
    name: str,
    cluster: tuple[str, int],
    alone: dict[str, tuple[object, object]],
    tmp_path: Path,
    environment: dict[str, str],
    text: list[str],
) -> None:
    chosen = launched(name, cluster)
    process = start(["-m", *SHORT, *text, *chosen, "workers=2"], tmp_path, environment)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert "2 runs, 2 at a time" in output
    assert "Kneser-Ney 5-gram on files: test perplexity" in output  # what a job says reaches the terminal
    assert found(tmp_path) == alone
    for path in tmp_path.glob("results/runs/*/*/*"):
        assert "launcher" not in (path / "config.yaml").read_text()
        assert "launcher" not in json.loads((path / "result.json").read_text())["command"]
    again = start(["-m", *SHORT, *text, "launcher=sequential"], tmp_path, environment)
    output, _ = again.communicate(timeout=300)
    assert "(2 finished earlier)" in output, output


BEFORE_THREADS = """
import sys
from benchmark.sweep.launchers import joblib

def run_with_capacity(*arguments):
    loaded = [name for name in ("joblib", "joblib.externals.loky") if name in sys.modules]
    print(*loaded, any(sys.modules[name].__spec__._initializing for name in loaded))
    return iter(())

joblib.run_with_capacity = run_with_capacity
list(joblib.Joblib().run([], None, None))
"""


def test_a_package_whose_modules_import_each_other_is_loaded_before_there_are_threads() -> None:
    """Two threads that import joblib, one 50 ms after the other, find its resource tracker half made."""
    pytest.importorskip("joblib")
    answer = subprocess.run([sys.executable, "-c", BEFORE_THREADS], capture_output=True, text=True)
    assert answer.stdout.split() == ["joblib", "joblib.externals.loky", "False"], answer.stderr


@pytest.mark.parametrize("helper", [False, True], ids=["worker", "helper"])
@pytest.mark.parametrize("name", LAUNCHERS)
def test_what_is_killed_is_a_row_and_the_sweep_goes_on(
    name: str, helper: bool, cluster: tuple[str, int], tmp_path: Path, environment: dict[str, str], text
) -> None:
    if helper and name == "processes":
        pytest.skip("has no helper process")
    chosen = launched(name, cluster)
    arguments = ["-m", "model=rnn,unigram", "workers=1", *text, *chosen]
    process = start(arguments, tmp_path, environment)
    above = cluster[1] if name == "ray" else process.pid
    wait_until(lambda: workers_of(above), 120)
    worker = workers_of(above)[0]
    kill(parent_of(worker) if helper else worker)
    output, _ = process.communicate(timeout=300)
    wait_until(lambda: not alive(worker))
    assert process.returncode == 1, output
    rows = records(tmp_path)
    assert rows["rnn"]["status"] == "failed"
    assert ("ended" in str(rows["rnn"]["reason"])) or ("killed" in str(rows["rnn"]["reason"])), rows["rnn"]
    assert rows["unigram"]["status"] == "ok"
    assert not list(tmp_path.glob("results/runs/**/*.tmp"))


@pytest.mark.parametrize("name", ["joblib", "submitit", "ray"])
def test_a_sweep_that_is_killed_leaves_nobody_computing_and_is_finished_under_another_launcher(
    name: str, cluster: tuple[str, int], tmp_path: Path, environment: dict[str, str], text: list[str]
) -> None:
    chosen = ["launcher=ray"] if name == "ray" else launched(name, cluster)  # a cluster of its own
    models = ["-m", "model=unigram,rnn", "seed=1,2", "workers=2", *text]
    process = start([*models, *chosen], tmp_path, environment)
    wait_until(lambda: records(tmp_path).get("unigram") and workers_of(process.pid), 240)
    # Ray's two agents notice after some tens of seconds that they are alone; they compute nothing
    computing = [pid for pid in below(process.pid) if b"Agent" not in command_of(pid)]
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: not any(alive(pid) for pid in computing))
    done = {path: path.stat().st_mtime_ns for path in tmp_path.glob("results/runs/*/*/*/result.json")}
    other = launched("ray" if name == "joblib" else "joblib", cluster)
    output, _ = start([*models, *other], tmp_path, environment).communicate(timeout=300)
    assert "4 runs: 4 ok" in output, output
    assert "finished earlier" in output
    assert {path: path.stat().st_mtime_ns for path in done} == done  # none is repeated
    assert not list(tmp_path.glob("results/runs/**/*.tmp"))


def test_a_run_on_a_machine_without_our_disk_sends_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "their_cache"))
    ours = [f"results_dir={tmp_path / 'ours'}", f"cache_dir={tmp_path / 'our_cache'}"]
    (planned,), _ = plan_runs(collect(["model=kneser_ney", "model.order=2", *text, *ours]), say=print)
    sent = remote_job(planned, results_folder_mark(planned.job.results_dir))
    (planned.job.results_dir / "launcher" / "mark").unlink()  # as another machine sees it

    receiver = RemoteReceiver(planned, Monitor([planned], 1, print))
    items = list(run_remote_job(sent))
    assert items[-1].status == 0
    assert not (planned.folder / "result.json").exists()
    for item in items[:-1]:
        receiver.receive(item)
    assert not (planned.folder / "result.json").exists()  # all of it, or nothing
    receiver.commit()
    record = json.loads((planned.folder / "result.json").read_text())
    assert (record["status"], record["run_id"]) == ("ok", planned.folder.name)
    assert {path.name for path in planned.folder.iterdir()} >= {
        "checkpoint",
        "test_log_probs.npy",
        "log.txt",
        "environment.json",
    }
    assert (tmp_path / "their_cache" / "encoded").exists()
    assert not (tmp_path / "our_cache").exists()
    assert not list(tmp_path.glob("ours/runs/**/*.tmp"))

    with pytest.raises(Exception, match="is no file of a run folder"):
        receiver.receive(FileChunk("../../escaped", b""))


def test_a_run_of_other_code_or_text_is_told_from_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (planned,), _ = plan_runs(collect(["model=unigram", *text]), say=print)
    sent = remote_job(planned, results_folder_mark(planned.job.results_dir))
    *_, end = run_remote_job(type(sent)(sent.request, sent.run + "0", sent.mark, sent.cwd))
    assert end.status != 0
    assert "is not the same as where the sweep began" in end.reason


FAKE_SLURM = {
    # runs the script of every element of an array, as srun would
    "sbatch": """#!{python}
import os, re, subprocess, sys
script = open(sys.argv[-1]).read()
size = re.search(r"--array=0-(\\d+)", script)
folder = os.environ["FAKE_SLURM"]
for index in range(int(size[1]) + 1 if size else 1):
    name = f"77_{{index}}" if size else "77"
    ids = {{"SLURM_ARRAY_JOB_ID": "77", "SLURM_ARRAY_TASK_ID": str(index)}} if size else {{}}
    task = {{"SLURM_NTASKS": "1", "SLURM_JOB_NUM_NODES": "1", "SLURM_NODEID": "0", "SLURM_PROCID": "0",
            "SLURM_LOCALID": "0", "SLURM_JOB_ID": "77", "SLURM_JOB_NODELIST": "here", **ids}}
    environment = {{**os.environ, **task, "FAKE_LOG": name}}
    pid = subprocess.Popen(["bash", sys.argv[-1]], env=environment, start_new_session=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid
    open(f"{{folder}}/{{name}}", "w").write(str(pid))
open(f"{{folder}}/script", "w").write(script)
print("Submitted batch job 77")
""",
    "srun": """#!{python}
import os, subprocess, sys
at = next(i for i, a in enumerate(sys.argv) if os.path.basename(a).startswith("python"))
log = sys.argv[sys.argv.index("--output") + 1].replace("%A_%a", os.environ["FAKE_LOG"]).replace("%t", "0")
log = log.replace("%j", os.environ["FAKE_LOG"])
os.makedirs(os.path.dirname(log), exist_ok=True)
sys.exit(subprocess.call(sys.argv[at:], stdout=open(log, "a"), stderr=subprocess.STDOUT))
""",
    "sacct": """#!{python}
import os
print("JobID|State|NodeList")
for name in sorted(os.listdir(os.environ["FAKE_SLURM"])):
    if name.startswith("77"):
        pid = open(os.environ["FAKE_SLURM"] + "/" + name).read()
        try:
            running = open(f"/proc/{{pid}}/stat").read().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            running = False
        print(f"{{name}}|{{'RUNNING' if running else 'NODE_FAIL'}}|here")
""",
    "scancel": "#!/bin/sh\n",
}


def test_slurm_takes_one_override_and_a_job_that_vanishes_is_a_row(
    tmp_path: Path, environment: dict[str, str], text: list[str]
) -> None:
    pytest.importorskip("submitit")
    programs, state = tmp_path / "bin", tmp_path / "slurm"
    programs.mkdir()
    state.mkdir()
    for name, source in FAKE_SLURM.items():
        (programs / name).write_text(source.format(python=sys.executable))
        (programs / name).chmod(0o755)
    environment |= {"PATH": f"{programs}:{environment['PATH']}", "FAKE_SLURM": str(state)}
    chosen = ["launcher=submitit", "launcher.cluster=slurm", "launcher.partition=long", "launcher.mem_gb=4"]
    process = start(["-m", "model=rnn,unigram", "device=cpu", *text, *chosen], tmp_path, environment)
    wait_until(lambda: (state / "77_0").exists(), 120)
    rnn = int((state / "77_0").read_text())
    wait_until(lambda: workers_of(rnn), 120)
    kill(rnn, *below(rnn))
    output, _ = process.communicate(timeout=300)
    assert "2 runs, as many as the cluster takes at a time" in output
    assert "Unigram on files: test perplexity" in output, output
    rows = records(tmp_path)
    assert rows["unigram"]["status"] == "ok", output
    assert rows["rnn"]["status"] == "failed"
    assert "node_fail" in str(rows["rnn"]["reason"])
    script = (state / "script").read_text()
    for line in ("--partition=long", "--mem=4GB", "--cpus-per-task=1", "--array=0-1"):
        assert line in script, script
