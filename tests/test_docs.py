"""What README and docs/ show works as it stands there, and what they list is what there is."""

from __future__ import annotations

import importlib
import json
import re
import shlex
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from benchmark.cli import HELP, VERBS, main
from benchmark.corpus.settings import corpus_settings
from benchmark.search.search_file import SearchSettings, load_search
from benchmark.settings import choices
from benchmark.sweep.compose import Collector

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = {page.name: page.read_text(encoding="utf-8") for page in PAGES if page.parent != ROOT}
README = (ROOT / "README.md").read_text(encoding="utf-8")

#: Reads each configuration file once for all commands.
COLLECTOR = Collector()

#: Options that say which runs are repeated, with the word that follows; the rest is composed.
NOT_COMPOSED = {"--rerun": 2, "--cfg": 2}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def shell_lines() -> list[str]:
    """Each command line of every page once, without variables before it and comments behind."""
    lines = {
        re.sub(r"^(\w+=\S+ )+", "", line.strip())
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"), "sh")
        for line in block.replace("\\\n", " ").splitlines()
    }
    return sorted({shlex.join(shlex.split(line, comments=True)) for line in lines if line})


COMMANDS = [shlex.split(line) for line in shell_lines() if line.startswith("nextword ")]
RUNS = [command[2:] for command in COMMANDS if command[1] == "run" and "+search" not in " ".join(command)]
SEARCHES = [command[2:] for command in COMMANDS if command[1] == "run" and "+search" in " ".join(command)]


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 200


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_holds_both_sides_of_a_merge(page: Path) -> None:
    assert not re.search(r"^(<{7}|={7}$|>{7})", page.read_text(encoding="utf-8"), re.MULTILINE)


def test_commands_are_found() -> None:
    assert len(RUNS) > 30
    assert len(SEARCHES) > 3
    assert {command[1] for command in COMMANDS} <= set(VERBS)


@pytest.fixture
def results_dir(tmp_path: Path) -> Path:
    """A results folder with the runs that some commands build upon."""
    small = [("sotu_small", model) for model in ("lstm", "smoothed_unigram", "my_model")]
    for corpus, model in [*small, ("brown", "goodman"), ("brown", "min_gru")]:
        run = tmp_path / "runs" / corpus / model / "0123456789ab"
        run.mkdir(parents=True)
        record = {"run_id": run.name, "status": "ok", "model": model, "corpus": corpus, "label": model}
        (run / "result.json").write_text(json.dumps(record), encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a reader's own, with the models and the sweep that the pages begin from."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, family in {"my_model": "count", "my_tagger": "tagger"}.items():
            assert main(["new", "model", name, "--family", family]) == 0
    (folder / "conf" / "sweep").mkdir()
    (sweep,) = [
        block for block in blocks(TEXT["sweeps.md"], "yaml") if block.startswith("description: my model")
    ]
    (folder / "conf" / "sweep" / "all.yaml").write_text(sweep, encoding="utf-8")
    return folder


@pytest.mark.parametrize("arguments", RUNS, ids=" ".join)
def test_runs_can_be_composed(
    arguments: list[str], results_dir: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_folder if "conf" in arguments else ROOT)
    assert COLLECTOR.jobs([*composed(arguments), f"results_dir={results_dir}"])


def composed(arguments: list[str]) -> list[str]:
    """What of a command line Hydra composes."""
    for option, length in NOT_COMPOSED.items():
        if option in arguments:
            place = arguments.index(option)
            arguments = arguments[:place] + arguments[place + length :]
    return arguments


@pytest.mark.parametrize("command", [c for c in COMMANDS if c[1] not in ("run", "check")], ids=" ".join)
def test_options_are_in_the_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    _, verb, *arguments = command
    nested = arguments[:1] if arguments[:1] in (["neural"], ["latency"]) else []
    with suppress(SystemExit):  # argparse's way
        importlib.import_module(f"benchmark.verbs.{verb}").main([*nested, "--help"])
    shown = capsys.readouterr().out + HELP
    assert [a for a in arguments if a.startswith("--") and a.partition("=")[0] not in shown] == []


@pytest.mark.parametrize("line", [line for line in shell_lines() if line.startswith("make ")])
def test_make_has_the_target(line: str) -> None:
    target = line.split()[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(
    "line", [line for line in shell_lines() if line.startswith("python ") and " -m " not in line]
)
def test_programs_exist(line: str) -> None:
    assert (ROOT / line.split()[1]).is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    assert [link for link in links if not leads_somewhere(page, link)] == []


def leads_somewhere(page: Path, link: str) -> bool:
    if link.startswith(("https://", "http://")):
        return True
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    return target.is_file() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_sweep_file_it_shows_is_one() -> None:
    shown = (OmegaConf.to_container(OmegaConf.create(b)) for b in blocks(TEXT["sweeps.md"], "yaml"))
    sweep, search, _ = shown  # the last is run as a file of the reader's own
    assert isinstance(sweep, dict)
    assert isinstance(search, dict)
    assert [len(COLLECTOR.jobs(["-m", *shlex.split(grid)])) for grid in sweep["grids"]] == [2, 3]
    assert SearchSettings.model_validate(search).trials == 16


@pytest.mark.parametrize("arguments", SEARCHES, ids=" ".join)
def test_searches_are_there(arguments: list[str]) -> None:
    given = dict(argument.lstrip("+").partition("=")[::2] for argument in arguments)
    own = {
        key.removeprefix("search."): yaml.safe_load(value)
        for key, value in given.items()
        if key.startswith("search.")
    }
    assert load_search(given["search"], own).parameters


def test_the_corpus_it_shows_is_one() -> None:
    shown, *_ = blocks(TEXT["adding-a-corpus.md"], "yaml")
    assert corpus_settings(OmegaConf.to_container(OmegaConf.create(shown))).name == "novels"


@pytest.mark.parametrize(
    ("group", "pages"),
    [
        ("model", ["counted-models.md", "neural-models.md", "tasks.md"]),
        ("train", ["neural-models.md"]),
        ("output", ["neural-models.md"]),
        ("size", ["neural-models.md"]),
        ("sweep", ["sweeps.md", "tasks.md"]),
        ("launcher", ["sweeps.md"]),
        ("search", ["sweeps.md"]),
        ("study", ["studies.md"]),
    ],
)
def test_every_choice_is_described(group: str, pages: list[str]) -> None:
    text = "".join(TEXT[page] for page in pages)
    named = {name for code in re.findall(r"`([^`\n]+)`", text) for name in re.split(r"[\s=/.,]+", code)}
    missing = {name for name in choices(group) if name not in named and f"={name} " not in text}
    assert missing - {name for name in missing if name.startswith("nltk_")} - {"lstm_small"} == set()


def test_a_configuration_makes_a_model() -> None:
    built: dict[str, Any] = {}
    exec(blocks(TEXT["python.md"], "python")[-1], built)
    assert built["model"].family == "count"


def test_every_section_of_the_report_is_described() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "benchmark" / "report").rglob("*.py")]
    titles = {title for text in sources for title in re.findall(r'[Ss]ection\(\s*"[^"]+",\s*"([^"]+)"', text)}
    assert len(titles) > 10
    assert {title for title in titles if title not in TEXT["report.md"]} == set()
