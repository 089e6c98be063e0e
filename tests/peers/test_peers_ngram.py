"""The side-by-side measurement, with stand-ins and, where they are, the real programs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from ngram_stand_ins import OURS, PROGRAMS, PYTHON, program

from benchmark.errors import UserError
from benchmark.peers.ngram.growth import GrowthPlan
from benchmark.peers.ngram.measure import measure
from benchmark.peers.ngram.record import NgramRecord
from benchmark.peers.ngram.table import NgramPresentation
from benchmark.peers.process import run_measured
from benchmark.peers.record import Row
from benchmark.peers.table import Pair


def run(plan, tmp_path: Path, said: list[str] | None = None) -> NgramRecord:
    (tmp_path / "work").mkdir(exist_ok=True)
    path = measure(plan, tmp_path / "work", (said if said is not None else []).append)
    assert list((tmp_path / "work").iterdir()) == []  # nothing is left of the runs
    assert str(tmp_path) not in path.read_text(encoding="utf-8")
    return NgramRecord.load(path)


def rows_of(record: NgramRecord) -> dict[tuple[str, int], Row]:
    return {(row.contestant, row.case.order): row for row in record.rows}


def test_programs_take_turns_and_medians_and_ratios_are_recorded(plan, tmp_path) -> None:
    said: list[str] = []
    record = run(plan(orders=[2, 3], rounds=2), tmp_path, said)
    assert [line.rsplit(": ", 1)[0] for line in said] == [
        f"order {order}, 400 tokens, round {number} of 2, {title}"
        for order in (2, 3)
        for number in (1, 2)
        for title in ("nextword", "KenLM", "MITLM")
    ]
    rows = rows_of(record)
    ours, kenlm, mitlm = (rows[name, 3] for name in ("ours", "kenlm", "mitlm"))
    assert [row.status for row in rows.values()] == ["ok"] * 6
    printed = ("perplexity", "perplexity_known", "oov")
    assert [ours.median(name) for name in printed] == [12.0, 10.0, 2]
    assert [kenlm.median(name) for name in printed] == [13.5, 10.0, 3]
    assert [mitlm.median(name) for name in printed] == [None, 10.0, None]
    assert ours.median("scored_per_second") == 500 / 0.25
    seconds = [run.seconds for run in kenlm.runs]
    assert len(seconds) == 2
    assert kenlm.median("seconds") == pytest.approx(sum(seconds) / 2)
    pair = Pair(record, ours, kenlm)
    for name in ("seconds", "peak_bytes"):
        assert pair.ratio(name) == pytest.approx(ours.median(name) / kenlm.median(name))
    assert Pair(record, ours, mitlm).ratio("perplexity") is None


def test_a_row_is_the_sum_of_its_stages_in_time_and_the_largest_in_memory(plan, tmp_path) -> None:
    kenlm = rows_of(run(plan(rounds=1), tmp_path))["kenlm", 3]
    (only,) = kenlm.runs
    stages = only.stages
    assert [stage.program for stage in stages] == ["lmplz", "build_binary", "query", "query", "query"]
    assert only.seconds == pytest.approx(sum(stage.seconds for stage in stages[:3]))
    assert stages[2].seconds > 0.1 > stages[2].cpu_seconds  # the stand-in sleeps so long
    assert only.peak_bytes == stages[0].peak_bytes > 60_000_000 > stages[1].peak_bytes
    seconds = stages[3].seconds - stages[4].seconds
    assert only.scored_per_second == pytest.approx(1_020 / seconds)  # 60 words, to at least 1,000


def test_commands_are_recorded_without_the_folders_of_the_machine(plan, tmp_path) -> None:
    record = run(plan(memory="500M", rounds=1), tmp_path)
    rows = rows_of(record)
    files = "--train small.train.txt --test small.test.txt"
    assert rows["ours", 3].commands == [f"ours --order 3 {files} --threads 1 --memory 500M"]
    assert rows["kenlm", 3].commands[:3] == [
        "lmplz -o 3 -S 500M -T ./ --discount_fallback --text small.train.txt --arpa model.arpa",
        "build_binary model.arpa model.bin",
        "query -v summary model.bin < small.test.txt",
    ]
    assert record.train.words == 300
    assert {program.file for program in record.programs["kenlm"]} == {"lmplz", "build_binary", "query"}


def test_our_python_has_its_bytecode_in_every_run_that_counts(plan, tmp_path, tools, monkeypatch) -> None:
    code = """
