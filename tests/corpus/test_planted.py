"""Texts made by a rule: what stands where in a line, and which settings are refused."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from corpus_cases import corpus_options, opened, silent

from benchmark.corpus import fingerprint
from benchmark.errors import UserError

LINES = {"train": 300, "valid": 20, "test": 40}


def options(**changes: Any) -> dict[str, Any]:
    made = copy.deepcopy(corpus_options("recall"))
    made["source"]["planted"] |= {"distances": [2, 5], "lines": LINES, **changes}
    return made


def test_the_first_word_of_a_line_is_its_last_at_the_distance(tmp_path: Path) -> None:
    corpus = opened(options(), tmp_path)
    assert len(corpus.vocabulary) == 4 + 2 + 2  # keys, fillers, the cue and </s>
    lines = [corpus.vocabulary.decode(line.ids) for line in corpus.test.each_line()]
    assert [len(line) for line in lines] == [4, 7] * 20
    for key, *fillers, cue, answer, end in lines:
        assert (answer, cue, end) == (key, "recall", "</s>")
        assert set(fillers) <= {"f0", "f1"}
    assert {line[0] for line in lines} == {"key0", "key1", "key2", "key3"}
    assert lines != [corpus.vocabulary.decode(line.ids) for line in corpus.train.each_line()][:40]


def test_another_seed_is_another_text(tmp_path: Path) -> None:
    places = {"corpora_dir": None, "cache_dir": tmp_path, "say": silent}
    first = fingerprint(options(), **places)
    assert fingerprint(options(), **places) == first
    assert fingerprint(options(seed=1), **places) != first


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"distances": [1, 5]}, "corpus.source.planted.distances=[1, 5] is not usable: give distances of 2"),
        ({"distances": []}, "corpus.source.planted.distances=[] is not usable"),
        ({"keys": 1}, "corpus.source.planted needs 2 keys and 1 filler at least, not 1 and 2"),
        ({"lines": {"train": 5}}, "corpus.source.planted.lines.valid is missing"),
        ({"seed": -1}, "corpus.source.planted.seed=-1 is not usable"),
        ({"kyes": 3}, "corpus.source.planted.kyes: there is no such setting. Did you mean 'keys'?"),
    ],
)
def test_settings_without_a_text_are_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError) as caught:
        opened(options(**changes), tmp_path)
    assert says in str(caught.value)


def test_the_rule_and_its_kind_go_together(tmp_path: Path) -> None:
    for source in ({"kind": "planted"}, {**options()["source"], "kind": "files"}):
        with pytest.raises(UserError, match="go together"):
            opened({**options(), "source": source}, tmp_path)
    with pytest.raises(UserError, match="has no document 'tset'"):
        opened({**options(), "test": "tset"}, tmp_path)
