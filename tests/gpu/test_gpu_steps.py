"""The steps of `nextword gpu`: what they run, what they read of it, and what they lack."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from synthetic_steps import carried_out

from benchmark.gpu.device_tests import MARK, DeviceTests
from benchmark.gpu.plan import Step
from benchmark.gpu.process import Ended, run_limited
from benchmark.gpu.python_text import write_python_text
from benchmark.gpu.setup import Setup
from benchmark.gpu.steps import steps_of
from benchmark.peers.neural.record import (
    NeuralCase,
    NeuralRecord,
    NeuralRun,
    ProofConditions,
    Sizes,
    Speed,
)
from benchmark.peers.ngram.record import NgramCase, NgramRecord, NgramRun, StageUsage, TextFile
from benchmark.peers.record import OURS, Machine, Row, now
from benchmark.record.folder import write_result
from benchmark.record.result import Result
from benchmark.sweep.compose import collect

#: Marked tests; the mark is put in from elsewhere, so that this file does not seem to hold some.
TESTS = f"""
import pytest
pytestmark = {MARK}
def test_agrees(): pass
def test_is_fast(): assert 1 == 2, "the device is slow"
@pytest.mark.skip(reason="needs two devices")
def test_shares(): pass
"""


def setup(folder: Path, **changes) -> Setup:
    return Setup(**{"device": "cpu", "toy": True, "results_dir": folder} | changes)


def step(folder: Path, name: str, **changes) -> Step:
    return steps_of(setup(folder, **changes), name)[0]


def ended(output: str, status: int = 0) -> Ended:
    return Ended(status, 1.0, output)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with marked tests in one folder, and a test without a mark in another."""
    root = tmp_path / "checkout"
    for name, code in {"net/test_net.py": TESTS, "other/test_other.py": "def test_other(): pass\n"}.items():
        path = root / "tests" / name
        path.parent.mkdir(parents=True)
        path.write_text(code)
    (root / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\naddopts = '-ra'\nmarkers = ['gpu: GPU']\n"
    )
    return root


def test_the_marked_tests_are_run_and_counted(tmp_path: Path, checkout: Path) -> None:
    (part,) = DeviceTests(setup(tmp_path), checkout).parts()
    outcome = part.outcome(run_limited(part.command(60.0), 60.0, tmp_path / "log"))
    assert (outcome.status, outcome.reason) == ("failed", "1 of 2 tests failed")
    assert outcome.rows == [{"run": 2, "passed": 1, "failed": 1, "skipped": 1}]
    (failure,) = outcome.details
    assert failure.startswith("tests/net/test_net.py::test_is_fast - AssertionError: the device is slow")


@pytest.mark.parametrize(
    ("output", "status", "expected", "reason"),
    [
        ("t.py::test_a PASSED [ 50%]\nt.py::test_b[x-1] PASSED [100%]\n", 0, "ok", None),
        ("[gw0] [ 50%] PASSED t.py::test_a \n[gw1] [100%] SKIPPED t.py::test_b \n", 0, "ok", None),
        (
            "t.py::test_a SKIPPED (x) [100%]\nSKIPPED [1] t.py:3: needs a CUDA device\n",
            0,
            "skipped",
            "needs a CUDA device",
        ),
        ("collected 3 items / 3 deselected\n", 5, "skipped", "no test is marked"),
        ("ImportError: no torch\n", 4, "failed", "ImportError: no torch"),
        ("", -11, "failed", "exit status -11, and no output"),
    ],
)
def test_what_pytest_prints_is_understood(
    tmp_path: Path, checkout: Path, output: str, status: int, expected: str, reason: str | None
) -> None:
    (part,) = DeviceTests(setup(tmp_path), checkout).parts()
    outcome = part.outcome(ended(output, status))
    assert (outcome.status, outcome.reason) == (expected, reason)


def test_tests_that_were_passed_before_the_limit_count(tmp_path: Path, checkout: Path) -> None:
    (part,) = DeviceTests(setup(tmp_path), checkout).parts()
    (counts,) = part.so_far(
        ended("t.py::test_a PASSED [ 33%]\nt.py::test_b PASSED [ 66%]\nt.py::test_c ", 124)
    )
    assert counts["passed"] == 2


