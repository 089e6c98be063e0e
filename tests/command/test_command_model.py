"""A model in another process: its scores are those of the program, however it is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_cases import BIGRAM, Notes, expected, fitted, settings, shell, stream

from benchmark import trust
from benchmark.build import build_model
from benchmark.check import check_model
from benchmark.check.checker import NEED_DISTRIBUTION
from benchmark.check.texts import made_up
from benchmark.contract import TokenStream, Vocabulary
from benchmark.errors import NeedsSetting, Skip, UserError


@pytest.mark.parametrize("context", ["sentence", "stream"])
def test_a_program_keeps_the_contract(context: str) -> None:
    findings = check_model(lambda: build_model(settings(context=context)))
    assert [finding for finding in findings if finding.problem or finding.unchecked] == []


def test_scores_alone_are_held_to_the_rules_that_need_no_distribution() -> None:
    findings = check_model(lambda: build_model(settings(distribution=False)))
    assert [finding for finding in findings if finding.problem] == []
    assert {finding.rule for finding in findings if finding.unchecked} == NEED_DISTRIBUTION


@pytest.mark.parametrize("context", ["sentence", "stream"])
@pytest.mark.parametrize("batch", [1, 50, 10_000])
def test_scores_are_the_programs_however_many_lines_are_asked_at_once(
    context: str, batch: int, tmp_path: Path
) -> None:
    texts = made_up(sentences=True)
    model = fitted(settings(context=context, batch=batch), texts.train)
    text = (
        texts.test if batch == 1 else TokenStream.from_ids(np.tile(texts.test.ids, 8), texts.test.vocabulary)
    )
    wanted = expected(texts.train, text, by_line=context == "sentence", folder=tmp_path)
    assert np.array_equal(model.log_probs(text), wanted)


def test_a_sentence_is_one_text_where_no_marks_end_it(tmp_path: Path) -> None:
    text = stream("a b a c " * 2_000 + "a")
    model = fitted(settings(), text)
    assert np.array_equal(model.log_probs(text), expected(text, text, by_line=False, folder=tmp_path))
    assert len(model.log_probs(text.head(0))) == 0


def test_any_token_is_a_word() -> None:
    """Two tokens that would be one if the program lost a character of them have scores of their own."""
    odd = [" ", "\n", "\\", "\\n", "\t", "\r", "n", "a b", "é", "\u00a0", "</s>"]
    vocabulary = Vocabulary(tuple(odd), np.ones(len(odd), dtype=np.int64))
    text = TokenStream.from_ids(np.arange(len(odd)).repeat(np.arange(1, len(odd) + 1)), vocabulary)
    model = fitted(settings(context="stream"), text)
    (row,) = model.next_log_probs([np.empty(0, dtype=np.int64)])
    assert row.shape == (len(odd),)
    assert np.exp(row).sum() == pytest.approx(1)
    after_space = model.next_log_probs([np.array([0])])[0]
    assert after_space[1] - after_space[2] > 1  # the newline stands behind the space, the backslash does not


def test_a_reader_goes_on_where_it_was_unless_another_was_asked() -> None:
    texts = made_up(sentences=False)
    model = fitted(settings(context="stream"), texts.train)
    first, second = model.reader(), model.reader()
    ids = np.asarray(texts.test.ids[:12], dtype=np.int64)
    for place, token in enumerate(ids.tolist()):
        for reader in (first, second) if place % 3 else (first,):
            reader.read(token)
            assert reader.next_log_probs().shape == (len(texts.test.vocabulary),)
    assert np.array_equal(first.next_log_probs(), model.next_log_probs([ids])[0])


def test_what_the_program_says_of_itself_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "_allowed", set())
    said = "; ".join(
        f"echo {line}" for line in ("bytes 40", "parameters 7", "log step 1", "note It is tiny.")
    )
    asks = 'read x; echo "nextword 1"; while read x && [ -n "$x" ]; do echo log $x; done; '
    notes = Notes()
    model = fitted(shell(f"{asks}{said}; echo ready; cat", seed=3), stream("a b </s> a"), notes)
    assert (model.size().bytes_in_memory, model.size().parameters, model.size().entries) == (40, 7, None)
    keys = [line.split(" ")[0] for line in notes.said]
    assert keys == ["fit", "vocabulary", "model", "train", "valid", "seed", "step"]
    assert notes.said[-2:] == ["seed 3", "step 1"]
    assert model.notes[0] == "It is tiny."
    saved = tmp_path / "saved"
    saved.mkdir()
    model.save(saved)
    again = type(model).load(saved, model.vocabulary)
    assert (again.size(), again.notes) == (model.size(), model.notes)


def test_a_saved_command_starts_only_if_it_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "_allowed", set())
    text = stream("a b </s> a b </s>")
    model = fitted(settings(), text)
    model.save(tmp_path)
    wanted = model.log_probs(text)
    monkeypatch.setattr(trust, "_allowed", set())
    with pytest.raises(
        UserError, match=r"names a command, which is not started: '.*bigram_program"
    ) as refused:
        type(model).load(tmp_path, text.vocabulary)
    name = str(refused.value).partition('allow=["')[2].rstrip('"]')
    trust.allow(["baselines", "command", "command_000000000000"])
    with pytest.raises(UserError, match="not started"):
        type(model).load(tmp_path, text.vocabulary)
    trust.allow([name])
    assert np.array_equal(type(model).load(tmp_path, text.vocabulary).log_probs(text), wanted)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    text = stream("a b </s>")
    for changed, says in (
        ({"command": None}, "model.command is missing"),
        ({"kind": None}, "model.kind is missing"),
    ):
        with pytest.raises(NeedsSetting, match=says):
            build_model(settings(**changed))
    for changed, says in (
        ({"command": [str(tmp_path / "nowhere")]}, "cannot start .*nowhere: No such file"),
        ({"command": [str(tmp_path)]}, "cannot start .*: Permission denied"),
        ({"command": ["a\0b"]}, "cannot start"),
        ({"command": "sh -c 'x"}, "is not usable: no closing quotation"),
        ({"files": [str(tmp_path / "weights")]}, "model.files: there is no .*weights"),
    ):
        with pytest.raises(UserError, match=says):
            fitted(settings(**changed), text)
    with pytest.raises(UserError, match="no distribution: its command gives"):
        fitted(settings(distribution=False), text).next_log_probs([np.empty(0, dtype=np.int64)])
    with pytest.raises(Skip, match=r"^torch is not installed$"):
        fitted(shell('read x; echo "nextword 1"; read x; echo skip torch is not installed; cat'), text)


def test_one_line_is_a_command_too() -> None:
    text = stream("a b </s> a b </s>")
    line, words = fitted(settings(command=" ".join(BIGRAM)), text), fitted(settings(), text)
    assert np.array_equal(line.log_probs(text), words.log_probs(text))