import importlib.util, os, sys
path = importlib.util.cache_from_source(os.path.join(sys.path[0], "our_module.py"))
found = os.path.exists(path)
import our_module
"""
    (tools / "our_module.py").write_text("")
    program(tools / "ours", code + OURS.replace('"oov"', '"found": found, "oov"'), f"#!{sys.executable}\n")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    rows = rows_of(run(plan(rounds=2), tmp_path))
    assert [(run.printed or {})["found"] for run in rows["ours", 3].runs] == [True, True]
    assert not (tools / "__pycache__").exists()


def test_every_program_runs_once_before_those_that_count(plan, tmp_path, tools) -> None:
    started = tmp_path / "started.txt"
    for name, code in PROGRAMS.items():
        program(tools / name, f'echo "{name} $*" >> {started}\n{code}')
    record = run(plan(rounds=2), tmp_path)
    lines = started.read_text().splitlines()
    assert [line.split()[0] for line in lines[:6]] == [
        "lmplz",
        "build_binary",
        *["query"] * 3,
        "estimate-ngram",
    ]
    assert sum("small.train.txt" in line for line in lines[:6]) == 0  # a short text will do
    assert len(lines) == 6 * 3
    assert [len(row.runs) for row in record.rows] == [2, 2, 2]


def test_what_is_not_there_is_a_row_with_the_reason(plan, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []
    record = run(plan(kenlm=None, mitlm=None, rounds=1), tmp_path, said)
    rows = rows_of(record)
    assert rows["ours", 3].status == "ok"
    assert rows["kenlm", 3].status == rows["mitlm", 3].status == "skipped"
    assert "not found: lmplz, build_binary, query; its source is github.com/kpu/kenlm" in (
        rows["kenlm", 3].reason or ""
    )
    assert "--mitlm FOLDER or $NEXTWORD_MITLM" in (rows["mitlm", 3].reason or "")
    assert any("MITLM: skipped: not found: estimate-ngram" in line for line in said)
    shown = NgramPresentation().plain(record)
    assert "MITLM (order 3, 400 tokens): skipped: not found: estimate-ngram" in shown


def test_programs_are_found_in_the_environment_beside_lmplz_and_on_the_path(
    plan, tmp_path, tools, monkeypatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    beside = run(plan(kenlm=None, mitlm=None, lmplz=tools / "lmplz", rounds=1), tmp_path)
    assert rows_of(beside)["kenlm", 3].status == "ok"
    monkeypatch.setenv("NEXTWORD_MITLM", str(tools))
    assert rows_of(run(plan(kenlm=None, mitlm=None, rounds=1), tmp_path))["mitlm", 3].status == "ok"
    monkeypatch.setenv("PATH", str(tools))
    assert rows_of(run(plan(kenlm=None, rounds=1), tmp_path))["kenlm", 3].status == "ok"
    for wrong in ({"kenlm": tmp_path}, {"lmplz": tmp_path / "lmplz"}):
        with pytest.raises(UserError, match="there is no program"):
            run(plan(**wrong), tmp_path)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("echo it needs a bigram >&2; echo ERROR >&2; exit 3", "exit status 3: it needs a bigram"),
        ("kill -9 $$", "ended by SIGKILL: memory ran out, most likely"),
        ("echo nothing of use", "it printed no perplexity that could be read"),
    ],
)
def test_a_peer_that_fails_shows_its_last_words_and_sits_out(plan, tmp_path, tools, code, reason) -> None:
    program(tools / "estimate-ngram", code)
    said: list[str] = []
    row = rows_of(run(plan(rounds=3), tmp_path, said))["mitlm", 3]
    assert (row.status, row.reason) == ("failed", f"estimate-ngram: {reason}")
    assert row.runs == []
    assert sum("MITLM: failed" in line for line in said) == 1


def test_another_perplexity_than_ours_is_pointed_out(plan, tmp_path, tools) -> None:
    program(tools / "ours", OURS.replace('"perplexity_known": 10.0', '"perplexity_known": 10.2'), PYTHON)
    shown = NgramPresentation().plain(run(plan(rounds=1), tmp_path))
    assert "order 3: KenLM's perplexity on known words differs from ours by 2%" in shown


def test_the_peak_of_a_program_is_not_that_of_the_process_that_measures(tmp_path) -> None:
    held = bytearray(b"x" * 150_000_000)
    used = run_measured([sys.executable, "-IS", "-c", "print('small')"], tmp_path)
    assert used.output == "small\n"
    assert 0 < used.peak_bytes < len(held) / 3


def test_growth_is_measured_on_beginnings_of_the_text(plan, tmp_path) -> None:
    growth = GrowthPlan([0.0002, 0.0001, 0.1], None)
    record = run(plan(growth=growth, orders=[2, 3]), tmp_path)
    points = [(row.case.tokens, row.case.order, row.status) for row in record.rows]
    assert points == [(100, 2, "ok"), (100, 3, "ok"), (200, 2, "ok"), (200, 3, "ok")]
    runs = [run for row in record.rows for run in row.runs]
    assert [(run.printed or {})["tokens"] for run in runs] == [75, 75, 150, 150]
    assert all(run.seconds > 0 and run.peak_bytes > 0 for run in runs)
    with pytest.raises(UserError, match=r"small.train.txt has 400 tokens.*smaller --millions"):
        run(plan(growth=GrowthPlan([1.0], None), orders=[2]), tmp_path)


def test_growth_begins_no_point_beyond_its_budget(plan, tmp_path, tools) -> None:
    program(tools / "ours", f"import time; time.sleep(0.3)\n{OURS}", PYTHON)
    record = run(plan(growth=GrowthPlan([0.0001, 0.0002], 0.6), orders=[2]), tmp_path)
    assert [row.status for row in record.rows] == ["ok", "skipped"]
    assert record.rows[1].reason == "beyond the budget of 0.6 s"


def test_a_second_measurement_of_a_day_is_kept_beside_the_first(plan, tmp_path) -> None:
    run(plan(rounds=1), tmp_path)
    run(plan(rounds=1), tmp_path)
    folders = sorted(path.parent.name for path in (tmp_path / "results/peers").glob("*/ngram.json"))
    assert len(folders) == 2
    assert folders[1] == f"{folders[0]}-2"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--train", "none.txt", "--test", "none.txt"], "--train: cannot read none.txt: No such file"),
        (["--train", "empty.txt", "--test", "empty.txt"], "--train: empty.txt holds no word"),
        (["--train", "some.txt"], "--train and --test go together"),
        (["--train", "some.txt", "--test", "some.txt"], "both called some.txt"),
        (["--train", "some.txt", "--test", "some.txt", "--corpus", "ptb"], "give either"),
        (["--corpus", "pbt"], "there is no corpus 'pbt'. Did you mean 'ptb'?"),
        (["--orders", "3,0"], "--orders=3,0 is not usable: '0' is not a number from 1"),
        (["--repeats", "0"], "--repeats=0 is not usable: give a whole number from 1"),
        (["--memory", "lots"], "--memory=lots is not usable"),
        (["--work", "nowhere"], "--work: there is no folder nowhere"),
        (["--train", "some.txt", "--test", "other.txt", "--ours", "no-such"], "cannot start no-such: "),
    ],
)
def test_what_a_user_gets_wrong_is_one_line(nextword, tmp_path, arguments, says) -> None:
    for name, content in {"empty": " \n", "some": "a b\n", "other": "b a\n"}.items():
        (tmp_path / f"{name}.txt").write_text(content)
    done = nextword("peers", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_verb_makes_texts_from_a_corpus(nextword, tmp_path, tools, text_corpus) -> None:
    folders = ["--kenlm", str(tools), "--mitlm", str(tools), "--ours", str(tools / "ours")]
    corpus = ["--corpus", "files", *text_corpus[1:]]
    done = nextword("peers", *corpus, *folders, "--orders", "2", "--repeats", "1")
    assert done.returncode == 0, done.stderr
    assert "files: 1,380 training words, 69 test words" in done.stdout
    (path,) = (tmp_path / "results/peers").glob("files-*/ngram.json")
    record = NgramRecord.load(path)
    assert record.train.words == 1380
    assert record.command.startswith("nextword peers --corpus files corpus.train=train.txt ")
    assert str(tmp_path) not in record.command


@pytest.mark.skipif("NEXTWORD_LMPLZ" not in os.environ, reason="NEXTWORD_LMPLZ does not name KenLM's lmplz")
def test_the_real_programs_agree_with_ours(plan, tmp_path, texts) -> None:
    words = ["the", "cat", "dog", "mat", "log", "sat", "on", "saw", "a"]
    lines = [" ".join(words[(i * i * k + i) % 9] for i in range(3 + k % 5)) for k in range(400)]
    texts[0].write_text("\n".join(lines) + "\n")
    texts[1].write_text("\n".join(["the bird sat", *lines[::7]]) + "\n")
    ours = [sys.executable, "-m", "baselines.ngram"]
    real = plan(
        kenlm=None, mitlm=None, lmplz=Path(os.environ["NEXTWORD_LMPLZ"]), ours=ours, rounds=1, orders=[2, 3]
    )
    rows = rows_of(run(real, tmp_path))
    for order in (2, 3):
        kenlm, own = rows["kenlm", order], rows["ours", order]
        assert (kenlm.status, own.status) == ("ok", "ok"), (kenlm.reason, own.reason)
        assert kenlm.median("oov") == own.median("oov") == 1
        known = "perplexity_known"
        assert own.median(known) == pytest.approx(kenlm.median(known), rel=1e-4)
