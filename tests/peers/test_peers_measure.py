"""The side-by-side measurement, with stand-ins and, where they are, the real programs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from stand_ins import OURS, PYTHON, program

from benchmark.errors import UserError
from benchmark.peers.growth import Plan
from benchmark.peers.measure import measure
from benchmark.peers.process import measured


def run(settings, tmp_path: Path, said: list[str] | None = None) -> dict:
    (tmp_path / "work").mkdir(exist_ok=True)
    path = measure(settings, tmp_path / "work", (said if said is not None else []).append)
    assert list((tmp_path / "work").glob("*/*")) == []  # nothing is left of the runs
    return json.loads(path.read_text())


def rows_of(record: dict) -> dict:
    return {(row["contestant"], row["order"]): row for row in record["rows"]}


def test_programs_take_turns_and_medians_and_ratios_are_recorded(settings, tmp_path) -> None:
    said: list[str] = []
    record = run(settings(orders=[2, 3], repeats=2), tmp_path, said)
    turns = [line.rsplit(": ", 1)[0] for line in said if line.startswith("order") and "run" in line]
    assert turns == [
        f"order {order}, run {repeat} of 2, {title}"
        for order in (2, 3)
        for repeat in (1, 2)
        for title in ("nextword", "KenLM", "MITLM")
    ]
    rows = rows_of(record)
    ours, kenlm, mitlm = (rows[name, 3] for name in ("ours", "kenlm", "mitlm"))
    assert [row["status"] for row in rows.values()] == ["ok"] * 6
    assert (ours["perplexity"], ours["perplexity_known"], ours["oov"]) == (12.0, 10.0, 2)
    assert (kenlm["perplexity"], kenlm["perplexity_known"], kenlm["oov"]) == (13.5, 10.0, 3)
    assert (mitlm["perplexity"], mitlm["perplexity_known"]) == (None, 10.0)
    assert ours["scored_per_second"] == 500 / 0.25
    runs = [run["seconds"] for run in kenlm["runs"]]
    assert len(runs) == 2
    assert kenlm["seconds"] == pytest.approx(sum(runs) / 2)
    assert kenlm["seconds_least"] == min(runs)
    assert kenlm["time_ratio"] == pytest.approx(ours["seconds"] / kenlm["seconds"])
    assert kenlm["memory_ratio"] == pytest.approx(ours["peak_bytes"] / kenlm["peak_bytes"])


def test_a_row_is_the_sum_of_its_stages_in_time_and_the_largest_in_memory(settings, tmp_path) -> None:
    kenlm = rows_of(run(settings(repeats=1), tmp_path))["kenlm", 3]
    (only,) = kenlm["runs"]
    stages = only["stages"]
    assert [stage["program"] for stage in stages] == ["lmplz", "build_binary", "query", "query", "query"]
    assert only["seconds"] == pytest.approx(sum(stage["seconds"] for stage in stages[:3]))
    assert stages[2]["seconds"] > 0.1 > stages[2]["cpu_seconds"]  # the stand-in sleeps so long
    assert only["peak_bytes"] == stages[0]["peak_bytes"] > 60_000_000 > stages[1]["peak_bytes"]
    seconds = stages[3]["seconds"] - stages[4]["seconds"]
    assert kenlm["scored_per_second"] == pytest.approx(1_020 / seconds)  # 60 words, to at least 1,000


def test_commands_are_recorded_without_the_folders_of_the_machine(settings, tmp_path) -> None:
    record = run(settings(memory="500M", repeats=1), tmp_path)
    rows = rows_of(record)
    files = "--train small.train.txt --test small.test.txt"
    assert rows["ours", 3]["commands"] == [f"ours --order 3 {files} --threads 1 --memory 500M"]
    assert rows["kenlm", 3]["commands"][:3] == [
        "lmplz -o 3 -S 500M -T ./ --discount_fallback --text small.train.txt --arpa model.arpa",
        "build_binary model.arpa model.bin",
        "query -v summary model.bin < small.test.txt",
    ]
    assert str(tmp_path) not in json.dumps(record)
    assert record["texts"]["train"]["words"] == 300
    assert {one["program"] for one in record["programs"]["kenlm"]} == {"lmplz", "build_binary", "query"}


def test_what_is_not_there_is_a_row_with_the_reason(settings, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []
    rows = rows_of(run(settings(kenlm=None, mitlm=None, repeats=1), tmp_path, said))
    assert rows["ours", 3]["status"] == "ok"
    assert rows["kenlm", 3]["status"] == rows["mitlm", 3]["status"] == "skipped"
    assert "not found: lmplz, build_binary, query" in rows["kenlm", 3]["reason"]
    assert "--mitlm FOLDER or $NEXTWORD_MITLM" in rows["mitlm", 3]["reason"]
    assert "MITLM at order 3: skipped: not found: estimate-ngram" in said[-2]


def test_programs_are_found_in_the_environment_beside_lmplz_and_on_the_path(
    settings, tmp_path, tools, monkeypatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    beside = run(settings(kenlm=None, mitlm=None, lmplz=tools / "lmplz", repeats=1), tmp_path)
    assert rows_of(beside)["kenlm", 3]["status"] == "ok"
    monkeypatch.setenv("NEXTWORD_MITLM", str(tools))
    assert rows_of(run(settings(kenlm=None, mitlm=None, repeats=1), tmp_path))["mitlm", 3]["status"] == "ok"
    monkeypatch.setenv("PATH", str(tools))
    assert rows_of(run(settings(kenlm=None, repeats=1), tmp_path))["kenlm", 3]["status"] == "ok"
    for wrong in ({"kenlm": tmp_path}, {"lmplz": tmp_path / "lmplz"}):
        with pytest.raises(UserError, match="there is no program"):
            run(settings(**wrong), tmp_path)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("echo it needs a bigram >&2; echo ERROR >&2; exit 3", "exit status 3: it needs a bigram"),
        ("kill -9 $$", "ended by SIGKILL: memory ran out, most likely"),
        ("echo nothing of use", "it printed no perplexity that could be read"),
    ],
)
def test_a_peer_that_fails_shows_its_last_words_and_sits_out(settings, tmp_path, tools, code, reason) -> None:
    program(tools / "estimate-ngram", code)
    said: list[str] = []
    row = rows_of(run(settings(repeats=3), tmp_path, said))["mitlm", 3]
    assert (row["status"], row["reason"]) == ("failed", f"estimate-ngram: {reason}")
    assert row["runs"] == []
    assert sum("MITLM: failed" in line for line in said) == 1


def test_another_perplexity_than_ours_is_pointed_out(settings, tmp_path, tools) -> None:
    program(tools / "ours", OURS.replace('"perplexity_known": 10.0', '"perplexity_known": 10.2'), PYTHON)
    said: list[str] = []
    run(settings(repeats=1), tmp_path, said)
    assert "order 3: KenLM has another perplexity on known words than ours has (by 2%)" in "".join(said)


def test_the_peak_of_a_program_is_not_that_of_the_process_that_measures(tmp_path) -> None:
    held = bytearray(b"x" * 150_000_000)
    spent = measured([sys.executable, "-IS", "-c", "print('small')"], tmp_path)
    assert spent.output == "small\n"
    assert 0 < spent.peak_bytes < len(held) / 3


def test_growth_is_measured_on_beginnings_of_the_text(settings, tmp_path) -> None:
    plan = Plan([0.0002, 0.0001, 0.1], [2, 3], None)
    record = run(settings(growth=plan), tmp_path)
    points = [(point["tokens"], point["order"], point["status"]) for point in record["points"]]
    assert points == [(100, 2, "ok"), (100, 3, "ok"), (200, 2, "ok"), (200, 3, "ok")]
    assert [point["runs"][0]["printed"]["tokens"] for point in record["points"]] == [75, 75, 150, 150]
    assert all(point["seconds"] > 0 and point["peak_bytes"] > 0 for point in record["points"])
    with pytest.raises(UserError, match=r"small.train.txt has 400 tokens.*smaller --millions"):
        run(settings(growth=Plan([1.0], [2], None)), tmp_path)


def test_growth_begins_no_point_beyond_its_budget(settings, tmp_path, tools) -> None:
    program(tools / "ours", f"import time; time.sleep(0.3)\n{OURS}", PYTHON)
    record = run(settings(growth=Plan([0.0001, 0.0002], [2], 0.6)), tmp_path)
    assert [point["status"] for point in record["points"]] == ["ok", "skipped"]
    assert record["points"][1]["reason"] == "beyond the budget of 0.6 s"


def test_a_second_measurement_of_a_day_is_kept_beside_the_first(settings, tmp_path) -> None:
    run(settings(repeats=1), tmp_path)
    run(settings(repeats=1), tmp_path)
    folders = sorted(path.parent.name for path in (tmp_path / "results/peers").glob("*/peers.json"))
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
        (["--orders", "3,0"], "--orders=3,0 is not usable: '0' is no number from 1"),
        (["--repeats", "0"], "whole numbers from 1"),
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
    (path,) = (tmp_path / "results/peers").glob("files-*/peers.json")
    record = json.loads(path.read_text())
    assert record["texts"]["train"]["words"] == 1380
    assert record["command"].startswith("nextword peers --corpus files corpus.train=train.txt ")
    assert str(tmp_path) not in record["command"]


@pytest.mark.skipif("NEXTWORD_LMPLZ" not in os.environ, reason="NEXTWORD_LMPLZ does not name KenLM's lmplz")
def test_the_real_programs_agree_with_ours(settings, tmp_path, texts) -> None:
    words = ["the", "cat", "dog", "mat", "log", "sat", "on", "saw", "a"]
    lines = [" ".join(words[(i * i * k + i) % 9] for i in range(3 + k % 5)) for k in range(400)]
    texts[0].write_text("\n".join(lines) + "\n")
    texts[1].write_text("\n".join(["the bird sat", *lines[::7]]) + "\n")
    ours = [sys.executable, "-m", "baselines.ngram"]
    real = settings(
        kenlm=None, mitlm=None, lmplz=Path(os.environ["NEXTWORD_LMPLZ"]), ours=ours, repeats=1, orders=[2, 3]
    )
    rows = rows_of(run(real, tmp_path))
    for order in (2, 3):
        kenlm, own = rows["kenlm", order], rows["ours", order]
        assert (kenlm["status"], own["status"]) == ("ok", "ok"), (kenlm["reason"], own["reason"])
        assert kenlm["oov"] == own["oov"] == 1
        assert own["perplexity_known"] == pytest.approx(kenlm["perplexity_known"], rel=1e-4)
