"""`nextword judge`: what it prints, keeps and refuses."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from judge_cases import MIRROR, needs_mirror, pairs_file, passages_file

from benchmark.cli import main
from benchmark.judge import judge as judging
from benchmark.judge.data import DataFile
from benchmark.judge.record import JUDGEMENTS
from benchmark.record.find import find_run
from benchmark.storage.files import write_json

PAIRS = {
    "dogs_1": ("binding", [("The cat sat on the mat", "The sat cat on the mat"), ("A dog lay", "A log lay")]),
    "dogs_2": ("s-selection", [("The horse sat", "The mouse sat"), ("The cat sat on", "The zebra sat on")]),
}
PASSAGES = ["the cat sat on the mat", "a cat saw a dog", "the dog sat on the stranger"]


@pytest.fixture
def corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small data in place of the published files."""
    folder = tmp_path / "corpora"
    data = {
        "blimp": pairs_file(folder / "blimp" / "pairs.zip", PAIRS),
        "lambada": passages_file(folder / "lambada" / "passages.txt", PASSAGES),
    }
    monkeypatch.setattr(judging, "TASKS", data)
    monkeypatch.setenv("NEXTWORD_CORPORA", str(folder))
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def run(nextword, tmp_path: Path, text_corpus: list[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a finished Kneser-Ney run."""
    done = nextword("run", "model=kneser_ney", "model.order=3", *text_corpus)
    assert done.returncode == 0, done.stderr
    monkeypatch.chdir(tmp_path)
    return find_run(Path("results"), "kneser_ney").folder.resolve()


def judgements(run: Path) -> Any:
    return json.loads((run / JUDGEMENTS).read_text(encoding="utf-8"))


def test_the_judgements_are_printed_and_kept(
    run: Path, corpora: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["judge", "kneser_ney"]) == 0
    said = capsys.readouterr().out
    assert "Modified Kneser-Ney 3-gram on files" in said
    assert "Argument structure" in said  # which s-selection is counted among
    assert "the last word of 3 passages, from the words before it in its sentence" in said
    kept = judgements(run)
    counts = {one["name"]: one for one in kept["blimp"]["sets"]}
    assert (counts["dogs_1"]["pairs"], counts["dogs_1"]["unknown"]) == (2, 0)
    assert (counts["dogs_2"]["unknown"], counts["dogs_2"]["identical"], counts["dogs_2"]["ties"]) == (2, 1, 1)
    assert (kept["lambada"]["passages"], kept["lambada"]["known"]) == (3, 2)
    assert kept["blimp"]["data"] == judging.TASKS["blimp"].sha256
    assert kept["started"] == find_run(Path("results"), "kneser_ney").result.started


def test_a_judged_run_is_judged_again_only_if_asked(
    run: Path, corpora: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["judge", "kneser_ney", "--only", "blimp"])
    first = judgements(run)
    assert first["lambada"] is None
    main(["judge", "kneser_ney"])  # what is missing is added
    both = judgements(run)
    assert both["blimp"] == first["blimp"]
    assert both["lambada"]["passages"] == 3
    written = (run / JUDGEMENTS).stat().st_mtime_ns
    capsys.readouterr()
    assert main(["judge", "kneser_ney"]) == 0
    assert "is judged already; --again judges it anew" in capsys.readouterr().out
    assert (run / JUDGEMENTS).stat().st_mtime_ns == written
    main(["judge", "kneser_ney", "--again"])
    assert (run / JUDGEMENTS).stat().st_mtime_ns > written
    # other data or a newer version make a judgement out of date
    monkeypatch.setattr(judging, "VERSION", 99)
    main(["judge", "kneser_ney"])
    assert judgements(run)["blimp"]["version"] == 99


def test_judgements_of_an_earlier_model_in_the_folder_do_not_count(
    run: Path, corpora: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["judge", "kneser_ney"])
    record = json.loads((run / "result.json").read_text())
    write_json(run / "result.json", {**record, "started": "2031-01-01T00:00:00+00:00"})
    capsys.readouterr()
    main(["judge", "kneser_ney"])
    assert "already" not in capsys.readouterr().out
    assert judgements(run)["started"] == "2031-01-01T00:00:00+00:00"


def test_several_runs_are_judged_in_turn(
    run: Path, corpora: Path, nextword, text_corpus: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    nextword("run", "model=unigram", *text_corpus)
    main(["judge", "kneser_ney", "files/unigram", "corpora_dir=" + str(corpora)])
    said = capsys.readouterr().out
    assert said.index("Kneser-Ney 3-gram on files") < said.index("Unigram on files")


def test_a_process_cut_off_midway_leaves_nothing(
    run: Path, corpora: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(run.rglob("*"))

    def cut_off(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(judging, "predict_last_words", cut_off)
    assert main(["judge", "kneser_ney"]) == 130
    assert sorted(run.rglob("*")) == before


@pytest.mark.parametrize("tokens", ["characters", "bytes", "bpe"])
def test_tokens_that_are_no_words_are_judged_by_pairs_alone(
    tokens: str,
    run: Path,
    corpora: Path,
    nextword,
    text_corpus: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    parts = [f"corpus.tokens={tokens}", "corpus.name=parts", "corpus.vocabulary.size=300"]
    done = nextword("run", "model=kneser_ney", *text_corpus, *parts)
    assert done.returncode == 0, done.stderr
    for _ in range(2):  # the second time it is known
        assert main(["judge", "parts/kneser_ney"]) == 0
        said = capsys.readouterr().out
        assert "LAMBADA is left out: it asks for words" in said
        assert "Binding" in said


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["judge", *arguments]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    return said[0]


def test_missing_data_are_one_line_with_the_way_to_get_them(
    run: Path, corpora: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    said = refused(capsys, "kneser_ney", "--corpora-dir", "empty")
    assert "blimp/pairs.zip is missing: looked for empty/blimp/pairs.zip and " in said
    assert "get it from https://example.org/data and put it there" in said


def test_damaged_data_are_one_line(run: Path, corpora: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (corpora / "lambada" / "passages.txt").write_text("the cat", encoding="utf-8")
    said = refused(capsys, "kneser_ney", "--only", "lambada")
    assert "passages.txt is not the expected file: its sha256 is" in said
    assert not (run / JUDGEMENTS).exists()


@pytest.mark.parametrize("content", ["not an archive", ""])
def test_an_archive_that_is_none_is_one_line(
    content: str,
    run: Path,
    corpora: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd = passages_file(corpora / "blimp" / "odd.zip", [content])
    monkeypatch.setattr(judging, "TASKS", {**judging.TASKS, "blimp": odd})
    assert "cannot be read as BLiMP's archive" in refused(capsys, "kneser_ney")


def test_damaged_judgements_are_one_line(
    run: Path, corpora: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / JUDGEMENTS).write_text('{"started": 3}', encoding="utf-8")
    assert "judgements.json" in (said := refused(capsys, "kneser_ney"))
    assert said.endswith("--again judges the run anew")
    assert main(["judge", "kneser_ney", "--again"]) == 0


def test_a_run_without_its_model_is_one_line(
    run: Path, corpora: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "checkpoint").rename(run / "elsewhere")
    assert "holds no trained model here; make it: " in refused(capsys, "kneser_ney")


#: A Kneser-Ney 3-gram on the newer State of the Union addresses: pairs right, tied, with unknown words,
#: identical, right and tied among those without; known last words, and their median rank.
GOLDEN_PAIRS = (28512, 8810, 64440, 8670, 1254, 30)
GOLDEN_LAST_WORDS = (1419, 1739.5)


@needs_mirror
@pytest.mark.slow
def test_golden_totals_on_the_real_data(nextword, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = nextword("run", "model=kneser_ney", "model.order=3", "corpus=sotu_small")
    assert done.returncode == 0, done.stderr
    monkeypatch.chdir(tmp_path)
    assert main(["judge", "sotu_small/kneser_ney", "--corpora-dir", str(MIRROR)]) == 0
    kept = judgements(find_run(Path("results"), "kneser_ney").folder)
    sets = kept["blimp"]["sets"]
    assert (len(sets), {one["pairs"] for one in sets}) == (67, {1000})
    assert len({one["phenomenon"] for one in sets}) == 12
    names = ("right", "ties", "unknown", "identical", "known_right", "known_ties")
    assert tuple(sum(one[name] for one in sets) for name in names) == GOLDEN_PAIRS
    assert kept["lambada"]["passages"] == 5153
    assert (kept["lambada"]["known"], kept["lambada"]["median_rank"]) == GOLDEN_LAST_WORDS


@needs_mirror
@pytest.mark.parametrize("task", ["blimp", "lambada"])
def test_the_published_files_are_those_named(task: str) -> None:
    file: DataFile = judging.TASKS[task]
    assert file.find(Path(str(MIRROR)), None, print).is_file()
