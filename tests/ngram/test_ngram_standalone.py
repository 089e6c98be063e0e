"""`nextword.NgramModel`: the n-gram engine beside the kenlm module, the harness and sums by hand."""

from __future__ import annotations

import bz2
import copy
import gzip
import lzma
import math
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from few_examples import few
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import SENTENCES, Lines, penn_treebank, small_texts, stream_of, with_ends

import nextword
from baselines.ngram.standalone.smoothings import SMOOTHINGS, unfitted_model
from benchmark.contract import RunLog
from benchmark.corpus import END, UNKNOWN
from nextword import NgramModel, State, UserError

pytestmark = pytest.mark.filterwarnings("ignore:order .* no Kneser-Ney discounts")


def sentences(lines: Lines) -> list[str]:
    return [" ".join(line) for line in lines]


def test_one_sentence_by_hand() -> None:
    """Line "a": V = 3 with `<unk>`, discounts 0.5, 1, 1.5, γ = 0.5. p(a) = 0.5 / 2 + 0.5 / 3 = 5/12, so
    p(a | <s>) = 0.5 + 0.5 · 5/12 = 17/24 = p(</s> | a), p(<unk>) = 1/6."""
    with pytest.warns(UserWarning, match="order 1: no Kneser-Ney discounts"):
        model = NgramModel.estimate(["a"], order=2)
    assert model.score("a") == pytest.approx(2 * math.log10(17 / 24), abs=1e-6)
    assert model.prob("a") == pytest.approx(5 / 12, abs=1e-6)
    assert model.prob("b") == pytest.approx(1 / 6, abs=1e-6)
    assert model.prob("b", "a") == pytest.approx(1 / 12, abs=1e-6)
    assert model.perplexity("a") == pytest.approx(24 / 17, abs=1e-5)
    assert dict(model.next_words("a", bos=False)) == pytest.approx(
        {END: 17 / 24, "a": 5 / 24, UNKNOWN: 1 / 12}, abs=1e-6
    )