def test_an_installed_package_has_no_tests_to_run(tmp_path: Path) -> None:
    assert "there are no tests in" in str(DeviceTests(setup(tmp_path), tmp_path).missing())


def test_other_programs_that_are_not_there_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NEXTWORD_WORD_LANGUAGE_MODEL", "NEXTWORD_KENLM", "NEXTWORD_LMPLZ"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", "")
    assert "word_language_model in github.com/pytorch/examples" in str(step(tmp_path, "speed").missing())
    assert "github.com/kpu/kenlm" in str(step(tmp_path, "counting").missing())


def neural_row(contestant: str, rate: float | None, precision: str) -> Row[NeuralCase, NeuralRun]:
    """A measured row of the speed comparison, or a failed one."""
    row = Row(case=NeuralCase("lstm", "zipf", 20, 1, precision), contestant=contestant, title=contestant)
    if rate is None:
        row.drop_out("failed", "out of memory")
        return row
    run = NeuralRun(
        losses=[],
        evaluation_loss=1.0,
        train_tokens_per_second=rate,
        score_tokens_per_second=10 * rate,
        seconds=1.0,
        peak_bytes=1,
        peak_device_bytes=int(1000 * rate),
    )
    row.runs.append(run)
    return row


def neural_record(name: str, rows: list[Row[NeuralCase, NeuralRun]]) -> NeuralRecord:
    return NeuralRecord(
        name=name,
        started=now(),
        command="",
        machine=Machine(),
        programs={},
        rounds=1,
        texts=[],
        device="cuda",
        sizes=Sizes(),
        speed=Speed(steps=10, evaluation_tokens=10),
        proof=ProofConditions(steps=30, tolerance=1e-5, highest_learning_rate=1.0),
        evaluation_rows=10,
        rows=rows,
    )


@pytest.mark.parametrize("theirs", [2.0, None])
def test_speeds_are_read_as_ratios_in_each_number_format(tmp_path: Path, theirs: float | None) -> None:
    part = step(tmp_path, "speed").parts()[0]
    rows = [
        neural_row(OURS, 6.0, "bfloat16"),
        neural_row("word_language_model", theirs, "bfloat16"),
        neural_row(OURS, 3.0, "float32"),
        neural_row("word_language_model", 2.0, "float32"),
    ]
    neural_record("gpu-2x8-20", rows).save(tmp_path / "peers" / "one" / "neural.json")
    outcome = part.outcome(ended(""))
    shown = {row["precision"]: (row["train_ratio"], row["peak_device_bytes_its"]) for row in outcome.rows}
    if theirs is None:
        assert (outcome.status, shown) == ("failed", {"float32": (1.5, 2000)})
        assert str(outcome.reason).endswith("word_language_model: out of memory")
    else:
        assert (outcome.status, shown) == ("ok", {"bfloat16": (3.0, 2000), "float32": (1.5, 2000)})
    assert part.so_far(ended("", 124)) == outcome.rows


def ngram_run(seconds: float, stages: dict[str, float], printed: dict | None = None) -> NgramRun:
    return NgramRun(
        seconds=seconds,
        cpu_seconds=seconds,
        peak_bytes=1,
        scored_per_second=None,
        perplexity=200.0,
        perplexity_known=None,
        oov=None,
        stages=[StageUsage(name, True, part, part, 1) for name, part in stages.items()],
        printed=printed,
    )


@pytest.mark.parametrize(
    ("device", "expected"), [("cuda", "ok"), (None, "failed")], ids=["on the device", "did not fit"]
)
def test_counting_is_compared_up_to_the_model(tmp_path: Path, device: str | None, expected: str) -> None:
    part = step(tmp_path, "counting", device="cuda").parts()[0]
    case = NgramCase(5, 1000)
    printed = {"seconds": {"read": 1.0, "count": 0.5, "estimate": 0.3, "score": 2.0}}
    printed |= {"device": device, "peak_device_bytes": 7} if device else {}
    ours = Row(case=case, contestant=OURS, title="nextword")
    ours.runs.append(ngram_run(6.0, {"python": 6.0}, printed))
    kenlm = Row(case=case, contestant="kenlm", title="KenLM")
    kenlm.runs.append(ngram_run(20.0, {"lmplz": 16.0, "build_binary": 4.0}))
    record = NgramRecord(
        name="gpu-python-20000",
        started=now(),
        command="",
        machine=Machine(),
        programs={},
        rounds=1,
        rows=[ours, kenlm],
        train=TextFile("t", 1, 10, 990, ""),
        test=TextFile("e", 1, 1, 9, ""),
        memory=None,
        threads=1,
    )
    record.save(tmp_path / "peers" / "one" / "ngram.json")
    outcome = part.outcome(ended(""))
    (row,) = outcome.rows
    assert outcome.status == expected
    assert (row["ours"], row["lmplz"], row["ratio"]) == (4.0, 16.0, 4.0)
    assert (row["stages"], row["stages_ratio"]) == (pytest.approx(0.8), pytest.approx(20.0))
    assert row["kenlm_perplexity"] == 200.0


