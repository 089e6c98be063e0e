"""A results folder from elsewhere runs none of its code and writes nothing outside of itself.

Every attempt would leave a file called MARKER. The code that it names can be imported: the results folder is
on Python's path.
"""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import nextword
from benchmark import trust
from benchmark.checkpoint import load_trained
from benchmark.cli import main
from benchmark.errors import UserError
from benchmark.record.folder import RunRecord, read_result
from benchmark.run import execute
from benchmark.sweep.compose import collect
from benchmark.sweep.rerun import jobs_to_rerun

MARKER = "MARKER"
EVIL = f'''
from pathlib import Path
from baselines.ngram.smoothing.unigram import Unigram
Path(__file__).with_name("{MARKER}").touch()
class Evil(Unigram):
    pass
def call(*arguments, **settings):
    raise AssertionError
'''
UNIGRAM = "baselines.ngram.smoothing.unigram.Unigram"

#: The text as it stands, without NLTK.
PLAIN = ["corpus.tokens=whitespace"]

TARGETS: list[Any] = [
    "evil.Evil",
    "evil.call",
    "evil.inner.Evil",
    "os.system",
    "subprocess.Popen",
    "builtins.eval",
    "benchmark.storage.files.write_text",
    "benchmark.contract.LanguageModel",
    "baselines.saving.named_class",
    "baselines.saving.LanguageModel",
    "baselines.ngram.model.BackoffModel",
    "baselines.ngram.external.kenlm.subprocess.run",
    "baselines.ngram.external.lmplz.subprocess",
    "baselines.os.system",
    "baselines..evil.Evil",
    "baselines/../evil.Evil",
    ".evil.Evil",
    "evil",
    "",
    "${oc.env:HOME}",
    ["evil.Evil"],
    {"_target_": "evil.Evil"},
    None,
    7,
]