@few
@given(lines=small_texts.filter(any), order=st.integers(1, 6), smoothing=st.sampled_from(sorted(SMOOTHINGS)))
def test_a_word_at_a_time_is_the_whole_text_at_once(lines: Lines, order: int, smoothing: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        held_out = ["a b c"] if SMOOTHINGS[smoothing].held_out else None
        model = NgramModel.estimate(sentences(lines), order, smoothing=smoothing, held_out=held_out)
    texts = [*sentences(lines), "a e z b", ""]
    by_word = [model.score(text) for text in texts]
    assert by_word == pytest.approx(model.scores(texts), rel=1e-5, abs=1e-5)
    for words in (text.split() for text in texts):
        history: list[str] = []
        for word, full in zip([*words, END], model.full_scores(words), strict=True):
            log10 = model.log10_prob(word, history, bos=True)
            assert log10 == pytest.approx(full.log_prob, abs=1e-9)
            assert model.prob(word, history, bos=True) == pytest.approx(10**log10)
            assert full.oov == (word not in model or word == UNKNOWN)
            history.append(word)


@few
@given(lines=small_texts.filter(any), order=st.integers(1, 6))
def test_probabilities_sum_to_one_after_any_history(lines: Lines, order: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = NgramModel.estimate(sentences(lines), order)
    assert model.normalised
    for history in ([], ["a"], ["zz", "a"], lines[0]):
        for bos in (False, True):
            total = math.fsum(model.prob(word, history, bos) for word in model.vocabulary)
            assert total == pytest.approx(1, abs=1e-5)
            shown = model.next_words(history, len(model.vocabulary), bos)
            assert [p for _, p in shown] == sorted((p for _, p in shown), reverse=True)
            assert dict(shown) == pytest.approx(
                {word: model.prob(word, history, bos) for word in model.vocabulary}, rel=1e-4, abs=1e-7
            )


@few
@given(lines=small_texts.filter(any), order=st.integers(1, 4), name=st.sampled_from(sorted(SMOOTHINGS)))
def test_it_is_the_model_of_the_harness(lines: Lines, order: int, name: str) -> None:
    stream, other = stream_of(with_ends(lines)), with_ends([["a", "b"], ["z"]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = NgramModel.estimate(sentences(lines), order, smoothing=name, held_out=["a b", "z"])
    theirs = unfitted_model(name, order, {})
    theirs.fit(stream, stream_of(other, stream.vocabulary), RunLog())
    totals = np.add.reduceat(theirs.log_probs(stream).astype(np.float64), stream.lines[:-1]) / math.log(10)
    assert ours.scores(sentences(lines)) == pytest.approx(totals, abs=1e-6)
    assert ours.normalised == theirs.normalised
    learned = getattr(theirs, "discounts", None)
    assert learned is None or name != "kneser_ney" or ours.learned["discounts"] == learned


def test_every_way_to_give_sentences_is_the_same(tmp_path: Path, model: NgramModel) -> None:
    text = "\n".join(SENTENCES) + "\n"
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "a.txt.bz2").write_bytes(bz2.compress(text.encode()))
    (tmp_path / "a.txt.xz").write_bytes(lzma.compress(text.rstrip("\n").encode()))

    def generated() -> Iterator[list[str]]:
        yield from (line.split() for line in SENTENCES)

    sources = [*(tmp_path / f"a.txt{end}" for end in ("", ".gz", ".bz2", ".xz")), str(tmp_path / "a.txt")]
    for source in [*sources, generated(), tuple(SENTENCES)]:
        other = NgramModel.estimate(source, 3)
        assert other.vocabulary == model.vocabulary
        assert other.scores(SENTENCES).tolist() == model.scores(SENTENCES).tolist()


def test_standard_input(tmp_path: Path) -> None:
    program = (
        "import nextword; model = nextword.NgramModel.estimate('-', 2);"
        "print('before'); model.to_arpa('-'); print('after')"
    )
    place = tmp_path / "x.arpa"
    place.write_text("there already\n", encoding="utf-8")
    with place.open("a", encoding="utf-8") as output:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            input="a b\nb a\n",
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    written = place.read_text(encoding="utf-8")
    assert written.startswith("there already\nbefore\n\\data\\")
    assert written.endswith("\\end\\\nafter\n")
    assert NgramModel(tmp_path / "x.arpa").score("a b") == pytest.approx(
        NgramModel.estimate(["a b", "b a"], 2).score("a b"), abs=1e-6
    )


def test_saved_and_read_again(tmp_path: Path, model: NgramModel) -> None:
    model.save(tmp_path / "model")
    for other in (NgramModel(tmp_path / "model"), NgramModel.load(str(tmp_path / "model"))):
        assert list(other.full_scores("the cat zz down")) == list(model.full_scores("the cat zz down"))
        assert other.vocabulary == model.vocabulary
        assert other.learned == model.learned
        assert other.notes == model.notes
        assert other.normalised
        assert other.path == str(tmp_path / "model")
    model.save(tmp_path / "model")  # in its own place
    for packed in ("", ".gz", ".bz2", ".xz"):
        model.to_arpa(tmp_path / f"a.arpa{packed}")
        again = NgramModel(tmp_path / f"a.arpa{packed}")
        assert again.scores(SENTENCES) == pytest.approx(model.scores(SENTENCES), abs=1e-5)
        assert again.ngrams == model.ngrams


def test_a_folder_of_something_else_stays(tmp_path: Path, model: NgramModel) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="holds no model: name another folder"):
        model.save(tmp_path)
    with pytest.raises(UserError, match="holds no model"):
        model.save(tmp_path / "notes.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_damaged_folders_are_one_line(tmp_path: Path, model: NgramModel) -> None:
    model.save(tmp_path / "model")
    for name, content in {
        "ngram_model.json": '{"format": 99}',
        "vocabulary.json": '{"tokens": ["a"], "counts": [1]}',
        "table.json": "{}",
        "log_probs.1.npy": "no array",
    }.items():
        before = (tmp_path / "model" / name).read_bytes()
        (tmp_path / "model" / name).write_text(content, encoding="utf-8")
        with pytest.raises(UserError, match=name) as failed:
            NgramModel(tmp_path / "model")
        assert "\n" not in str(failed.value)
        (tmp_path / "model" / name).write_bytes(before)
    with pytest.raises(UserError, match="holds no model"):
        NgramModel(tmp_path)


def test_a_flipped_bit_is_found(tmp_path: Path, model: NgramModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every file of a small model; in a large one, whose files are not read as it is loaded, if asked."""
    model.save(tmp_path / "model")
    for path in (tmp_path / "model").iterdir():
        whole = path.read_bytes()
        path.write_bytes(bytes([*whole[:-3], whole[-3] ^ 1, *whole[-2:]]))
        for check in (None, True):
            with pytest.raises(UserError, match=path.name) as failed:
                NgramModel.load(tmp_path / "model", check=check)
            assert "\n" not in str(failed.value)
        path.write_bytes(whole)
    (tmp_path / "model" / "checksums.json").unlink()  # a model from before there were any
    assert NgramModel(tmp_path / "model").score("the cat") == model.score("the cat")
    model.save(tmp_path / "model")
    monkeypatch.setattr("baselines.ngram.standalone.files.CHECKED", 0)
    array = tmp_path / "model" / "log_probs.1.npy"
    array.write_bytes(array.read_bytes()[:-1] + b"\1")
    NgramModel(tmp_path / "model")
    with pytest.raises(UserError, match=r"log_probs\.1\.npy is damaged"):
        NgramModel(tmp_path / "model", check=True)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("no/such/file.txt", "cannot read no/such/file.txt"),
        ([], "there are no sentences"),
        (["a", "b\nc"], "sentence 2: it has a line break"),
        ([["a"], ["b c"]], "sentence 2: 'b c' is no word"),
        ([["a"], ["b", ""]], "sentence 2: '' is no word"),
        ([["a"], [1]], "sentence 2: 1 is no word"),
        (["a", "\ud800"], "sentence 2: it has half a character"),
        (["a <s> b"], "'<s>' in the sentences, line 1"),
    ],
)
def test_what_is_no_text_is_one_line(source: object, said: str) -> None:
    with pytest.raises(UserError, match=said) as failed:
        NgramModel.estimate(source, 2)  # type: ignore[arg-type]
    assert "\n" not in str(failed.value)


def test_a_packed_file_that_is_cut_short_is_one_line(tmp_path: Path) -> None:
    whole = gzip.compress(("a b c\n" * 10_000).encode())
    (tmp_path / "a.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"a\.gz: it is damaged or cut short"):
        NgramModel.estimate(tmp_path / "a.gz", 2)
    (tmp_path / "b.gz").write_bytes(b"plain text\n")
    with pytest.raises(UserError, match=r"b\.gz"):
        NgramModel.estimate(tmp_path / "b.gz", 2)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"order": 0}, "order=0 is not usable"),
        ({"order": True}, "order=True is not usable"),
        ({"smoothing": "kneserney"}, "Did you mean 'kneser_ney'"),
        ({"smoothing": "jelinek_mercer"}, "give held_out="),
        ({"smoothing": "witten_bell", "from": 1}, "from: smoothing=witten_bell has no such setting"),
        ({"smoothing": "witten_bell", "prune": (0, 1)}, "need smoothing='kneser_ney'"),
        ({"prune": (1,)}, "begins with 0"),
        ({"prune": (0, 0, 0, 0, 1)}, "prune has 5 numbers"),
        ({"prune": (0, 2, 1)}, "never falls"),
        ({"discount_fallback": (2.0,)}, "discount_fallback"),
        ({"discount_fallback": False}, "order 1: no Kneser-Ney discounts"),
        ({"discount_fallback": ()}, "one, two or three discounts"),
        ({"vocabulary_size": 9, "interpolate_unigrams": False}, "needs interpolate_unigrams"),
        ({"memory": "much"}, "memory=much"),
        ({"vocabulary": ["a b"]}, "'a b' is no word"),
    ],
)
def test_what_does_not_fit_is_one_line(settings: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said) as failed:
        NgramModel.estimate(["a b", "b"], **{"order": 3, **settings})  # type: ignore[arg-type]
    assert "\n" not in str(failed.value)


def test_a_given_vocabulary_makes_other_words_unknown() -> None:
    model = NgramModel.estimate(SENTENCES, 2, vocabulary=["cat", "the", "never"])
    assert set(model.vocabulary) == {"cat", "the", "never", END, UNKNOWN}
    assert model.score("dog") == model.score("anything")
    as_unknown = [" ".join(w if w in ("cat", "the") else UNKNOWN for w in line.split()) for line in SENTENCES]
    other = NgramModel.estimate(as_unknown, 2, vocabulary=["cat", "the", "never"])
    assert model.scores(SENTENCES).tolist() == other.scores(as_unknown).tolist()
    assert model.evaluate(["dog cat"]).unknown == 1


def test_evaluating_a_text(model: NgramModel) -> None:
    text = ["the cat zz", "a dog"]
    found = model.evaluate(text)
    full = [each for line in text for each in model.full_scores(line)]
    assert (found.targets, found.unknown) == (7, 1)
    assert found.log10_prob == pytest.approx(sum(each.log_prob for each in full), abs=1e-5)
    assert found.perplexity == pytest.approx(10 ** (-found.log10_prob / 7), rel=1e-5)
    known = [each.log_prob for each in full if not each.oov]
    assert found.perplexity_known == pytest.approx(10 ** (-np.mean(known)), rel=1e-5)
    with pytest.raises(UserError, match="an empty text"):
        model.evaluate([])


def test_drawing_text(model: NgramModel) -> None:
    assert model.generate("the", seed=3) == model.generate("the", seed=3)
    assert model.generate("the", temperature=0).startswith("the cat sat")
    drawn = {word for seed in range(20) for word in model.generate(seed=seed).split()}
    assert drawn <= set(model.vocabulary) - {UNKNOWN, END}
    assert len(model.generate("the", length=2, seed=1).split()) <= 3


def test_smaller_models(model: NgramModel) -> None:
    assert sum(model.pruned(1e-2).ngrams) < sum(model.ngrams)
    assert model.pruned(0).scores(SENTENCES) == pytest.approx(model.scores(SENTENCES), abs=1e-4)
    assert model.quantised(4).scores(SENTENCES) == pytest.approx(model.scores(SENTENCES), abs=0.5)
    assert math.fsum(model.quantised(4).prob(w, "the cat") for w in model.vocabulary) == pytest.approx(
        1, abs=1e-4
    )
    with pytest.raises(UserError, match="bits=0"):
        model.quantised(0)
    with pytest.raises(UserError, match="threshold=-1"):
        model.pruned(-1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:order 1")
@pytest.mark.parametrize("smoothing", ["kneser_ney", "good_turing"])
def test_a_limit_on_memory_holds_as_the_kernel_measures_it(tmp_path: Path, smoothing: str) -> None:
    """Two million words, whose model takes 300 MB without a limit."""
    random = np.random.default_rng(5)
    words = np.char.add("w", (random.zipf(1.2, 2_000_000) % 100_000).astype(str))
    text = "\n".join(map(" ".join, words.reshape(-1, 20)))
    (tmp_path / "text").write_text(text, encoding="utf-8")
    program = (
        "import re, nextword; nextword.NgramModel.estimate("
        f"'text', 5, smoothing={smoothing!r}, memory='60M').save('model');"
        "print(re.search(r'VmHWM:\\s*(\\d+) kB', open('/proc/self/status').read())[1])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) << 10 <= (60 << 20) + (200 << 20)
    whole = NgramModel.estimate(tmp_path / "text", 5, smoothing=smoothing)
    assert (
        NgramModel(tmp_path / "model").scores(tmp_path / "text").tobytes()
        == whole.scores(tmp_path / "text").tobytes()
    )


def test_an_index_changes_no_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: NgramModel, with_loops: Path
) -> None:
    fast = model.indexed()
    assert fast.scores(SENTENCES).tolist() == model.scores(SENTENCES).tolist()
    assert fast.evaluate(SENTENCES) == model.evaluate(SENTENCES)
    assert fast.nbytes > 2 * model.nbytes
    fast.save(tmp_path / "fast")
    assert NgramModel(tmp_path / "fast").nbytes == fast.nbytes
    assert NgramModel(tmp_path / "fast").scores(SENTENCES).tolist() == model.scores(SENTENCES).tolist()
    assert fast.pruned(1e-2).nbytes < model.nbytes
    monkeypatch.setattr("baselines.ngram.table.compiled.find_spec", lambda _: None)
    monkeypatch.setenv("NEXTWORD_COMPILED", "off")
    with pytest.raises(UserError, match="needs numba"):
        model.indexed()
    assert (
        NgramModel(tmp_path / "fast").scores(SENTENCES).tolist() == model.scores(SENTENCES).tolist()
    )  # the trie
    assert NgramModel(tmp_path / "fast").nbytes == model.nbytes


def test_fewer_bytes_change_no_number(tmp_path: Path, model: NgramModel) -> None:
    small = model.compacted()
    assert small.nbytes < model.nbytes
    assert [small.score(line) for line in SENTENCES] == [model.score(line) for line in SENTENCES]
    assert small.next_words("the cat") == model.next_words("the cat")
    small.save(tmp_path / "small")
    assert NgramModel(tmp_path / "small").nbytes == small.nbytes
    assert NgramModel(tmp_path / "small").scores(SENTENCES).tolist() == model.scores(SENTENCES).tolist()
    for each in (small, model):
        each.to_arpa(tmp_path / f"{id(each)}.arpa")
    one, two = (path.read_text(encoding="utf-8") for path in tmp_path.glob("*.arpa"))
    assert one == two
    assert not model.quantised(2, 2).normalised


def test_bytes_of_an_ngram_of_the_penn_treebank() -> None:
    """At most 8 exact, and 4.5 in codes of eight bits."""
    stream = penn_treebank()["train"]
    text = " ".join(stream.vocabulary.decode(stream.ids)).replace(f" {END}", "\n").replace(END, "\n")
    model = NgramModel.estimate(text.splitlines(), 5)
    ngrams = sum(model.ngrams)
    assert model.compacted().nbytes <= 8 * ngrams
    assert model.quantised(8, 8).compacted().nbytes <= 4.5 * ngrams


def test_counting_within_little_memory_is_the_same(model: NgramModel) -> None:
    other = NgramModel.estimate(SENTENCES, 3, memory="1K", threads=2)
    assert other.scores(SENTENCES).tolist() == model.scores(SENTENCES).tolist()
    seen: list[tuple[int, int]] = []
    NgramModel.estimate(SENTENCES, 3, progress=lambda *done: seen.append(done))
    assert seen[-1][0] <= seen[-1][1]


def test_a_vocabulary_beyond_sixteen_bits() -> None:
    """Words from id 65,535 on are stored apart."""
    rng = np.random.default_rng(1)
    words = [f"w{i}" for i in range(70_000)]
    lines = [" ".join(words[i : i + 7]) for i in range(0, 70_000, 7)]
    lines += [f"w5 {words[i]} w9" for i in rng.integers(60_000, 70_000, 500)]
    model = NgramModel.estimate(lines, 3)
    some = [lines[i] for i in rng.integers(0, len(lines), 200)] + ["w5 w69999 w9 w69999"]
    assert [model.score(line) for line in some] == pytest.approx(model.scores(some), rel=1e-5)


def test_states_by_the_names_of_the_kenlm_module(model: NgramModel) -> None:
    one, two = State(), State()
    model.BeginSentenceWrite(one)
    total = 0.0
    for word in ("the", "cat", "zz", END):
        full = model.BaseFullScore(one, word, State())
        assert full.oov == (word == "zz")
        total += model.BaseScore(one, word, two)
        one, two = two, State()
    assert total == pytest.approx(model.score("the cat zz"))
    model.NullContextWrite(one)
    assert one == State() == copy.copy(one)
    assert hash(one) == hash(State())
    other = State()
    model.BeginSentenceWrite(other)
    assert one != other
    assert "cat" in model
    assert "<s>" in model
    assert "zz" not in model


@few
@given(lines=small_texts.filter(any), order=st.integers(2, 6))
def test_beside_the_kenlm_module(lines: Lines, order: int) -> None:
    kenlm = pytest.importorskip("kenlm")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = NgramModel.estimate(sentences(lines), order)
        model.to_arpa(f"{folder}/a.arpa")
        theirs = kenlm.Model(f"{folder}/a.arpa")
    assert theirs.order == model.order
    for text in [*sentences(lines), "a b zz c", "zz", ""]:
        for bos in (False, True):
            for eos in (False, True):
                assert model.score(text, bos, eos) == pytest.approx(theirs.score(text, bos, eos), abs=1e-4)
                ours, other = (
                    list(model.full_scores(text, bos, eos)),
                    list(theirs.full_scores(text, bos, eos)),
                )
                assert [each[1:] for each in ours] == [each[1:] for each in other]
                assert [each[0] for each in ours] == pytest.approx([each[0] for each in other], abs=1e-5)
        assert model.perplexity(text) == pytest.approx(theirs.perplexity(text), rel=1e-4)


def test_two_models_as_one_by_hand() -> None:
    """Unigram models of "a" and of "a b": p = λ p₁ + (1 − λ) p₂ for every word of either."""
    one, two = NgramModel.estimate(["a a b"], 1), NgramModel.estimate(["a c"], 1)
    mixed = NgramModel.interpolate([one, two], weights=[0.25, 0.75])
    for word in ("a", "b", "c", END, UNKNOWN):
        expected = 0.25 * (one.prob(word) if word in one else 0) + 0.75 * (
            two.prob(word) if word in two else 0
        )
        assert mixed.prob(word) == pytest.approx(expected, abs=1e-6)
    assert mixed.learned == {"weights": [0.25, 0.75]}


@few
@given(
    one=small_texts.filter(any),
    two=small_texts.filter(any),
    orders=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_a_mixture_sums_to_one_and_has_the_n_grams_of_both(
    one: Lines, two: Lines, orders: tuple[int, int]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = [
            NgramModel.estimate(sentences(x), order) for x, order in zip((one, two), orders, strict=True)
        ]
    mixed = NgramModel.interpolate(models, weights=[0.3, 0.7])
    assert mixed.order == max(orders)
    for history in ([], ["a"], one[0], two[-1]):
        total = math.fsum(mixed.prob(word, history, bos=True) for word in mixed.vocabulary)
        assert total == pytest.approx(1, abs=1e-4)
    both = NgramModel.interpolate([models[0], models[0]], weights=[0.5, 0.5])
    assert both.scores(sentences(two)) == pytest.approx(models[0].scores(sentences(two)), abs=1e-3)
    for line in sentences(two):  # a stored n-gram has the mixture of its two probabilities
        words = [*line.split(), END]
        for place, full in enumerate(mixed.full_scores(line)):
            if full.ngram_length > 1 and full.ngram_length <= place + 1:
                context = words[place + 1 - full.ngram_length : place]
                parts = [m.prob(words[place], context) if words[place] in m else 0 for m in models]
                mixture = mixed.prob(words[place], context)
                assert mixture == pytest.approx(0.3 * parts[0] + 0.7 * parts[1], rel=1e-3)


def test_weights_that_fit_a_text_best() -> None:
    one, two = NgramModel.estimate(SENTENCES[:3], 2), NgramModel.estimate(["x y", "y x z"] * 9, 2)
    text = [*SENTENCES[:2], "x y z"]
    found = NgramModel.interpolate([one, two], tune_on=text)
    weight = found.learned["weights"][0]
    assert 0.5 < weight < 1

    def likelihood(share: float) -> float:
        parts = []
        for line in text:
            for a, b, word in zip(
                one.full_scores(line), two.full_scores(line), [*line.split(), END], strict=True
            ):
                parts.append(
                    share * 10**a.log_prob * (word in one) + (1 - share) * 10**b.log_prob * (word in two)
                )
        return float(np.log(parts).mean())

    grid = np.linspace(0.001, 0.999, 999)
    assert weight == pytest.approx(grid[np.argmax([likelihood(share) for share in grid])], abs=1e-3)


@pytest.mark.parametrize(
    ("given_weights", "said"),
    [
        ({"weights": [0.5]}, "give one for each of the 2 models"),
        ({"weights": [0.5, 0.6]}, "with a sum of 1"),
        ({"weights": [-1.0, 2.0]}, "not negative"),
        ({"weights": [math.nan, 1.0]}, "not negative"),
        ({}, "either weights="),
        ({"weights": [0.5, 0.5], "tune_on": ["a"]}, "either weights="),
        ({"tune_on": ["zz"] * 0}, "no model knows"),
    ],
)
def test_mixtures_that_cannot_be(model: NgramModel, given_weights: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        NgramModel.interpolate([model, model], **given_weights)  # type: ignore[arg-type]


def test_it_needs_nothing_but_numpy() -> None:
    program = (
        "import sys, nextword; m = nextword.NgramModel.estimate(['a b', 'b'], 2, smoothing='witten_bell');"
        "m.generate(seed=1); m.next_words('a'); m.quantised(4);"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(nextword.__file__).parent)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split()) - set(sys.stdlib_module_names)
    own = {"__main__", "_distutils_hack", "baselines", "benchmark", "nextword", "numpy"}
    assert {name for name in loaded - own if "cython" not in name} == set()  # NumPy's own runtime
