"""`nextword study`: runs, numbers that are kept, the page, and bad input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.settings import choices
from benchmark.study.claim import read_claim
from benchmark.sweep.compose import Collector

#: Reads each configuration file once for all studies.
COLLECTOR = Collector()

MODULE = '''
"""How often the word `cat` stands in the test text."""
from benchmark.study.charts import Axes, Curve, line_figure
from benchmark.study.quantities import counted

VERSION = 1

def measure(evidence):
    print("measured")
    orders = [run.setting("model.order") for run in evidence.runs]
    values = [run.result.test_perplexity for run in evidence.runs]
    text = evidence.corpus(evidence.runs[0]).test
    cats = int((text.ids == text.vocabulary.ids["cat"]).sum())
    return {"points": list(zip(orders, values)), "cats": cats, "nothing": float("inf")}

def quantities(data):
    assert data["nothing"] == float("inf")
    return {"cats": counted(data["cats"]), "order_2": counted(data["points"][1][1])}

def show(data):
    curve = Curve.of("Kneser-Ney", "count", data["points"])
    axes = Axes("order", "perplexity")
    return [line_figure("mine_orders", "By order", "Perplexity by order.", [curve], axes)]
'''

STUDY = """
title: Cats
claim: There are cats.
source: this test
design: They are counted.
change: Dogs.
module: mine_cats
rules:
  - {says: There is a cat., quantity: cats, above: 0}
scales:
  quick:
    runs: ["model=kneser_ney model.order=1,2"]
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own with a study, to which the tests go."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "mine.yaml").write_text(STUDY)
    (tmp_path / "mine_cats.py").write_text(MODULE)
    yield tmp_path
    sys.modules.pop("mine_cats", None)


def test_a_study_is_run_measured_once_and_shown(own, text_corpus, warm_workers, capsys) -> None:
    command = ["study", "mine", *text_corpus, "launcher=processes", f"--config-dir={own}"]
    assert main(command) == 0
    first = capsys.readouterr().out
    assert "measured" in first
    assert "mine: holds" in first
    place = own / "results" / "studies" / "quick"
    page = (place / "report" / "index.html").read_text()
    assert "There are cats." in page
    assert "Verdict: <strong>holds</strong>" in page
    assert (place / "report" / "figures" / "mine_orders.csv").read_text().count("Kneser-Ney") == 2
    assert json.loads((place / "measured" / "mine.json").read_text())["data"]["cats"] == 6

    assert main(command) == 0
    assert "measured" not in capsys.readouterr().out

    rule = (own / "study" / "mine.yaml").read_text().replace("above: 0", "above: 100")
    (own / "study" / "mine.yaml").write_text(rule)
    assert main(command) == 0
    again = capsys.readouterr().out
    assert "measured" not in again  # the numbers are those kept; only the rule is new
    assert "mine: does not hold here" in again


def nowhere(own: Path) -> list[str]:
    """A corpus whose files are not there."""
    return ["corpus=files", *(f"corpus.{split}={own}/no/{split}.txt" for split in ("train", "valid", "test"))]


def test_a_study_without_its_corpus_is_skipped_with_the_reason(own, capsys) -> None:
    study = own / "study" / "mine.yaml"
    study.write_text(
        study.read_text().replace("model=kneser_ney", " ".join(["model=kneser_ney", *nowhere(own)]))
    )
    assert main(["study", "mine", "workers=1", f"--config-dir={own}"]) == 0
    shown = capsys.readouterr().out
    assert "mine: skipped: error: " in shown
    assert "train.txt" in shown
    assert "Skipped" in (own / "results" / "studies" / "quick" / "report" / "index.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (nowhere, "train.txt"),
        (lambda own: ["corpus=treebank"], "treebank"),
        (lambda own: ["model.order=0"], "model.order=0 is not usable"),
    ],
)
def test_a_study_whose_runs_the_command_line_makes_impossible_has_failed(
    own, text_corpus, warm_workers, capsys, arguments, said
) -> None:
    more = arguments(own)
    corpus = [] if more[0].startswith("corpus") else text_corpus
    assert main(["study", "mine", *more, *corpus, "launcher=processes", f"--config-dir={own}"]) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("mine: ")]
    assert line.startswith("mine: failed: ")
    assert said in line
    assert "Failed" in (own / "results" / "studies" / "quick" / "report" / "index.html").read_text()


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        ({}, ["nothing"], "there is no study 'nothing'"),
        ({}, [], "name a study, or all"),
        ({}, ["mine", "scale=huge"], "mine has no scale 'huge'"),
        ({}, ["mine", "results_dir="], "results_dir= is empty"),
        ({}, ["mine", "model=lstm"], "leave model=lstm out"),
        ({}, ["mine", "model.nonsense=1"], "nonsense"),
        ({"above: 0": ""}, ["mine"], "rule 1: a rule needs a bound"),
        ({"above: 0": "abov: 0"}, ["mine"], "rule 1 has no 'abov'. Did you mean 'above'"),
        ({"above: 0": "above: high"}, ["mine"], "rule 1, above: "),
        ({"rules:": "laws:"}, ["mine"], "rules"),
        ({"above: 0": "above: true"}, ["mine"], "rule 1, above: "),
        ({"model=kneser_ney": "model=keyser_soze"}, ["mine"], "keyser_soze"),
        ({"model=kneser_ney": "model='kneser_ney"}, ["mine"], "a line of `runs` is not usable"),
    ],
)
def test_bad_input_is_one_line(own, capsys, change, arguments, said) -> None:
    path = own / "study" / "mine.yaml"
    for old, new in change.items():
        path.write_text(path.read_text().replace(old, new))
    assert main(["study", *arguments, f"--config-dir={own}"]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("nextword: ")]
    assert len(errors) == 1
    assert said in errors[0]