def test_a_comparison_that_recorded_nothing_has_failed(tmp_path: Path) -> None:
    for name in ("speed", "counting"):
        outcome = step(tmp_path, name).parts()[0].outcome(ended("all well"))
        assert (outcome.status, outcome.reason) == ("failed", "nothing was measured: the log says why")


def test_a_corpus_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    for name in ("ptb_60s", "wikitext2"):
        summary = carried_out([step(tmp_path, name, toy=False, corpora=tmp_path)], tmp_path)
        (state,) = (state for state in summary.steps if state.name == name)
        assert state.status == "skipped"
        assert "is missing and could not be fetched" in str(state.reason)


@pytest.mark.parametrize("name", ["ptb_60s", "ptb_3min", "wikitext2", "ptb_10min"])
def test_a_recipe_is_one_run_that_ends_by_the_clock(tmp_path: Path, name: str) -> None:
    real = step(tmp_path, name, device="cuda", toy=False)
    (part,) = real.parts()
    (job,) = collect([*part.command(part.limit).arguments[4:]])
    training = job.config["model"]["training"]
    assert training["epochs"] is training["steps"] is training["tokens"] is None
    assert part.least <= real.limit
    assert real.limit > training["seconds"] + 60  # for all that is not training
    assert job.config["device"] == "cuda"
    assert Path(job.config["results_dir"]) == tmp_path


def test_wikitext_trains_for_the_time_that_is_left(tmp_path: Path) -> None:
    (part,) = step(tmp_path, "wikitext2", device="cuda", toy=False).parts()
    seconds = [
        collect([*part.command(left).arguments[4:]])[0].config["model"]["training"]["seconds"]
        for left in (part.least, 200.0, 10_000.0)
    ]
    assert seconds[0] < seconds[1] < 200
    assert seconds[2] == 600


def test_a_finished_run_is_read_from_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "ptb" / "lstm" / "0123456789ab"
    folder.mkdir(parents=True)
    record = Result(
        run_id=folder.name,
        status="ok",
        model="lstm",
        label="LSTM",
        corpus="ptb",
        test_perplexity=80.5,
        train_tokens=9,
    )
    write_result(folder, record)
    (folder / "log.txt").write_text(
        "   1.2 s  steps are replayed as CUDA graphs\n   2.0 s  50% of 9 tokens\n"
    )
    part = step(tmp_path, "ptb_60s").parts()[0]
    outcome = part.outcome(ended(f"LSTM on ptb: 50%\nfinished: {folder}\n"))
    (row,) = outcome.rows
    assert (row["folder"], row["test_perplexity"]) == ("runs/ptb/lstm/0123456789ab", 80.5)
    assert outcome.details == ["steps are replayed as CUDA graphs"]
    failed = part.outcome(ended("failed: LSTM on ptb, seed 1: CUDA out of memory\n", 1))
    assert (failed.status, failed.reason) == ("failed", "LSTM on ptb, seed 1: CUDA out of memory")


def test_finished_runs_are_repeated_only_if_asked(tmp_path: Path) -> None:
    arguments = [
        step(tmp_path, "ptb_60s", rerun=rerun).parts()[0].command(60.0).arguments for rerun in (False, True)
    ]
    assert ["force=true" in given for given in arguments] == [False, True]


def test_two_calls_have_room_for_what_they_are_for(tmp_path: Path) -> None:
    """The first four steps fit into nine minutes; the next two have useful parts that fit into three."""
    plan = {one.name: one for one in steps_of(setup(tmp_path, device="cuda", toy=False))}
    least = {name: min(part.least for part in one.parts()) for name, one in plan.items()}
    assert plan["tests"].limit + plan["speed"].limit + least["ptb_60s"] + least["ptb_3min"] <= 510
    assert least["counting"] + least["wikitext2"] <= 100


