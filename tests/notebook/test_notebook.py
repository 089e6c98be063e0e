"""`import nextword`: what a notebook gets is what the records, the models and the corpus hold."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import warm_processes
from matplotlib import pyplot

import nextword

WORDS = ["the cat sat on the mat", "the dog sat on the log", "a cat saw a dog", "the log lay on the mat"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of Kneser-Ney, and of maximum likelihood, which gives some targets probability 0."""
    folder = tmp_path_factory.mktemp("notebook")
    texts = {"train": WORDS * 20, "valid": WORDS * 3, "test": [*WORDS[::-1], "the dog saw a cow"] * 24}
    for split, lines in texts.items():
        (folder / f"{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    files = [f"corpus.{split}={folder / f'{split}.txt'}" for split in texts]
    environment = {**os.environ, "NEXTWORD_CACHE": str(folder / "cache")}
    for models in ("-m model=kneser_ney model.order=2,3", "model=maximum_likelihood model.order=3"):
        command = ["-m", "benchmark", "run", *models.split(), "corpus=files", *files]
        done = warm_processes.run(command, cwd=folder, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(autouse=True)
def _there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NEXTWORD_CACHE", str(folder / "cache"))
    with pyplot.ioff():
        yield
    pyplot.close("all")


def test_runs_are_what_the_records_say() -> None:
    frame = nextword.runs(settings=["order"])
    assert sorted(frame["order"]) == [2, 3, 3]
    for name, row in frame.iterrows():
        record = json.loads((Path(row["folder"]) / "result.json").read_text(encoding="utf-8"))
        assert record["run_id"] == name
        assert row["test_perplexity"] == float(record["test_perplexity"])
        assert row["bytes_in_memory"] == record["bytes_in_memory"]
    assert frame["test_perplexity"].is_monotonic_increasing
    assert frame["test_perplexity"].iloc[-1] == math.inf  # in the record, "inf"
    assert frame.attrs["units"]["train_seconds"] == "seconds"
    assert set(frame["family"]) == {"n-gram"}


def test_runs_are_selected() -> None:
    assert set(nextword.runs(model="kneser_ney")["model"]) == {"kneser_ney"}
    assert nextword.runs(corpus=["sotu", "ptb"]).empty
    assert list(nextword.runs("nowhere").columns) == list(nextword.runs().columns)
    assert (
        nextword.runs(settings="order")["order"].tolist()
        == nextword.runs(settings=["order"])["order"].tolist()
    )
    with pytest.raises(nextword.UserError, match=r"'odrer'.*order"):
        nextword.runs(settings=["odrer"])


def test_what_selects_no_runs_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(nextword.UserError, match=r'settings=5 is not usable: .* such as \["order"\]'):
        nextword.runs(settings=5)
    with pytest.raises(nextword.UserError, match="corpus=5 is not usable: give a list of names"):
        nextword.ranking(corpus=5)
    with pytest.raises(nextword.UserError, match="allow=5 is not usable"):
        nextword.load("files/kneser_ney", allow=5)
    file = tmp_path / "p1.py"
    file.touch()
    for read in (nextword.runs, nextword.ranking, nextword.plot.learning_curve):
        with pytest.raises(nextword.UserError, match=r"results_dir=.*p1\.py is not usable: it is a file"):
            read(file)
    with pytest.raises(nextword.UserError, match="it is a file"):
        nextword.load("files/kneser_ney", results_dir=file)


def test_the_ranking_has_intervals_and_ranges_of_ranks() -> None:
    frame = nextword.ranking()
    (infinite,) = frame.index[np.isinf(frame["test_perplexity"])]
    finite = frame.drop(infinite)
    assert (finite["perplexity_low"] <= finite["test_perplexity"]).all()
    assert (finite["test_perplexity"] <= finite["perplexity_high"]).all()
    assert (finite["rank_low"] <= finite["rank_high"]).all()
    assert frame["rank_low"].iloc[0] == 1
    assert sorted(run for some in frame["runs"] for run in some) == sorted(nextword.runs().index)


def test_scores_stand_beside_their_tokens() -> None:
    run = nextword.runs(model="kneser_ney").iloc[0]
    frame = nextword.scores(run.name)
    lines = [" ".join(some) for _, some in frame.groupby("line")["token"]]
    expected = [*WORDS[::-1], "the dog saw a <unk>"] * 24
    assert lines == [f"{line} </s>" for line in expected]
    assert math.exp(-frame["log_prob"].mean()) == pytest.approx(run["test_perplexity"])


def test_a_trained_model_scores_text_as_its_run_did() -> None:
    run = nextword.runs(model="kneser_ney").index[0]
    model = nextword.load(run)
    frame = model.score("\n".join([*WORDS[::-1], "the dog saw a cow"]))
    kept = nextword.scores(run).head(len(frame))
    assert frame["log_prob"].to_numpy() == pytest.approx(kept["log_prob"].to_numpy(), abs=1e-5)
    assert list(frame["token"][~frame["known"]]) == ["cow"]
    assert model.score(list(frame["token"]))["log_prob"].equals(frame["log_prob"])
    assert model.perplexity(WORDS[0]) == pytest.approx(math.exp(-model.score(WORDS[0])["log_prob"].mean()))
    assert list(model.score("the cat\u2028the dog\r\na cow\n")["token"]).count("</s>") == 2
    assert "Test perplexity" in model._repr_html_()
    with pytest.raises(nextword.UserError, match="empty"):
        model.perplexity([])


def test_a_trained_model_goes_on_from_a_text() -> None:
    model = nextword.load("files/kneser_ney")
    words = model.next_words("the cat", top=10_000)
    assert len(words) == len(model.vocabulary)
    assert words["probability"].sum() == pytest.approx(1, abs=1e-5)
    assert words["probability"].is_monotonic_decreasing
    scored = model.score(["the", "cat", words["token"][0]])["log_prob"].iloc[-1]
    assert math.exp(scored) == pytest.approx(words["probability"][0], rel=1e-4)
    assert model.generate("the cat", seed=3) == model.generate(["the", "cat"], seed=3)
    assert model.generate("the cat", temperature=0).startswith("the cat")


@pytest.mark.parametrize(
    ("method", "arguments", "said"),
    [
        ("next_words", {"top": -1}, "top=-1 is not usable: give a whole number from 0"),
        ("next_words", {"top": 1.5}, "top=1.5 is not usable"),
        ("generate", {"length": -1}, "length=-1 is not usable"),
        ("generate", {"top_k": -1}, "top_k=-1 is not usable"),
        ("generate", {"seed": -1}, "seed=-1 is not usable"),
        ("generate", {"seed": "1"}, "seed='1' is not usable"),
        ("generate", {"temperature": math.nan}, "temperature=nan is not usable: give a number from 0"),
        ("generate", {"temperature": "1"}, "temperature='1' is not usable"),
        ("generate", {"prompt": 5}, "the prompt is 5, which is no text"),
        ("next_words", {"context": ["the", 5]}, "the context has 5, which is no token"),
        ("score", {"text": 5}, "the text is 5, which is no text: give a string, or a list of tokens"),
        ("score", {"text": "<s> a"}, "'<s>' in the text, is reserved"),
        ("score", {"text": None}, "the text is None"),
        ("score", {"text": b"a"}, "the text is b'a'"),
        ("perplexity", {"text": [b"a"]}, "the text has b'a', which is no token"),
    ],
)
def test_what_a_trained_model_cannot_use_is_one_line(
    method: str, arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(nextword.UserError, match=re.escape(said)):
        getattr(nextword.load("files/kneser_ney"), method)(**arguments)


def test_numbers_of_numpy_are_numbers_to_a_trained_model() -> None:
    model = nextword.load("files/kneser_ney")
    assert len(model.next_words("the", top=np.int64(3))) == 3
    drawn = model.generate("the", length=np.int32(3), temperature=np.float32(0.5), seed=np.int64(1))
    assert drawn == model.generate("the", length=3, temperature=0.5, seed=1)


def test_a_comparison_is_that_of_the_scores() -> None:
    first, second = nextword.runs(model="kneser_ney").index
    found = nextword.compare(first, second, block=2)
    a, b = (nextword.scores(run)["log_prob"].astype(float) for run in (first, second))
    (pair,) = found.pairs.to_dict("records")
    assert pair["nats"] == pytest.approx(a.mean() - b.mean(), abs=1e-7)
    assert pair["nats_low"] <= pair["nats"] <= pair["nats_high"]
    shares = found.groups.groupby("criterion")["share"].sum()
    assert shares.to_numpy() == pytest.approx(pair["nats"], abs=1e-7)
    targets = found.targets(1)
    assert targets["difference"].abs().max() == pytest.approx((a - b).abs().max(), abs=1e-5)
    assert str(found) in repr(found)
    assert found.models["label"][0] in found._repr_html_()
    for most in (-3, 0, 1.5):
        with pytest.raises(
            nextword.UserError, match=f"most={most} is not usable: give a whole number from 1"
        ):
            found.targets(most)
    for block in (-1, 0, 2.5):
        with pytest.raises(nextword.UserError, match=f"block={block} is not usable: give a whole number"):
            nextword.compare(first, second, block=block)


def test_a_corpus_by_name_and_by_run() -> None:
    by_run = nextword.corpus("files/kneser_ney")
    assert by_run.vocabulary.decode(by_run.test.ids[:3]) == WORDS[-1].split()[:3]
    with pytest.raises(nextword.UserError, match="no run 'sotu_smal'"):
        nextword.corpus("sotu_smal")


def test_figures_show_the_rows() -> None:
    frame = nextword.ranking()
    drawn = nextword.plot.perplexities(frame)
    finite = frame[np.isfinite(frame["test_perplexity"])]
    assert [label.get_text() for label in drawn.get_yticklabels()] == list(finite.index)
    costs = nextword.plot.costs(nextword.runs(), "entries")
    points = [point for line in costs.lines for point in zip(*line.get_data(), strict=True)]
    for _, row in finite.iterrows():
        assert (row["entries"], row["test_perplexity"]) in points
    assert nextword.plot.costs(nextword.runs(), ax=costs) is costs
    assert nextword.plot.costs(frame, names=finite.index[0]).texts[0].get_text() == finite.index[0]
    first, second = nextword.runs(model="kneser_ney").index
    found = nextword.compare(first, second, block=2)
    groups = found.groups[found.groups["criterion"] == "place_in_line"]
    shown = nextword.plot.differences(found, "place_in_line")
    assert [label.get_text() for label in shown.get_yticklabels()] == list(groups["group"])


def test_a_figure_says_what_it_lacks() -> None:
    with pytest.raises(nextword.UserError, match=r"no measure 'bytes_in_memroy'.*bytes_in_memory"):
        nextword.plot.costs(nextword.runs(), "bytes_in_memroy")
    with pytest.raises(nextword.UserError, match=r"there is no row 'x' here"):
        nextword.plot.costs(nextword.ranking(), names="x")
    with pytest.raises(nextword.UserError, match="most=-1 is not usable"):
        nextword.plot.perplexities(nextword.ranking(), most=-1)
    with pytest.raises(nextword.UserError, match="no training curve"):
        nextword.plot.training("maximum_likelihood")
    with pytest.raises(nextword.UserError, match="several shares"):
        nextword.plot.learning_curve()
    with pytest.raises(nextword.UserError, match="finite"):
        nextword.plot.perplexities(nextword.runs(model="maximum_likelihood"))


def test_importing_it_loads_nothing_else() -> None:
    program = "import sys, nextword; print({'torch', 'pandas', 'benchmark'} & {*sys.modules})"
    environment = {**os.environ, "PYTHONPATH": str(Path(nextword.__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_every_name_is_there() -> None:
    for name in nextword.__all__:
        assert getattr(nextword, name).__doc__
    assert set(nextword.__all__) <= set(dir(nextword))
    with pytest.raises(AttributeError, match="no attribute 'run'"):
        nextword.run  # noqa: B018
