"""Searches as YAML files, and what the command line says of them: errors name the file and the key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.errors import UserError
from benchmark.search.search_file import load_search, without
from benchmark.search.space import overrides
from benchmark.search.study import Study
from benchmark.settings import choices
from benchmark.sweep.compose import collect

SOUND = "description: orders\nbase: model=kneser_ney\nspace: {model.order: {low: 2, high: 5}}\ntrials: 4\n"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Writes `conf/search/mine.yaml` of a configuration folder of the test's own."""
    (tmp_path / "search").mkdir()
    monkeypatch.setenv("NEXTWORD_CONFIG_DIR", str(tmp_path))

    def write(text: str) -> None:
        (tmp_path / "search" / "mine.yaml").write_text(text, encoding="utf-8")

    return write


@pytest.mark.parametrize("name", choices("search"))
def test_every_search_of_conf_proposes_runs_that_can_be_composed(name: str):
    settings = load_search(name, {})
    study = Study(settings)
    _, point = study.ask()
    (job,) = collect([*settings.base_overrides, *overrides(point)])
    for key, value in point.items():
        node = job.config
        for part in key.split("."):
            node = node[part]
        assert node == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SOUND + "trails: 5\n", r"mine\.yaml: trails: there is no such setting\. Did you mean 'trials'"),
        (SOUND.replace("trials: 4", ""), r"mine\.yaml: trials is missing"),
        (SOUND.replace("trials: 4", "trials: many"), r"mine\.yaml: trials='many' is not usable"),
        (SOUND.replace("trials: 4", "trials: 0"), r"mine\.yaml: trials=0 is not usable"),
        (SOUND + "sampler: tree\n", r"mine\.yaml: sampler='tree' is not usable: .*'tpe'"),
        (SOUND + "measure: test_perplexity\n", r"measure='test_perplexity' .*must not see the test text"),
        (SOUND.replace("low: 2, ", ""), r"mine\.yaml: space\.model\.order\.low is missing"),
        (
            SOUND.replace("low: 2", "low: 9"),
            r"space\.model\.order is not usable: low=9 must be below high=5",
        ),
        (SOUND.replace("low: 2", "low: 0, log: true"), r"space\.model\.order is not usable: log needs a low"),
        (SOUND.replace("low: 2", "log: 2, low: 2"), r"space\.model\.order\.log=2 is not usable"),
        (SOUND.replace("low: 2", "lo: 2"), r"space\.model\.order\.lo: there is no such setting\. Did you"),
        (SOUND.replace("{low: 2, high: 5}", "3"), r"space\.model\.order=3 is not usable: give {low"),
        (SOUND.replace("{low: 2, high: 5}", "{choices: []}"), r"space\.model\.order is not usable: choices"),
        (SOUND.replace("{model.order: {low: 2, high: 5}}", "{}"), r"mine\.yaml: space is empty"),
        (SOUND.replace("low: 2, high: 5", "low: 0.1, high: 0.5") + "sampler: grid\n", "a grid needs choices"),
        ("- a list", r"mine\.yaml: it holds a list, not keys with values"),
        ("space: {a: [", r"cannot read .*mine\.yaml"),
    ],
)
def test_a_file_that_cannot_be_is_refused_by_file_and_key(written, text: str, said: str):
    written(text)
    with pytest.raises(UserError, match=said) as refused:
        load_search("mine", {})
    assert "\n" not in str(refused.value)


def test_the_command_line_changes_the_search(written):
    written(SOUND)
    wider = {"low": 1, "high": 7}
    settings = load_search(
        "mine", {"trials": 9, "sampler": "random", "space.model.order": wider, "space.seed": wider}
    )
    assert (settings.trials, settings.sampler) == (9, "random")
    assert settings.space == {"model.order": wider, "seed": wider}
    with pytest.raises(UserError, match="trials=0 is not usable"):
        load_search("mine", {"trials": 0})
    with pytest.raises(UserError, match="there is no such setting"):
        load_search("mine", {"model": "lstm"})


def test_what_is_given_is_no_longer_varied(written):
    written(SOUND)
    settings = load_search("mine", {"space.seed": {"low": 1, "high": 3}})
    assert list(without(settings, ["seed"]).parameters) == ["model.order"]
    with pytest.raises(UserError, match=r"nothing is left to search: model\.order, seed"):
        without(settings, ["model.order", "seed"])