@pytest.mark.parametrize("name", choices("study"))
def test_every_study_is_complete_and_names_runs_that_exist(name: str) -> None:
    from benchmark.study.conduct import jobs_of

    claim = read_claim(name)
    module = claim.load()
    assert isinstance(module.VERSION, int)
    assert set(claim.scales) == {"quick", "full"}
    for scale in claim.scales:
        for job in jobs_of(claim, scale, [], COLLECTOR):
            assert job.config["model"]["name"]


def add_study(
    own: Path, name: str, change: tuple[str, str] = ("", ""), rule: tuple[str, str] = ("", "")
) -> None:
    """Another study beside `mine`, whose module and file differ from those of `mine` in one place."""
    (own / f"{name}_cats.py").write_text(MODULE.replace(*change) if change[0] else MODULE)
    study = STUDY.replace("mine_cats", f"{name}_cats")
    (own / "study" / f"{name}.yaml").write_text(study.replace(*rule) if rule[0] else study)


@pytest.mark.parametrize(
    ("change", "rule", "said"),
    [
        (
            ('data["cats"]', 'data["dogs"]'),
            ("", ""),
            "its module went wrong: KeyError: 'dogs' (other_cats.py:",
        ),
        (("VERSION = 1", "1 / 0"), ("", ""), "its module cannot be loaded: ZeroDivisionError"),
        (('counted(data["cats"])', "3.0"), ("", ""), "rule 1: 'cats' is 3.0, and no Quantity"),
        (
            ("return [line_figure", "return ['figure'] or [line_figure"),
            ("", ""),
            "`show` gives str, which is no",
        ),
        (("", ""), ("other_cats", "nowhere_at_all"), "study other: there is no module 'nowhere_at_all'"),
        (
            ("", ""),
            ("quantity: cats", "quantity: dogs"),
            "rule 1: there is no quantity 'dogs'; there are cats,",
        ),
    ],
)
def test_a_study_that_goes_wrong_leaves_the_others_their_page(
    own, text_corpus, warm_workers, capsys, change, rule, said
) -> None:
    add_study(own, "other", change, rule)
    command = ["study", "other", "mine", *text_corpus, "launcher=processes", f"--config-dir={own}"]
    try:
        assert main(command) == 1
    finally:
        sys.modules.pop("other_cats", None)
    shown = capsys.readouterr().out
    assert f"other: failed: {said}" in shown
    assert "mine: holds" in shown
    page = (own / "results" / "studies" / "quick" / "report" / "report.md").read_text()
    assert "Verdict: **holds**" in page
    assert "Failed:" in page


def test_the_page_repeats_the_settings_of_the_command_line(own, text_corpus, warm_workers) -> None:
    given = [*text_corpus, "model.context=stream"]
    assert main(["study", "mine", *given, "launcher=processes", "workers=1", f"--config-dir={own}"]) == 0
    page = (own / "results" / "studies" / "quick" / "report" / "index.html").read_text()
    (line,) = [line for line in page.splitlines() if "Repeat it: nextword study mine scale=quick" in line]
    for setting in ("model.context=stream", "--config-dir=", "corpus=files"):
        assert setting in line
    for setting in ("workers", "launcher", "footprint"):
        assert setting not in line
