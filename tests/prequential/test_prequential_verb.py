"""`nextword prequential`: what it prints, keeps, goes on from and refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmark.cli import main
from benchmark.prequential import coding
from benchmark.prequential.record import FILE, read_code
from benchmark.record.find import find_run
from benchmark.run import execute
from benchmark.storage.files import write_json
from benchmark.sweep.compose import Collector


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of one add-one run, its cache and its text."""
    folder = tmp_path_factory.mktemp("made")
    lines = ["the cat sat on the mat", "the dog sat on the log", "a cat saw a dog"]
    for split, times in {"train": 40, "valid": 4, "test": 4}.items():
        (folder / f"{split}.txt").write_text("\n".join(lines * times) + "\n", encoding="utf-8")
    texts = [f"corpus.{split}={folder / split}.txt" for split in ("train", "valid", "test")]
    places = [f"results_dir={folder / 'results'}", f"cache_dir={folder / 'cache'}"]
    (job,) = Collector().jobs(["model=add_one", "corpus=files", *texts, *places])
    assert execute(job).status == "ok"
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of that run, to work in."""
    shutil.copytree(made / "results", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTWORD_CACHE", str(made / "cache"))
    return find_run(Path("results"), "add_one").folder.resolve()


def kept(run: Path) -> Any:
    return json.loads((run / FILE).read_text(encoding="utf-8"))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The beginnings of the blocks that are coded, in order."""
    begun: list[int] = []
    real = coding.coded

    def coded(make, text, span, *rest):
        begun.append(span.begin)
        return real(make, text, span, *rest)

    monkeypatch.setattr(coding, "coded", coded)
    return begun


def test_the_code_is_printed_and_kept(
    run: Path, calls: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prequential", "add_one"]) == 0
    said = capsys.readouterr()
    assert "Add-one 2-gram on files" in said.out
    assert "block 2 of 7, after " in said.err
    record = find_run(Path("results"), "add_one")
    code = read_code(record)
    assert code is not None
    assert code.whole
    assert f"{code.bits:,.0f}" in said.out
    assert f"this one takes {100 * code.bits / code.uniform_bits:.1f}% of it" in said.out
    assert (code.targets, code.vocabulary) == (record.result.train_targets, record.result.vocabulary_size)
    assert len(code.blocks) == len(calls) == 7
    assert code.blocks[-1].bits_per_token < code.blocks[0].bits_per_token
    # what is coded is not coded again unless asked
    assert main(["prequential", "add_one"]) == 0
    assert len(calls) == 7
    assert f"{code.bits:,.0f}" in capsys.readouterr().out
    assert main(["prequential", "add_one", "--again"]) == 0
    assert len(calls) == 14
    assert not (run / "resume").exists()


def test_a_coding_that_was_cut_off_goes_on_behind_the_last_block(
    run: Path, calls: list[int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = coding.coded

    def cut_off(make, text, span, *rest):
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(make, text, span, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(coding, "coded", cut_off)
        assert main(["prequential", "add_one"]) == 130
    assert "the same command continues where it stopped" in capsys.readouterr().err
    part = kept(run)["blocks"]
    assert len(part) == 3
    assert main(["prequential", "add_one"]) == 0
    assert len(calls) == 7
    assert calls == sorted(set(calls))
    assert kept(run)["blocks"][:3] == part
    assert read_code(find_run(Path("results"), "add_one")).whole
    whole = kept(run)["blocks"]
    main(["prequential", "add_one", "--again"])
    assert kept(run)["blocks"] == whole


def test_the_code_of_an_earlier_model_in_the_folder_does_not_count(run: Path, calls: list[int]) -> None:
    main(["prequential", "add_one"])
    record = json.loads((run / "result.json").read_text())
    write_json(run / "result.json", {**record, "started": "2031-01-01T00:00:00+00:00"})
    assert read_code(find_run(Path("results"), "add_one")) is None
    main(["prequential", "add_one"])
    assert len(calls) == 14


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["prequential", *arguments]) == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


def edited(path: Path, **changes: Any) -> None:
    """Change the top level of a JSON or YAML file."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    write_json(path, {**content, **changes})
    (path.parent / "checksums.json").unlink(missing_ok=True)


def test_what_builds_on_a_finished_run_is_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished = {"_target_": "baselines.mixture.finished.Finished", "run": "files/add_one"}
    mixture = {"_target_": "baselines.mixture.linear.LinearMixture", "components": {"old": finished}}
    edited(run / "config.yaml", model={"name": "mixture", **mixture})
    said = refused(capsys, "add_one")
    assert "model.components.old.run names what was learnt elsewhere" in said
    assert not (run / FILE).exists()


def test_a_score_that_is_no_probability_is_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(run / "result.json", normalised=False)
    assert refused(capsys, "add_one").endswith("is a score that does not sum to one, and so it has no code")


def test_a_run_that_did_not_end_well_is_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(run / "result.json", status="diverged")
    assert "ended as 'diverged', not ok" in refused(capsys, "add_one")


def test_another_text_than_that_of_the_run_is_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))["corpus"]
    longer = Path(corpus["train"]).read_text(encoding="utf-8") + "the cat sat\n"
    (tmp_path / "longer.txt").write_text(longer, encoding="utf-8")
    edited(run / "config.yaml", corpus={**corpus, "train": str(tmp_path / "longer.txt")})
    said = refused(capsys, "add_one")
    assert "is not the text that" in said
    assert said.endswith("force=true")
    assert not (run / FILE).exists()


def test_a_model_that_cannot_learn_from_so_little_names_the_block(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from baselines.ngram.smoothing.add_k import AddK
    from benchmark.contract import Diverged

    def fit(self, train, valid, log):
        raise Diverged("the loss is nan")

    monkeypatch.setattr(AddK, "fit", fit)
    said = refused(capsys, "add_one")
    assert "block 2 of 7, after " in said
    assert said.endswith("cannot be coded: the loss is nan")
    assert len(kept(run)["blocks"]) == 1


def test_a_damaged_code_is_one_line(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / FILE).write_text('{"started": 3}', encoding="utf-8")
    said = refused(capsys, "add_one")
    assert FILE in said
    assert said.endswith("--again codes the text anew")
    assert main(["prequential", "add_one", "--again"]) == 0