COMMANDS = """
nextword run model=unigram model._target_=evil.Evil
nextword run model=unigram +model._target_=evil.Evil
nextword run model=unigram ++model._target_=evil.Evil
nextword run model=mixture +model.components.a._target_=evil.Evil
nextword run 'model={_target_: evil.Evil, name: unigram}'
nextword run 'model.training={_target_: evil.Evil}'
nextword run '+model.components=[{_target_: evil.Evil}]'
nextword run model=../../evil
nextword run model=RESULTS/conf/model/evil
nextword run model=mixture +model@model.components.a=../../evil
nextword run model=lstm train@model.training=../../evil
nextword run +evil@model=evil
nextword run model@_global_=evil
nextword run model=unigram launcher=submitit
nextword run model=unigram launcher._target_=evil.Evil
nextword run model=unigram 'launcher.setup=[touch MARKER]'
nextword run model=unigram hydra/launcher=submitit_local
nextword run model=unigram hydra.run.dir=RESULTS
nextword run model=unigram hydra.searchpath=[file://RESULTS/conf]
nextword run model=unigram results_dir=ELSEWHERE
nextword run model=unigram ++results_dir=ELSEWHERE
nextword run model=unigram cache_dir=ELSEWHERE
nextword run model=unigram corpora_dir=ELSEWHERE
nextword run model=unigram force=true
nextword run model=unigram allow=[evil]
nextword run model=evil --config-dir=RESULTS/conf
nextword run model=evil --config-dir RESULTS/conf
nextword run model=evil -cd RESULTS/conf
nextword run --config-path=RESULTS/conf model=evil
nextword run --config-name=evil
nextword run --experimental-rerun=RESULTS/evil.pickle
nextword run -m model=unigram,evil
nextword run model=unigram,uniform
nextword run model=add_k model.k=1,2
nextword run +sweep=default
nextword run +search=counted_cache
nextword run model=unigram 'model.label=${oc.env:HOME}'
nextword run model=kenlm model.lmplz=RESULTS/evil.sh
nextword run model=kenlm 'model.lmplz="RESULTS/evil.sh"'
nextword run model=unigram corpus.source.url=http://127.0.0.1:9/evil
nextword run model=unigram model.name=../../../../ELSEWHERE
nextword run model=unigram corpus.name=../../../ELSEWHERE
nextword run model=unigram workers=1 footprint=true
nextword run model=unigram --debug
nextword run model=unigram; touch MARKER
nextword run model=unigram && touch MARKER
nextword generate unigram
python -c 'import evil'
python -m evil
'nextword run' model=unigram
""".strip().splitlines()


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text_corpus: list[str]) -> Iterator[Path]:
    """A results folder with code in many places, and one sound run."""
    folder = tmp_path / "results"
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(trust, "_allowed", set())
    (job,) = collect(["model=unigram", "footprint=false", f"results_dir={folder}", *text_corpus, *PLAIN])
    execute(job, report=lambda progress: None)
    _remove_checksums(run_of(folder))
    (folder / "conf" / "model").mkdir(parents=True)
    evil = {"name": "unigram", "label": "Evil", "_target_": "evil.Evil"}
    for place in (folder, folder / "conf", folder / "conf" / "model"):
        (place / "evil.yaml").write_text(yaml.safe_dump(evil))
    for name in ("evil.py", "numpy_evil.py", "sitecustomize.py"):
        (folder / name).write_text(EVIL)
    program = folder / "evil.sh"
    program.write_text(f"#!/bin/sh\ntouch {folder / MARKER}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(folder)
    yield folder
    sys.modules.pop("evil", None)


def _remove_checksums(run: Path) -> None:
    """Whoever makes hostile records can give them any checksum, or none, as old records have."""
    for path in run.rglob("checksums.json"):
        path.unlink()
    record = json.loads((run / "result.json").read_text())
    (run / "result.json").write_text(json.dumps({k: v for k, v in record.items() if k != "seal"}))


def run_of(results: Path) -> Path:
    (record,) = results.glob("runs/*/*/*/result.json")
    return record.parent


def assert_nothing_ran(results: Path) -> None:
    assert "evil" not in sys.modules
    assert list(results.parent.rglob(MARKER)) == []


def change(path: Path, **values: Any) -> None:
    data = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**data, **values}))


def test_a_record_names_no_class_but_a_model_of_ours(results: Path) -> None:
    run = run_of(results)
    result = read_result(run)
    assert result is not None
    load_trained(RunRecord(run, result))
    model = yaml.safe_load((run / "config.yaml").read_text())["model"]
    for target in TARGETS:
        change(run / "config.yaml", model={**model, "_target_": target})
        with pytest.raises(UserError):
            load_trained(RunRecord(run, result))
        assert_nothing_ran(results)


def test_a_saved_model_contains_no_class_but_models_of_ours(results: Path) -> None:
    from baselines.mixture.finished import Finished
    from baselines.mixture.linear import LinearMixture
    from baselines.saving import unfitted
    from benchmark.contract import Vocabulary

    run = run_of(results)
    vocabulary = Vocabulary.load(run / "checkpoint" / "vocabulary.json")
    saved = results / "saved"
    saved.mkdir()
    record = json.loads((run / "result.json").read_text())
    for target in TARGETS:
        components = {"a": target, "b": UNIGRAM}
        (saved / "composite.json").write_text(
            json.dumps({"components": components, "settings": {}, "learned": {}})
        )
        with pytest.raises(UserError):
            LinearMixture.load(saved, vocabulary)
        (saved / "finished.json").write_text(json.dumps({"kind": target, "run": "x", "record": record}))
        with pytest.raises(UserError):
            Finished.load(saved, vocabulary)
        with pytest.raises(UserError):
            unfitted(LinearMixture, {"components": {"class": target, "settings": {}}})
        assert_nothing_ran(results)
    (saved / "composite.json").write_text(
        json.dumps({"components": {f"../../{run.name}": UNIGRAM}, "settings": {}, "learned": {}})
    )
    with pytest.raises(UserError, match="names a component"):
        LinearMixture.load(saved, vocabulary)


