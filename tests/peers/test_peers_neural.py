"""The comparison of neural training, with stand-ins for the checkouts that users name."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from neural_stand_ins import EXAMPLE, Printing, awd, example

from benchmark.cli import main
from benchmark.errors import UserError
from benchmark.peers.compare import Comparison
from benchmark.peers.neural import ids as texts
from benchmark.peers.neural.contestants import AWD_LSTM, WORD_LANGUAGE_MODEL, Peer
from benchmark.peers.neural.goal import OURS_ANNOUNCES, PEERS_ANNOUNCE
from benchmark.peers.neural.proof import Prover
from benchmark.peers.neural.record import NeuralCase, NeuralRecord, NeuralRun, Sizes, Speed
from benchmark.peers.neural.run_task import NeuralTask, run_timed
from benchmark.peers.record import Row
from benchmark.peers.table import Pair
from benchmark.peers.watch import WatchedProgram, watch

SIZES = Sizes(layers=2, embedding_size=6, hidden_size=6, batch=4, unroll=5)


def compared(
    contestants,
    tmp_path: Path,
    rounds: int = 3,
    sizes: Sizes = SIZES,
    precisions: Sequence[str] = ("bfloat16",),
) -> tuple[list[Row[NeuralCase, NeuralRun]], list[str]]:
    said: list[str] = []
    rows: list[Row[NeuralCase, NeuralRun]] = []
    saved: list[int] = []
    speed = Speed(steps=20, evaluation_tokens=100)
    ids = texts.zipf(30, 2000, 100)
    cases = [NeuralCase("lstm", "zipf", 30, 1, precision) for precision in precisions]
    Comparison(
        contestants=contestants,
        tasks=[NeuralTask(case, ids, "cpu", sizes, speed, tmp_path / "work") for case in cases],
        rounds=rounds,
        measure=run_timed,
        rows=rows,
        save=lambda: saved.append(sum(len(row.runs) for row in rows)),
        say=said.append,
        admit=Prover(said.append).admit,
    ).carry_out()
    assert saved[-1] == sum(len(row.runs) for row in rows)
    assert not list((tmp_path / "work").glob("run/*"))  # nothing is left of the runs
    return rows, said


def test_programs_take_turns_and_medians_and_ratios_are_recorded(tmp_path) -> None:
    ours, other = Printing("ours", tmp_path, rate=6.0), Printing("other", tmp_path, rate=2.0)
    rows, said = compared([ours, other], tmp_path)
    assert [line.split(": ")[0] for line in said if "round" in line] == [
        f"lstm, zipf, 30 words, 1 thread, bfloat16, round {number} of 3, {title}"
        for number in (1, 2, 3)
        for title in ("Ours", "Other")
    ]
    own, its = rows
    # Each program ran once for the proof; of rounds 2, 3 and 4 the third is the median.
    rates = "train_tokens_per_second", "score_tokens_per_second"
    assert (own.median(rates[0]), its.median(rates[0])) == (18.0, 6.0)
    assert its.figures(rates[0]) == [4.0, 6.0, 8.0]
    assert [Pair(None, own, its).ratio(rate) for rate in rates] == [3.0, 3.0]
    assert its.difference_from_ours == 0.0
    assert its.runs[0].peak_bytes > 1_000_000


def test_all_are_given_the_same_task_but_for_what_each_is_known_by(tmp_path) -> None:
    ours, other = Printing("ours", tmp_path), Printing("other", tmp_path)
    compared([ours, other], tmp_path, rounds=1, sizes=replace(SIZES, dropout=0.5))
    (own_proof, own_speed), (its_proof, its_speed) = ours.tasks(), other.tasks()
    assert its_proof.pop("evaluation_rows") == 1
    assert own_proof == its_proof
    assert (own_proof["dropout"], own_proof["precision"], own_proof["block"]) == (0.0, "float32", 1)
    assert own_proof["learning_rate"] == 1.0
    assert its_speed.pop("evaluation_rows") == 10
    assert own_speed.pop("weights") is None
    assert its_speed.pop("weights") == own_proof["weights"]
    assert own_speed == its_speed
    assert own_speed["precision"] == "bfloat16"
    assert (own_speed["dropout"], own_speed["learning_rate"], own_speed["block"]) == (0.5, 20.0, 10)


def test_each_arithmetic_is_that_of_both_sides_and_a_network_is_proved_once(tmp_path) -> None:
    ours, other = Printing("ours", tmp_path), Printing("other", tmp_path)
    asked = ("float32", "tf32", "bfloat16", "auto")
    rows, said = compared([ours, other], tmp_path, rounds=1, precisions=asked)
    assert [task["precision"] for task in ours.tasks()] == ["float32", *asked]
    assert [task["precision"] for task in other.tasks()] == ["float32", "float32", "tf32", "bfloat16", None]
    assert [task["block"] for task in other.tasks()] == [1, 10, 10, 10, 10]
    assert [row.case.precision for row in rows] == [name for name in asked for _ in range(2)]
    assert [row.difference_from_ours for row in rows if row.contestant == "other"] == [0.0] * 4
    assert sum("losses within" in line for line in said) == 1
    assert "lstm, zipf, 30 words, 1 thread, Other: losses within" in said[0]


def test_who_is_not_proved_is_timed_in_no_arithmetic(tmp_path) -> None:
    ours, other = Printing("ours", tmp_path), Printing("other", tmp_path, evaluation_loss=5.6)
    rows, _ = compared([ours, other], tmp_path, rounds=1, precisions=("float32", "bfloat16"))
    assert [row.status for row in rows] == ["ok", "failed", "ok", "failed"]
    assert rows[1].reason == rows[3].reason
    assert len(other.tasks()) == 1


def test_an_arithmetic_that_one_side_lacks_is_a_row_with_the_reason(tmp_path) -> None:
    lacks = "if json.load(open(sys.argv[1]))['precision'] == 'bfloat16': sys.exit('there is no bfloat16')"
    ours, other = Printing("ours", tmp_path), Printing("other", tmp_path, code=lacks)
    rows, _ = compared([ours, other], tmp_path, rounds=1, precisions=("bfloat16", "float32"))
    assert [row.status for row in rows] == ["ok", "failed", "ok", "ok"]
    assert "there is no bfloat16" in (rows[1].reason or "")


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        (
            {"losses": [5.0] * 11 + [5.0001] * 19},
            "by up to 2.0e-05 of them, more than 1e-05 first at step 12",
        ),
        ({"losses": [float("nan")] * 30}, "by up to inf of them, more than 1e-05 first at step 1"),
        ({"evaluation_loss": 5.6}, "by up to 1.8e-02 of them, more than 1e-05 in scoring"),
        ({"losses": [5.0] * 29}, "30 losses were due, ours gave 30, it gave 29"),
        ({"losses": None}, "its last line is not the expected JSON"),
        ({"code": "sys.exit('no such GPU in /opt/some/folder/x.py')"}, "exit status 1: no such GPU in x.py"),
    ],
)
def test_who_fails_or_computes_something_else_is_a_row_with_the_reason(tmp_path, figures, reason) -> None:
    ours, other = Printing("ours", tmp_path), Printing("other", tmp_path, **figures)
    (own, its), said = compared([ours, other], tmp_path, rounds=1)
    assert (own.status, its.status) == ("ok", "failed")
    assert reason in (its.reason or "")
    assert its.runs == []
    assert sum("Other: failed: " in line for line in said) == 1


def test_where_ours_fails_nobody_is_timed(tmp_path) -> None:
    ours, other = Printing("ours", tmp_path, code="sys.exit(3)"), Printing("other", tmp_path)
    (own, its), _ = compared([ours, other], tmp_path)
    assert (own.status, own.reason) == ("failed", "exit status 3")
    assert (its.status, its.reason) == ("skipped", "there is nothing to compare it with: ours failed")
    assert not other.log.exists()


def test_losses_that_differ_within_rounding_are_the_same(tmp_path) -> None:
    ours, other = Printing("ours", tmp_path), Printing("other", tmp_path, losses=[5.00002] * 30)
    (_, its), said = compared([ours, other], tmp_path, rounds=1)
    assert its.status == "ok"
    assert its.difference_from_ours == pytest.approx(4e-6, rel=1e-3)
    assert "Other: losses within 4.0e-06 of ours" in said[0]


def task_of(tmp_path: Path, kind: str, tied: bool) -> dict[str, Any]:
    train, evaluation = texts.zipf(30, 600, 101).save(tmp_path, 600)
    task = {
        **asdict(SIZES),
        "learning_rate": 1.0,
        "kind": kind,
        "tied": tied,
        "vocabulary": 30,
        "seed": 3,
        "threads": 1,
    }
    files = {"train": str(train), "evaluation": str(evaluation), "weights": str(tmp_path / "weights")}
    return {**task, **files, "block": 1, "warmup": 1, "precision": "float32", "device": "cpu"}


def driven(module: str, folder: Path, task: dict[str, Any], monkeypatch, capsys) -> dict[str, Any]:
    """What a driver prints, run in this process."""
    from benchmark.peers.neural.drivers import awd_lstm, driver, word_language_model

    peer = {"awd": awd_lstm.AwdLstm, "example": word_language_model.WordLanguageModel}[module]
    path = Path(task["train"]).with_name("its_task.json")
    path.write_text(json.dumps({**task, "evaluation_rows": 1}))
    for name in ("model", "splitcross"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    driver.run(peer, [str(folder), str(path)])
    for name in ("model", "splitcross"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize(
    ("kind", "module"),
    [("lstm", "example"), ("gru", "example"), ("rnn", "example"), ("lstm", "awd"), ("gru", "awd")],
)
def test_ours_and_the_peers_compute_the_same_from_the_same_weights(
    tmp_path, monkeypatch, capsys, kind, module, tied
) -> None:
    from pydantic import TypeAdapter

    from baselines.neural.speed import Task, measure

    task = task_of(tmp_path, kind, tied)
    ours = measure(TypeAdapter(Task).validate_python(task))
    make = {"example": example, "awd": awd}[module]
    its = driven(module, make(tmp_path / module), task, monkeypatch, capsys)
    assert len(ours["losses"]) == len(its["losses"]) == 30
    assert its["losses"] == pytest.approx(ours["losses"], rel=1e-5)
    assert its["evaluation_loss"] == pytest.approx(ours["evaluation_loss"], rel=1e-5)
    assert its["parameters"] == ours["parameters"]
    assert ours["losses"][-1] < ours["losses"][0]
    assert min(one[f"{part}_tokens_per_second"] for one in (ours, its) for part in ("train", "score")) > 0


#: A stand-in that notes in which arithmetic each forward pass was: training, autocast, TF32 in products and
#: in cuDNN.
NOTING = EXAMPLE.replace(
    "        features, state = self.rnn",
    """        flags = (
            self.training,
            torch.is_autocast_enabled("cpu"),
            torch.backends.cuda.matmul.allow_tf32,
            torch.backends.cudnn.allow_tf32,
        )
        with open(__file__ + ".seen", "a") as file:
            print(*flags, file=file)
        features, state = self.rnn""",
)


@pytest.mark.parametrize(
    ("precision", "training", "scoring"),
    [
        ("float32", (False, False, False), (False, False, False)),
        ("tf32", (False, True, True), (False, False, False)),
        ("bfloat16", (True, True, True), (False, False, False)),
        ("float16", (True, True, True), (False, False, False)),
        (None, (False, False, True), (False, False, True)),  # torch's defaults
    ],
)
def test_a_peer_trains_in_the_arithmetic_asked_for_and_scores_in_float32(
    tmp_path, monkeypatch, capsys, precision, training, scoring
) -> None:
    from pydantic import TypeAdapter

    from baselines.neural.speed import Task, measure

    flags = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    assert flags == (False, True), "torch's defaults are others now"
    task = task_of(tmp_path, "lstm", True)
    measure(TypeAdapter(Task).validate_python(task))  # writes the weights
    folder = example(tmp_path / "its", NOTING)
    printed = driven("example", folder, {**task, "precision": precision}, monkeypatch, capsys)
    seen = {tuple(word == "True" for word in line.split()) for line in (folder / "model.py.seen").open()}
    assert seen == {(True, *training), (False, *scoring)}
    said = "bfloat16 by autocast" if training[0] else "float32"
    assert printed["train_arithmetic"].startswith(said)
    assert printed["score_arithmetic"] == "float32"  # TF32 means nothing to a CPU
    assert flags == (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32)


@pytest.mark.parametrize(
    ("precision", "training", "scoring"),
    [
        ("float32", "float32", "float32"),
        ("tf32", "tf32", "float32"),
        (None, "float32, tf32 in cuDNN", "float32, tf32 in cuDNN"),
    ],
)
def test_a_peer_says_what_it_computes_in_on_a_gpu(precision, training, scoring) -> None:
    from benchmark.peers.neural.drivers.arithmetic import Arithmetic

    arithmetic = Arithmetic(precision, torch.device("cuda"), "lstm")
    assert (arithmetic.said_of_training, arithmetic.said_of_scoring) == (training, scoring)


def test_clocks_are_read_once_the_gpu_has_finished(monkeypatch, tmp_path) -> None:
    from baselines.neural import speed
    from benchmark.peers.neural.drivers import driver, word_language_model

    happened: list[str] = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: happened.append(f"wait for {device}"))
    for module in (speed, driver):
        clock = SimpleNamespace(perf_counter=lambda: happened.append("clock") or 0.0)
        monkeypatch.setattr(module, "time", clock)
    ours = speed._Reports(torch.device("cuda:1"))
    ours.progress(10, 20, loss=1.0)
    monkeypatch.setitem(sys.modules, "model", SimpleNamespace(RNNModel=lambda *settings: None))
    its = word_language_model.WordLanguageModel({**task_of(tmp_path, "lstm", True), "device": "cuda:1"})
    monkeypatch.setattr(its, "evaluate", lambda source: 1.0)
    its.timed_evaluation(torch.zeros(20, 1))
    assert happened == ["wait for cuda:1", "clock"] * 4


@pytest.mark.skipif("NEXTWORD_WORD_LANGUAGE_MODEL" not in os.environ, reason="needs the real example")
@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
def test_the_real_example_computes_as_ours_does_in_each_arithmetic(
    tmp_path, monkeypatch, capsys, kind
) -> None:
    from pydantic import TypeAdapter

    from baselines.neural.speed import Task, measure

    task, folder = task_of(tmp_path, kind, True), Path(os.environ["NEXTWORD_WORD_LANGUAGE_MODEL"])
    for precision, tolerance in (("float32", 1e-5), ("bfloat16", 2e-2)):
        ours = measure(TypeAdapter(Task).validate_python({**task, "precision": precision}))
        its = driven("example", folder, {**task, "precision": precision}, monkeypatch, capsys)
        assert its["losses"] == pytest.approx(ours["losses"], rel=tolerance)
        assert ours["train_arithmetic"].startswith(precision)
        assert its["train_arithmetic"].startswith(precision)
        assert ours["score_arithmetic"] == its["score_arithmetic"] == "float32"


def test_a_checkout_with_other_parameters_is_refused(tmp_path, monkeypatch, capsys) -> None:
    from safetensors.numpy import save_file

    task = task_of(tmp_path, "lstm", True)
    save_file({"embedding": np.zeros((30, 6), np.float32)}, task["weights"])
    with pytest.raises(SystemExit, match="its parameters are others than ours: "):
        driven("example", example(tmp_path / "example"), task, monkeypatch, capsys)


def test_the_lean_program_says_in_one_line_what_is_wrong(tmp_path, capsys) -> None:
    from baselines.neural.__main__ import main as lean

    task = task_of(tmp_path, "lstm", True)
    np.save(tmp_path / "high.npy", np.array([1, 30]))
    wrong = [
        ({"layers": 0}, "layers: Input should be greater than or equal to 1"),
        ({"steps": 3}, "steps: Unexpected keyword argument"),
        ({"train": str(tmp_path / "none.npy")}, "cannot read ids from"),
        ({"train": str(tmp_path / "high.npy")}, "high.npy: give two or more ids, integers from 0 to 29"),
        ({"device": "abacus"}, "device=abacus cannot be used"),
    ]
    for change, says in wrong:
        (tmp_path / "task.json").write_text(json.dumps({**task, **change}))
        assert lean([str(tmp_path / "task.json")]) == 2
        assert says in capsys.readouterr().err
    assert lean([str(tmp_path / "nothing.json")]) == 2
    assert "cannot read" in capsys.readouterr().err


def test_ids_by_zipf_are_the_same_each_time_and_go_down_with_the_rank() -> None:
    one, again = texts.zipf(100, 20_000, 500), texts.zipf(100, 20_000, 500)
    assert one.recorded == again.recorded
    assert (len(one.train), len(one.evaluation)) == (20_001, 501)
    counts = np.bincount(one.train, minlength=100)
    assert counts[0] / counts[9] == pytest.approx((10 + texts.SHIFT) / (1 + texts.SHIFT), rel=0.15)
    assert one.train.max() == 99


def test_a_peer_is_missing_unfit_or_named_wrongly(tmp_path, monkeypatch) -> None:
    for checkout in (WORD_LANGUAGE_MODEL, AWD_LSTM):
        monkeypatch.delenv(checkout.variable.name, raising=False)
    assert "--word-language-model FOLDER" in (Peer(WORD_LANGUAGE_MODEL, None).missing or "")
    monkeypatch.setenv(AWD_LSTM.variable.name, str(awd(tmp_path / "awd")))
    found = Peer(AWD_LSTM, None)
    assert found.missing is None
    assert found.unfit(NeuralCase("rnn", "zipf", 30, 1)) == "it has no rnn"
    assert found.unfit(NeuralCase("gru", "zipf", 30, 1)) is None
    assert [one.file for one in found.files()] == ["model.py", "splitcross.py"]
    assert found.published("lstm", tmp_path, "cpu")[-1] == "--cuda"  # its way to say: no CUDA
    monkeypatch.setenv(AWD_LSTM.variable.name, str(tmp_path))
    with pytest.raises(UserError, match=r"\$NEXTWORD_AWD_LSTM: there is no model.py in"):
        Peer(AWD_LSTM, None)


@pytest.mark.parametrize(
    ("code", "curve", "failure"),
    [
        ("say(50); say(9); time.sleep(60)", [50.0, 9.0], None),
        ("say(50); say(30)", [50.0, 30.0], None),
        ("say(50); time.sleep(60)", [50.0], None),
        ("say(50); sys.exit('out of memory')", [50.0], "exit status 1: out of memory"),
    ],
    ids=["reached", "ended", "too slow", "failed"],
)
def test_a_program_is_watched_until_its_perplexity_is_low_enough(tmp_path, code, curve, failure) -> None:
    script = "import sys, time\ndef say(p): print(f'| valid ppl {p:8.2f}', flush=True)\n" + code
    program = WatchedProgram(
        [sys.executable, "-IS", "-c", script], tmp_path, PEERS_ANNOUNCE, dict(os.environ)
    )
    begun = time.perf_counter()
    seen = watch(program, perplexity=10.0, limit=2.0)
    assert time.perf_counter() - begun < 20
    assert [perplexity for _, perplexity in seen.curve] == curve
    assert seen.failure == failure


def test_announcements_are_read_with_their_separators() -> None:
    ours = OURS_ANNOUNCES.search("LSTM on ptb: after 929,589 tokens: validation perplexity 1,142.75")
    assert ours
    assert ours[1] == "1,142.75"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--word-language-model", "nowhere"], "--word-language-model: there is no folder nowhere"),
        (["--word-language-model", "."], "there is no model.py in .; its source is word_language_model"),
        (["--kinds", "lstm,mlp"], "--kinds=lstm,mlp: there is no 'mlp'; give some of lstm, rnn, gru"),
        (["--vocabulary", "1e4"], "--vocabulary=1e4 is not usable: '1e4' is not a number from 1"),
        (["--threads", "1,0"], "--threads=1,0 is not usable: '0' is not a number from 1"),
        (["--steps", "15"], "--steps=15 is not usable"),
        (["--embedding", "100"], "--embedding other than --hidden needs --untied"),
        (["--dropout", "1"], "--dropout=1 is not usable"),
        (["--rounds", "0"], "--rounds=0 is not usable"),
        (["--clip", "0"], "--clip=0 is not usable"),
        (["--precision", "int8"], "--precision=int8: there is no 'int8'; give some of float32, tf32"),
        (["--precision", "float32,tf32"], "--precision=tf32 is arithmetic of CUDA devices, not of cpu"),
        (["--to-perplexity", "100"], "need --corpus NAME"),
        (["--corpus", "ptb", "model.layers=1"], "which needs --to-perplexity"),
        (["--corpus", "pbt"], "there is no corpus 'pbt'. Did you mean 'ptb'?"),
        (["--work", "nowhere"], "--work: there is no folder nowhere"),
    ],
)
def test_what_a_user_gets_wrong_is_one_line(tmp_path, monkeypatch, capsys, arguments, says) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["peers", "neural", *arguments]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert len(said.strip().splitlines()) == 1


SMALL = ("--hidden", "6", "--batch", "2", "--unroll", "2", "--steps", "10", "--rounds", "1")


@pytest.mark.slow
def test_the_verb_measures_proves_and_goes_to_a_perplexity(nextword, tmp_path, text_corpus) -> None:
    folder = example(tmp_path / "its")
    corpus = ["--corpus", "files", *text_corpus[1:], "--evaluation-tokens", "60"]
    recipe = ["model.hidden_size=6", "model.embedding_size=6", "model.training.epochs=1"]
    goal = ["--to-perplexity", "1000", *recipe]
    done = nextword(
        "peers", "neural", "--word-language-model", str(folder), "--kinds", "lstm", *SMALL, *corpus, *goal
    )
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "results/peers").glob("files-*/neural.json")
    record = NeuralRecord.load(path)
    rows = {row.contestant: row for row in record.rows}
    assert [row.status for row in rows.values()] == ["ok", "ok", "skipped"], rows
    assert (rows["word_language_model"].difference_from_ours or 1) < 1e-5
    assert record.goal
    reached = {row.contestant: row.runs for row in record.goal.rows}
    assert (reached["ours"][0].seconds or 0) > 0, reached
    assert reached["ours"][0].curve[-1][1] < 100
    assert reached["word_language_model"][0].curve[0][1] == 150.0
    assert str(tmp_path) not in path.read_text()
    assert "awd-lstm-lm (lstm, files, " in done.stdout


#: What ours and the example may say that they trained in. Torch's autocast decides on recurrent layers.
AUTOCAST = {"bfloat16 by autocast", "bfloat16 by autocast, float16 in recurrent layers"}
ON_A_GPU = {
    "float32": {"float32"},
    "tf32": {"tf32"},
    "bfloat16": {"bfloat16"} | AUTOCAST,
    "float16": {"bfloat16 + float16"} | AUTOCAST,
    "auto": {"tf32", "float32, tf32 in cuDNN"},
}


@pytest.mark.gpu
def test_on_a_gpu_the_losses_are_the_same_too(nextword, tmp_path) -> None:
    folder = example(tmp_path / "its", EXAMPLE)
    options = ["--vocabulary", "50", "--evaluation-tokens", "50", "--device", "cuda"]
    options += ["--precision", "float32,tf32,bfloat16,float16,auto"]
    done = nextword("peers", "neural", "--word-language-model", str(folder), *SMALL, *options)
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "results/peers").glob("zipf-*/neural.json")
    record = NeuralRecord.load(path)
    cases = [case for case in record.rows if case.contestant in ("ours", "word_language_model")]
    assert {row.status for row in cases} == {"ok"}, cases
    for row in cases:
        for run in row.runs:
            assert run.train_arithmetic in ON_A_GPU[str(row.case.precision)]
            assert run.score_arithmetic == "float32" or row.case.precision == "auto"
            assert (run.peak_device_bytes or 0) > 0
    assert record.devices == {torch.cuda.get_device_name(0)}
