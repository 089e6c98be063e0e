"""A share of the training split: nested, spread, of whole lines; the events and the whole's identity stay."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus_cases import MIRROR, corpus_options, needs_mirror, opened, silent, texts
from hypothesis import assume, given
from hypothesis import strategies as st
from named_models import LANGUAGE_MODELS

from benchmark.build import build_model
from benchmark.check.answers import scores_of
from benchmark.contract import RunLog
from benchmark.corpus import END, Corpus, TokenStream, Vocabulary, fingerprint
from benchmark.corpus.train_share import share_fingerprint, stretches, take_share
from benchmark.errors import Skip, UserError
from benchmark.measure.frequency import by_frequency
from benchmark.record.identity import protocol_id, run_id
from benchmark.sweep.compose import collect

#: Fingerprints of the whole corpora that the committed runs' ids were made with.
WHOLE = {
    "ptb": "8411de6c0c359b7b284f54b5a2e06558062aa1db7fccbe879226a7b7f0cb556d",
    "sotu": "e1ea9dcda44e757e90f820d2ee8c7c578dd5ce452987c06334661e37f9f0ca4d",
    "sotu_small": "8eaf35948850656b7665459bc44ea8687ff3b8ab87726d33cd46bb8615075985",
    "wikitext2": "7ad66424eaf9770a90b22072a17d8798cf922529fff54ce999db1c2dbc023027",
}
TEXT = "".join(f"a{number} b c{number % 7}\n" for number in range(320))
MODEL = {"_target_": "baselines.ngram.smoothing.unigram.Unigram"}

lengths = st.builds(
    lambda count, seed: np.random.default_rng(seed).integers(1, 30, count).tolist(),
    st.integers(1, 300),
    st.integers(0, 2**32),
)
#: Shares that binary fractions hold exactly, so that the definition can be checked to the token.
shares = st.integers(1, 256).map(lambda part: Fraction(part, 256))


def numbered(lengths: list[int], *, ends: bool = True) -> dict[str, TokenStream]:
    """Splits whose training ids are all different, so that each tells where it stood."""
    total = sum(lengths)
    first = END if ends else "first"
    vocabulary = Vocabulary((first, *map(str, range(1, total))), np.ones(total, dtype=np.int64))
    lines = np.concatenate([[0], np.cumsum(lengths)]) if ends else np.array([0, total])
    train = TokenStream(np.arange(total, dtype=np.uint16), lines.astype(np.int64), vocabulary)
    return {"train": train, "valid": train.head(1), "test": train.head(2)}


def kept(streams: dict[str, TokenStream], share: float) -> TokenStream | None:
    """The training split of a share; None where it would hold nothing."""
    try:
        return take_share(streams, share)["train"]
    except UserError:
        return None


def in_share(place: Fraction, stretch: Fraction, share: Fraction) -> bool:
    """Whether a place lies in the first part of its stretch."""
    return place / stretch % 1 < share


@given(lengths, shares)
def test_a_line_is_kept_where_its_middle_lies_in_the_beginning_of_a_stretch(
    lengths: list[int], share: Fraction
) -> None:
    streams = numbered(lengths)
    lines = streams["train"].lines.tolist()
    stretch = Fraction(lines[-1], stretches(streams["train"]))
    middles = [Fraction(a + b, 2) for a, b in pairwise(lines)]
    # Where a cut falls on a middle, binary fractions may fall on either side of it.
    assume(all(middle / stretch % 1 not in (0, share) for middle in middles))
    wanted = [
        (a, b)
        for (a, b), middle in zip(pairwise(lines), middles, strict=True)
        if in_share(middle, stretch, share)
    ]
    part = kept(streams, float(share))
    if part is None:
        assert wanted == []
        return
    assert part.ids.tolist() == [token for a, b in wanted for token in range(a, b)]
    assert np.diff(part.lines).tolist() == [b - a for a, b in wanted]


@given(st.integers(1, 3000), shares)
def test_without_lines_any_token_ends_a_stretch(total: int, share: Fraction) -> None:
    streams = numbered([total], ends=False)
    part = kept(streams, float(share))
    size = 0 if part is None else len(part)
    assert abs(size - share * total) <= stretches(streams["train"]) * Fraction(1, 2)
    if part is not None:
        assert part.lines.tolist() == [0, size]
        assert (np.diff(part.ids.astype(int)) > 0).all()


@given(lengths, shares, shares, st.booleans())
def test_a_smaller_share_is_part_of_a_larger_one(
    lengths: list[int], one: Fraction, other: Fraction, ends: bool
) -> None:
    streams = numbered(lengths, ends=ends)
    smaller, larger = (kept(streams, float(share)) for share in sorted((one, other)))
    if smaller is not None:
        assert larger is not None
        assert set(smaller.ids.tolist()) <= set(larger.ids.tolist())


@given(st.integers(0, 2**32), shares)
def test_a_share_is_spread_evenly_over_the_text(seed: int, share: Fraction) -> None:
    lengths = np.random.default_rng(seed).integers(1, 10, 2000).tolist()
    part = kept(numbered(lengths), float(share))
    assert part is not None
    total, count = sum(lengths), 20
    in_stretch = np.bincount(part.ids.astype(int) * count // total, minlength=count)
    assert np.abs(in_stretch - float(share) * total / count).max() <= 2 * max(lengths)


@pytest.mark.parametrize("all_of_it", [{}, {"train_share": None}, {"train_share": 1}, {"train_share": 1.0}])
def test_all_of_it_is_the_corpus_as_it_was(tmp_path: Path, all_of_it: dict[str, Any]) -> None:
    options = texts(tmp_path, TEXT)
    whole, same = opened(options, tmp_path), opened({**options, **all_of_it}, tmp_path)
    assert same.fingerprint == whole.fingerprint
    assert run_id(MODEL, same.fingerprint) == run_id(MODEL, whole.fingerprint)
    assert same.train.ids.tolist() == whole.train.ids.tolist()
    assert same.train.text == whole.train.text is not None


@pytest.mark.parametrize("name", ["sotu", "sotu_small"])
def test_whole_corpora_keep_the_identity_of_the_committed_runs(name: str, tmp_path: Path) -> None:
    found = fingerprint(corpus_options(name), corpora_dir=None, cache_dir=tmp_path, say=silent)
    assert found == WHOLE[name]


@needs_mirror
@pytest.mark.parametrize("name", ["ptb", "wikitext2"])
def test_whole_corpora_of_files_keep_it_too(name: str, tmp_path: Path) -> None:
    assert MIRROR is not None
    found = fingerprint(corpus_options(name), corpora_dir=Path(MIRROR), cache_dir=tmp_path, say=silent)
    assert found == WHOLE[name]


def test_sizes_have_ids_of_their_own_and_one_protocol(tmp_path: Path) -> None:
    found = [opened({**texts(tmp_path, TEXT), "train_share": s}, tmp_path) for s in (0.1, 0.25, 0.5, None)]
    assert len({run_id(MODEL, corpus.fingerprint) for corpus in found}) == 4
    assert len({protocol_id(corpus.protocol) for corpus in found}) == 1
    sizes = [len(corpus.train) for corpus in found]
    assert sizes == sorted(set(sizes))
    for corpus in found:
        assert corpus.vocabulary.tokens == found[-1].vocabulary.tokens
        assert corpus.test.ids.tolist() == found[-1].test.ids.tolist()
        assert corpus.valid.ids.tolist() == found[-1].valid.ids.tolist()


def test_the_fingerprint_is_known_without_encoding(tmp_path: Path) -> None:
    options = {**texts(tmp_path, TEXT), "train_share": 0.25}
    before = fingerprint(options, corpora_dir=None, cache_dir=tmp_path / "cache", say=silent)
    assert not (tmp_path / "cache" / "encoded").exists()
    assert opened(options, tmp_path).fingerprint == before


def test_a_corpus_is_encoded_once_for_all_sizes(tmp_path: Path) -> None:
    for share in (None, 0.5, 0.25, 0.01):
        opened({**texts(tmp_path, TEXT), "train_share": share}, tmp_path)
    (folder,) = [path for path in (tmp_path / "cache" / "encoded").iterdir() if path.name != "locks"]
    assert (folder / "meta.json").exists()


def test_counts_and_frequency_buckets_are_those_of_the_share(tmp_path: Path) -> None:
    options = {**texts(tmp_path, TEXT, test=TEXT), "vocabulary": {"size": None}}
    whole, part = opened(options, tmp_path), opened({**options, "train_share": 0.25}, tmp_path)
    assert (
        part.vocabulary.counts.tolist()
        == np.bincount(part.train.ids, minlength=len(whole.vocabulary)).tolist()
    )
    assert part.test.vocabulary is part.valid.vocabulary is part.train.vocabulary is part.vocabulary
    unseen = int((part.vocabulary.counts[part.test.ids] == 0).sum())
    scores = np.zeros(len(part.test), dtype=np.float32)
    assert by_frequency(scores, part.test)["bucket_targets"][0] == unseen > 0
    assert by_frequency(scores, whole.test)["bucket_targets"][0] == 0


@pytest.mark.parametrize(
    ("share", "answer"),
    [
        (0, "corpus.train_share=0 is not usable: give a share above 0, up to 1, or null"),
        (-0.5, "corpus.train_share=-0.5 is not usable"),
        (2, "corpus.train_share=2 is not usable"),
        (float("nan"), "corpus.train_share=nan is not usable"),
        ("most", "corpus.train_share='most' is not usable"),
        (1e-9, "corpus.train_share=1e-09 leaves nothing of 1,280 training targets in 320 lines"),
    ],
)
def test_shares_that_cannot_be(tmp_path: Path, share: Any, answer: str) -> None:
    with pytest.raises(UserError) as caught:
        opened({**texts(tmp_path, TEXT), "train_share": share}, tmp_path)
    assert answer in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_vocabulary_of_one(tmp_path: Path) -> None:
    vocabulary = {"size": None, "min_count": 1, "unknown": "error"}
    options = {**texts(tmp_path, "a a a a a a a a\n"), "end_of_line": False, "vocabulary": vocabulary}
    corpus = opened({**options, "train_share": 0.5}, tmp_path)
    assert corpus.vocabulary.tokens == ("a",)
    assert corpus.vocabulary.counts.tolist() == [4]


def test_marks_differ_by_share_and_corpus() -> None:
    marks = {share_fingerprint(whole, share) for whole in ("x", "y") for share in (0.1, 0.2, 1)}
    assert len(marks) == 6


@pytest.fixture(scope="module")
def few_lines(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Three lines to learn from, shorter than most orders, and most words unseen in them."""
    folder = tmp_path_factory.mktemp("few")
    dice = np.random.default_rng(0)
    text = "".join(
        " ".join(dice.choice(list("abcdefghijklmnop"), dice.integers(2, 9))) + "\n" for _ in range(400)
    )
    corpus = opened(
        {**texts(folder, text, "p b o c n\n" * 4, "d m e l f k\n" * 3), "train_share": 0.004}, folder
    )
    assert len(corpus.train.lines) - 1 <= 3
    assert (corpus.vocabulary.counts == 0).any()
    return corpus


@pytest.mark.parametrize("model", LANGUAGE_MODELS)
def test_every_model_learns_from_a_few_lines(model: str, few_lines: Corpus) -> None:
    (job,) = collect([f"model={model}"])
    try:
        built = build_model(reduced(job.config["model"]))
        built.fit(few_lines.train, few_lines.valid, RunLog())
    except Skip as reason:
        pytest.skip(str(reason))
    scores = scores_of(built, few_lines.test)
    assert (scores <= 1e-5).all()


def reduced(settings: Any) -> Any:
    """A model's settings with few units and one epoch."""
    if not isinstance(settings, dict):
        return settings
    small = {key: reduced(value) for key, value in settings.items()}
    if "hidden_size" in small:
        small |= {"hidden_size": 16, "embedding_size": 16}
    if isinstance(small.get("training"), dict):
        small["training"] |= {"epochs": 1, "seconds": None}
    return small
