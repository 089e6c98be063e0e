"""The training of a model made of others is that of its components and its own, apart."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmark.measure.parts import own_train_seconds, train_rate
from benchmark.record.result import Result
from benchmark.run import execute
from benchmark.sweep.compose import collect

#: `mixture` itself has the components kneser_ney and cache.
NESTED = [
    "model=mixture",
    "+model@model.components.done=finished",
    "+model@model.components.unigram=unigram",
    "+model@model.components.inner=mixture",
    "+model@model.components.inner.components.a=add_k",
    "+model@model.components.inner.components.b=uniform",
]


@pytest.fixture
def run(tmp_path: Path, text_corpus):
    """The record of the run that some settings name."""

    def made(*settings: str) -> Result:
        places = [f"results_dir={tmp_path}", f"cache_dir={tmp_path}"]
        (job,) = collect([*settings, *text_corpus, *places])
        result = execute(job)
        assert result.status == "ok", result.reason
        return result

    return made


def test_parts_have_what_they_take_alone_and_add_up(run, tmp_path: Path) -> None:
    alone = run("model=kneser_ney")
    (folder,) = tmp_path.glob(f"runs/*/kneser_ney/{alone.run_id}")
    mixed = run(*NESTED, f"model.components.done.run={folder}")
    tokens = alone.train_tokens or 0
    assert alone.part_names == []
    assert alone.train_tokens_per_second is not None
    assert mixed.part_names == ["kneser_ney", "cache", "done", "unigram", "inner"]
    # four models in the inner one; uniform, which says nothing, counts as one reading of the text, as alone
    assert mixed.part_tokens == [tokens, tokens, tokens, tokens, 4 * tokens]
    assert mixed.train_tokens == sum(mixed.part_tokens)
    assert mixed.part_seconds[2] >= (alone.train_seconds or 0)  # and the time to read it
    own = own_train_seconds(mixed)
    assert own is not None
    assert own > 0  # EM
    assert own + math.fsum(mixed.part_seconds) == pytest.approx(mixed.train_seconds)
    assert mixed.train_tokens_per_second is train_rate(mixed) is None


def test_a_mixture_of_an_old_record_has_no_rate_and_no_parts() -> None:
    inner = {"components": {"a": {"_target_": "x.A"}}}
    named = {"run_id": "0", "status": "ok", "model": "m", "label": "M", "corpus": "c", "train_seconds": 2.0}
    plain = Result(**named, train_tokens_per_second=9.0, model_settings={"training": {"epochs": 3}})
    assert train_rate(plain) == 9.0
    old = Result(**named, train_tokens_per_second=9.0, model_settings=inner)
    assert train_rate(old) is own_train_seconds(old) is None