def test_python_sources_make_the_same_text_again(tmp_path: Path) -> None:
    sources, out = tmp_path / "sources", [tmp_path / "first", tmp_path / "second"]
    sources.mkdir()
    for number in range(250):
        code = f"def f{number}(x_1):\n\n    return '<unk>' + x_1  # {number}\n"
        (sources / f"m{number:03}.py").write_text(code)
    (sources / "latin.py").write_bytes(b"# caf\xe9\n")
    (sources / "table.py").write_text("x = 1\n" * 200_000)
    texts = []
    for folder in out:
        folder.mkdir()
        made = write_python_text(folder, 1_000_000, [sources])
        texts.append((made.words, made.train.read_text(), made.test.read_text()))
    assert texts[0] == texts[1]
    words, train, test = texts[0]
    assert words == len(train.split())
    assert train.startswith("def f0 ( x_1 ) :\nreturn ' < unk > ' + x_1 # 0\n")
    assert 0 < test.count("def") < train.count("def") / 50
    assert "x = 1" not in train
    short = write_python_text(out[0], 100, [sources])
    assert 100 <= short.words < 130


def test_the_page_on_gpus_describes_every_step(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "gpu.md").read_text(encoding="utf-8")
    described = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", page, flags=re.MULTILINE)
    plan = steps_of(setup(tmp_path, device="cuda", toy=False))
    assert [name for name, _ in described][: len(plan)] == [one.name for one in plan]
    for one, (_, limit) in zip(plan, described, strict=False):
        number, unit = limit.split()
        seconds = float(number) * (60 if unit == "min" else 1)
        assert abs(seconds - one.limit) < 0.03 * one.limit, one.name


def test_a_plan_is_listed_with_its_limits(nextword) -> None:
    done = nextword("gpu", "--list")
    assert done.returncode == 0
    names = [line.split()[0] for line in done.stdout.splitlines()[2:]]
    assert names == ["tests", "speed", "ptb_60s", "ptb_3min", "counting", "wikitext2", "ptb_10min"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--steps", "sped"], "--steps=sped: there is no step 'sped'. Did you mean 'speed'?"),
        (["--seconds=-1"], "--seconds=-1 is not usable: give a number from 0"),
        (["--device", "cuda:99"], "--device=cuda:99 cannot be used"),
    ],
)
def test_wrong_use_is_one_line(nextword, tmp_path: Path, arguments: list[str], says: str) -> None:
    done = nextword("gpu", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr


def test_a_step_that_fails_is_one_line_and_the_exit_status(nextword, tmp_path: Path) -> None:
    for name in ("lmplz", "build_binary", "query"):
        program = tmp_path / "kenlm" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\necho no room to sort >&2; exit 3\n")
        program.chmod(0o755)
    options = ["--device", "cpu", "--toy", "--steps", "counting", "--kenlm", "kenlm"]
    done = nextword("gpu", *options)
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[0] == (
        "failed: counting, 20 k words: KenLM: lmplz: exit status 3: no room to sort "
        "(log: logs/counting-20-k-words.log)"
    )
    assert "recorded: " in (tmp_path / "results/gpu/logs/counting-20-k-words.log").read_text()
    page = (tmp_path / "results/gpu/gpu.md").read_text()
    assert "| counting | failed |" in page
    assert "Ours without scoring" in page  # what was measured is there all the same


def test_no_time_leaves_a_summary_that_says_so(nextword, tmp_path: Path) -> None:
    options = ["--device", "cpu", "--toy", "--steps", "tests", "--seconds", "0"]
    done = nextword("gpu", *options)
    assert done.returncode == 0, done.stderr
    assert "tests, " in done.stdout
    assert "not finished: tests; the same command goes on from here" in done.stdout
    summary = json.loads((tmp_path / "results/gpu/gpu.json").read_text())
    assert summary["calls"][0]["command"] == "nextword gpu --device cpu --toy --steps tests --seconds 0"
    assert summary["machine"]["torch"]
    assert "| tests | not started |" in (tmp_path / "results/gpu/gpu.md").read_text()
