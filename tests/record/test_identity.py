"""What makes two runs the same run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmark.record.identity import protocol_id, run_id, seed_of
from benchmark.record.source import source_digest

MODEL = {"_target_": "homemade.model.Mine", "name": "mine", "label": "Mine", "order": 3, "device": "cpu"}


@pytest.fixture
def homemade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of a user's own: a model that imports a helper."""
    from benchmark.record import source

    source._file.cache_clear()
    source._code.cache_clear()
    source.source_digest.cache_clear()
    package = tmp_path / "homemade"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "model.py").write_text("from homemade.help import two\n\nclass Mine:\n    x = two\n")
    (package / "help.py").write_text('"""Help."""\ntwo = 2  # a number\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "homemade", raising=False)
    return package


def fresh_digest() -> str:
    from benchmark.record import source

    source._code.cache_clear()
    source.source_digest.cache_clear()
    return source_digest("homemade.model.Mine")


def test_labels_and_devices_do_not_make_another_run(homemade: Path) -> None:
    assert run_id(MODEL, "corpus") == run_id({**MODEL, "label": "Other", "device": "cuda"}, "corpus")


def test_settings_seeds_and_corpora_make_another_run(homemade: Path) -> None:
    ids = [
        run_id(MODEL, "corpus"),
        run_id({**MODEL, "order": 4}, "corpus"),
        run_id({**MODEL, "seed": 2}, "corpus"),
        run_id(MODEL, "other corpus"),
    ]
    assert len(set(ids)) == 4
    assert all(len(i) == 12 for i in ids)


def test_code_counts_and_comments_do_not(homemade: Path) -> None:
    before = fresh_digest()
    (homemade / "help.py").write_text('"""Help\nin more words."""\n\n\ntwo = 2\n')
    assert fresh_digest() == before
    (homemade / "help.py").write_text("two = 3\n")
    assert fresh_digest() != before


def test_components_count_with_their_settings_and_their_source(homemade: Path) -> None:
    def mixture_of(component: dict[str, object]) -> str:
        from benchmark.record import source

        source._code.cache_clear()
        source.source_digest.cache_clear()
        return run_id({"_target_": "elsewhere.Mixture", "components": {"one": component}}, "corpus")

    before = mixture_of(MODEL)
    assert mixture_of({**MODEL, "label": "Other", "device": "cuda"}) == before
    assert mixture_of({**MODEL, "order": 4}) != before
    (homemade / "help.py").write_text("two = 3\n")
    assert mixture_of(MODEL) != before


def test_the_seed_of_a_mixture_is_that_of_its_components() -> None:
    assert seed_of({**MODEL, "seed": 2}) == 2
    assert seed_of(MODEL) is None
    assert seed_of({"components": {"one": MODEL, "two": {**MODEL, "seed": 3}}}) == 3


def test_a_protocol_is_its_parts_in_any_order() -> None:
    assert protocol_id({"text": "a", "unknown": "b"}) == protocol_id({"unknown": "b", "text": "a"})
    assert protocol_id({"text": "a", "unknown": "b"}) != protocol_id({"text": "a", "unknown": "c"})