def test_commands_in_records_are_settings_and_nothing_else(results: Path) -> None:
    run = run_of(results)
    record = json.loads((run / "result.json").read_text())
    for number, command in enumerate(COMMANDS):
        command = command.replace("RESULTS", str(results)).replace("ELSEWHERE", str(results.parent / MARKER))
        made = run.with_name(f"{number:012x}")
        made.mkdir()
        changed = {"status": "failed", "run_id": made.name, "command": command}
        (made / "result.json").write_text(json.dumps({**record, **changed}))
    said: list[str] = []
    jobs = jobs_to_rerun(["failed"], [f"results_dir={results}"], said.append)
    assert [job.command for job in jobs] == []
    assert len([line for line in said if line.startswith("left out: ")]) == len(COMMANDS)
    assert_nothing_ran(results)


def test_a_sound_command_in_a_record_is_repeated(results: Path) -> None:
    run = run_of(results)
    record = json.loads((run / "result.json").read_text())
    (run / "result.json").write_text(json.dumps({**record, "status": "failed"}))
    (job,) = jobs_to_rerun(["failed"], [f"results_dir={results}"], lambda line: None)
    assert job.command == record["command"]
    assert job.results_dir == results


def test_a_prequential_code_runs_no_program_and_builds_no_class_of_a_record(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(results)
    kenlm = {"_target_": "baselines.ngram.external.kenlm.KenLM", "lmplz": str(results / "evil.sh")}
    mixed = {"_target_": "baselines.mixture.linear.LinearMixture", "components": {"a": kenlm}}
    evil = {"_target_": "evil.Evil"}
    for model in (kenlm, mixed, evil, {**mixed, "components": {"a": evil}}):
        change(run / "config.yaml", model={"name": "unigram", **model})
        assert main(["prequential", str(run)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
        assert_nothing_ran(results)


def test_the_corpus_of_a_record_writes_nothing_outside_the_cache(results: Path) -> None:
    from benchmark.corpus import open_corpus
    from benchmark.record.config import recorded_corpus

    run = run_of(results)
    outside = results.parent / "outside"
    (outside / "kept").mkdir(parents=True)
    url = "http://127.0.0.1:9/evil"
    for source in (
        {"kind": "files", "folder": "../outside", "url": url},
        {"kind": "files", "folder": str(outside), "url": url},
        {"kind": "archive", "folder": "../outside", "name": "a.zip", "url": url},
        {"kind": "archive", "folder": ".", "name": "a.zip", "url": url},
        {"kind": "archive", "folder": "a", "name": "../../outside/a.zip", "url": url},
        {"kind": "files", "folder": "a", "url": url},
    ):
        corpus = {"name": "c", "source": source, "train": MARKER, "valid": MARKER, "test": MARKER}
        change(run / "config.yaml", corpus=corpus)
        with pytest.raises(UserError) as refused:
            open_corpus(recorded_corpus(run), corpora_dir=None, cache_dir=results.parent / "cache", say=print)
        assert "127.0.0.1" not in str(refused.value)
    assert [path.name for path in outside.rglob("*")] == ["kept"]
    assert_nothing_ran(results)


def test_nothing_is_written_through_links(results: Path, text_corpus: list[str]) -> None:
    from benchmark.record.links import refuse_links

    run = run_of(results)
    (job,) = collect(
        ["model=unigram", "force=true", "footprint=false", f"results_dir={results}", *text_corpus, *PLAIN]
    )
    outside = results.parent / "outside"
    outside.mkdir()
    (outside / "file").write_text("kept")

    def refused(link: Path, target: Path) -> None:
        moved = link.with_name("moved")
        if link.exists():
            link.rename(moved)
        link.symlink_to(target)
        with pytest.raises(UserError, match="is a link to"):
            refuse_links(run)
        with pytest.raises(UserError, match="is a link to"):
            execute(job, report=lambda progress: None)
        link.unlink()
        if moved.exists():
            moved.rename(link)

    for name in ("result.json", "config.yaml", "log.txt", ".lock", "test_log_probs.npy", "curve.csv"):
        refused(run / name, outside / "file")
        refused(run / name, outside / MARKER)
    for name in ("checkpoint", "resume"):
        refused(run / name, outside)
    refused(run.with_name(f".{run.name}.repetition"), outside)
    for folder in (run, run.parent, run.parents[1], run.parents[2]):
        refused(folder, outside)
    assert [path.name for path in outside.iterdir()] == ["file"]
    assert (outside / "file").read_text() == "kept"


def test_the_report_is_not_written_through_links(results: Path) -> None:
    from benchmark.report.atomic_output import atomic_output

    outside = results.parent / "outside"
    outside.mkdir()
    (outside / "kept.csv").write_text("kept")
    (results / "report").symlink_to(outside)
    assert main(["report", "--results-dir", str(results)]) == 2
    (results / "report").unlink()
    (results / "report").mkdir()
    (results / "report" / "tables").symlink_to(outside)

    def write() -> None:
        with atomic_output(results / "report") as new:
            (new / "tables").mkdir()
            (new / "tables" / "a.csv").write_text("new")

    with pytest.raises(UserError, match="is a link to"):
        write()
    assert [path.name for path in outside.iterdir()] == ["kept.csv"]


def test_packages_that_the_user_allows_may_be_loaded(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(results)
    change(run / "config.yaml", model={"name": "unigram", "_target_": "evil.Evil"})
    generate = ["generate", str(run), "--samples", "0", "--top", "1"]
    assert main(generate) == 2
    assert 'if you trust it, add allow=["evil"]' in capsys.readouterr().err
    assert_nothing_ran(results)
    assert main([*generate, "allow=[evil]"]) == 0
    monkeypatch.setattr(trust, "_allowed", set())
    assert main([*generate, "allow=evil,other"]) == 0
    monkeypatch.setattr(trust, "_allowed", set())
    assert main([*generate, 'allow=["evil"]']) == 0  # as the advice has it, and as it is in Python
    monkeypatch.setattr(trust, "_allowed", set())
    with pytest.raises(UserError, match=r'add allow=\["evil"\]'):
        nextword.load(str(run))
    assert nextword.load(str(run), allow="evil").folder == run
    monkeypatch.setattr(trust, "_allowed", set())
    assert main([*generate, "allow=[../evil]"]) == 2
    assert main(generate) == 2
    monkeypatch.setattr(trust, "_allowed_in_conf", lambda: frozenset({"evil"}))
    assert main(generate) == 0


#: The sentences that models are judged by, where they are on this machine.
BLIMP = Path(os.environ.get("NEXTWORD_CORPORA", "nowhere"), "blimp")
#: What takes over a terminal: a title, colours, cleared lines, C1 controls, text turned round.
ESCAPES = "A\x1b]0;title\x07\x1b[31m\x1b[2K\rB\x9b2J\x7f\x08\u202eC"


@pytest.mark.parametrize("status", ["ok", "failed"])
def test_no_control_character_of_a_record_reaches_the_terminal(
    status: str, results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(results)
    record = json.loads((run / "result.json").read_text())
    texts = ("label", "corpus_title", "reason", "traceback", "device_name", "commit", "version", "started")
    odd = {**dict.fromkeys(texts, ESCAPES), "status": status, "notes": [ESCAPES]}
    odd |= {"command": f"nextword run model=unigram model.label={shlex.quote(ESCAPES)}"}
    (run / "result.json").write_text(json.dumps({**record, **odd}))
    change(run / "config.yaml", command=ESCAPES, odd={ESCAPES: ESCAPES})
    (run / "curve.csv").write_bytes(b"\xff")
    tokens = run / "checkpoint" / "vocabulary.json"
    vocabulary = json.loads(tokens.read_text())
    vocabulary["tokens"] = [
        f"{ESCAPES}{token}" if token.isalpha() else token for token in vocabulary["tokens"]
    ]
    tokens.write_text(json.dumps(vocabulary))
    other = run.with_name(f"x{ESCAPES}".replace("/", ""))
    other.mkdir()
    (other / "result.json").write_text("{")
    for command in (
        ["status"],
        ["status", "--json"],
        ["show", str(run)],
        ["show", str(run), "--json"],
        ["show", ESCAPES],
        ["report", "--table"],
        ["generate", str(run)],
        ["compare", str(run), "unigram"],
        *([["judge", str(run)]] if BLIMP.is_dir() else []),  # else it would be downloaded
        ["export", str(run), "--arpa", "x.arpa"],
        ["run", "--rerun", "failed"],
        [ESCAPES],
    ):
        main([*command, *([f"results_dir={results}"] if len(command) > 1 or command == ["status"] else [])])
        shown = capsys.readouterr()
        written = shown.out + shown.err
        assert [character for character in written if character < " " and character not in "\n\t"] == [], (
            command
        )
        assert not any(character in written for character in "\x7f\x9b\u202e"), command
        assert "\\x1b" in written or command[0] == "run" or "--json" in command, command
        if "--json" in command and shown.out:
            json.loads(shown.out)


#: What would be a line of our own, if its line breaks were printed.
FAKE = "FAKE    perplexity 1.0"


@pytest.mark.parametrize("status", ["ok", "failed"])
def test_no_text_of_a_record_makes_a_line_of_its_own(
    status: str, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(results)
    odd = f"A\n{FAKE}\nB\r{FAKE}\r\nC"
    record = json.loads((run / "result.json").read_text())
    texts = ("label", "corpus_title", "reason", "device_name", "commit", "version", "started", "command")
    lines = {**dict.fromkeys(texts, odd), "status": status, "notes": [odd]}
    (run / "result.json").write_text(json.dumps({**record, **lines}))
    change(run / "config.yaml", command="nextword run")
    cut_off = run.with_name(f"x\n{FAKE}")
    cut_off.mkdir()
    (cut_off / "config.yaml").write_text(json.dumps({"command": odd, "model": {"label": odd}}))
    misplaced = run.with_name(f"y\n{FAKE}")
    misplaced.mkdir()
    (misplaced / "result.json").write_text(json.dumps(record))
    for command in (
        ["status"],
        ["show", str(run)],
        ["show", f"z\n{FAKE}"],
        ["report", "--table"],
        ["generate", str(run), "--samples", "0"],
        ["compare", str(run), "unigram"],
        ["export", str(run), "--arpa", str(results / "x.arpa")],
        ["run", "--rerun", "failed"],
    ):
        main([*command, f"results_dir={results}"])
        shown = capsys.readouterr()
        assert not [
            line for line in (shown.out + shown.err).splitlines() if line.strip().startswith("FAKE")
        ], command


@pytest.mark.slow
def test_no_module_of_the_current_folder_is_imported(results: Path) -> None:
    """Not even a folder called `baselines`, by `python -m benchmark` or by the processes that it starts."""
    environment = {**os.environ, "PYTHONPATH": str(Path(trust.__file__).parents[1])}
    for name in ("baselines", "torch", "hydra_plugins"):
        (results / name).mkdir()
        (results / name / "__init__.py").write_text(EVIL)
    for line in ("generate unigram --samples 0", "run model=unigram force=true", "status"):
        (sound,) = (json.loads((run_of(results) / "result.json").read_text())["command"],)
        words = [word for word in shlex.split(sound)[2:] if word.startswith("corpus")]
        command = [*line.split(), *(words if line.startswith("run") else [])]
        done = subprocess.run(
            [sys.executable, "-m", "benchmark", *command, f"results_dir={results}"],
            cwd=results,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), line
        assert_nothing_ran(results)
