"""A run records no result that its model cannot have, and says what is wrong with the model and where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import bigram
import numpy as np
import pytest
import wrong

from benchmark.check import audit as audit_module
from benchmark.check import check_model
from benchmark.check.audit import audit, sampled_contexts
from benchmark.check.texts import made_up
from benchmark.cli import main
from benchmark.contract import LanguageModel, RunLog
from benchmark.job import Job
from benchmark.record.result import Result
from benchmark.run import execute
from benchmark.sweep.compose import collect

Run = Callable[[type[LanguageModel]], Result]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a model on a small text of 32 lines."""
    folder = tmp_path_factory.mktemp("runs")
    lines = ["the cat sat on the mat", "the dog sat on the log", "a cat saw a dog", "the log lay on the mat"]
    for split, times in {"train": 40, "valid": 2, "test": 13}.items():
        (folder / f"{split}.txt").write_text("\n".join(lines[::-1] * times) + "\n", encoding="utf-8")
    files = [f"corpus.{split}={folder / split}.txt" for split in ("train", "valid", "test")]
    places = [f"results_dir={folder}", f"cache_dir={folder}"]
    (job,) = collect(["model=unigram", "corpus=files", *files, *places])

    def executed(kind: type[LanguageModel]) -> Result:
        name = kind.__name__.lower()
        model = {"name": name, "_target_": f"{kind.__module__}.{kind.__name__}"}
        return execute(Job({**job.config, "model": model}, f"nextword run model={name} corpus=files"))

    return executed


@pytest.mark.parametrize("kind", [*wrong.WRONG, wrong.WrongLate], ids=lambda kind: kind.__name__)
def test_a_wrong_model_fails_and_says_how(kind: type[LanguageModel], run: Run) -> None:
    result = run(kind)
    assert result.status == "failed"
    assert result.test_perplexity is None
    assert wrong.WRONG.get(kind, "log_probs disagrees with next_log_probs") in str(result.reason)
    if result.traceback is None:
        command = f"nextword check model={kind.__name__.lower()} corpus=files"
        assert str(result.reason).endswith(f"; {command} looks closer")


@pytest.mark.parametrize("kind", [bigram.Bigram, wrong.Score])
def test_a_right_model_is_recorded_as_checked(kind: type[LanguageModel], run: Run) -> None:
    result = run(kind)
    assert (result.status, result.reason) == ("ok", None)
    assert result.checked_contexts is not None
    assert result.checked_contexts > 10


#: The names of models that `nextword check` would find much to say about, if it looked on.
NOISY = ("List", "ListOfRows", "GivingTensors", "Nothing", "Short", "Transposed", "Raising")


@pytest.mark.parametrize("name", NOISY)
def test_the_check_says_what_is_wrong_once(name: str) -> None:
    kind = getattr(wrong, name)
    found = check_model(kind)
    problems = [finding.problem for finding in found if finding.problem is not None]
    assert len(problems) == 2  # one on each text
    assert all(wrong.WRONG[kind] in problem for problem in problems), problems
    (rule,) = {finding.rule for finding in found if finding.problem is not None}
    assert {finding.unchecked for finding in found} <= {None, f"see {rule}"}


def test_sizes_are_in_the_terms_of_the_family() -> None:
    for kind in (wrong.ParametersOnly, wrong.TupleSize):
        problems = {finding.rule: finding.problem for finding in check_model(kind) if finding.problem}
        assert list(problems) == ["sized"]
        assert wrong.WRONG[kind] in str(problems["sized"])


def test_a_model_without_a_fit_has_one_finding() -> None:
    found = check_model(wrong.RaisingInFit)
    assert sum(finding.problem is not None for finding in found) == 2  # one on each text
    assert all(finding.unchecked == "see declared" for finding in found if finding.problem is None)


def test_an_error_names_the_innermost_place_in_the_models_code(run: Run) -> None:
    source = Path(wrong.__file__).read_text(encoding="utf-8").splitlines()
    line = source.index('    raise KeyError("weights")') + 1
    result = run(wrong.RaisingInFit)
    assert f"wrong.py:{line}, in _missing)" in str(result.reason)
    assert 'raise KeyError("weights")' in str(result.traceback)


def test_a_slow_model_is_asked_about_fewer_contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    text = made_up(sentences=True).test
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(audit_module.time, "perf_counter", lambda: clock.now)

    class Slow(bigram.Bigram):
        seconds = 0.0

        def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
            clock.now += self.seconds
            return super().next_log_probs(contexts)

    model = Slow()
    model.fit(text, text, RunLog())
    scores = model.log_probs(text)
    looked_at = {}
    for seconds in (0.0, 0.1, 2.0, 60.0):
        model.seconds = seconds
        looked_at[seconds] = audit(model, text, scores, scores[:100])
    assert looked_at == {0.0: len(sampled_contexts(len(text))), 0.1: 9, 2.0: 2, 60.0: 1}


@pytest.fixture
def conf(tmp_path: Path) -> str:
    """A configuration folder with a model that raises."""
    (tmp_path / "model").mkdir()
    settings = "name: raising\nlabel: Raising\n_target_: wrong.Raising\n"
    (tmp_path / "model" / "raising.yaml").write_text(settings, encoding="utf-8")
    return str(tmp_path)


def test_the_check_shows_traces_if_asked(conf: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config-dir", conf, "model=raising"]) == 1
    said = capsys.readouterr().out
    assert "  (not checked, see complete: causal, consistent, separate, durable, repeatable)\n" in said
    assert "in log_probs); --debug shows the trace" in said
    assert "Traceback" not in said
    assert main(["check", "--debug", "--config-dir", conf, "model=raising"]) == 1
    said = capsys.readouterr().out
    assert said.count("Traceback") == 2  # one on each text
    assert '    raise ValueError("no such thing")' in said
