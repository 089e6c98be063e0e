"""`nextword.NgramModel` with what a program may give it by mistake, and from several threads."""

from __future__ import annotations

import copy
import json
import pickle
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from ngram_texts import SENTENCES

from benchmark.corpus import END, UNKNOWN
from nextword import NgramModel, State, UserError

pytestmark = pytest.mark.filterwarnings("ignore:order .* no (Kneser-Ney|Good-Turing) discounts")


def refused(call: Callable[[], object], said: str) -> None:
    with pytest.raises(UserError, match=said) as failed:
        call()
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"order": 2.0}, "order=2.0 is not usable: give a whole number from 1 to 10"),
        ({"order": 10**30}, "from 1 to 10"),
        ({"prune": 1}, r"prune=1 is not usable: give a list of numbers, such as \(0, 0, 1\)"),
        ({"prune": "01"}, "prune='01'"),
        ({"prune": (0, 1.5)}, "prune=1.5"),
        ({"prune": (0, "1")}, "give numbers"),
        (
            {"limit_vocabulary": "words.txt"},
            "limit_vocabulary='words.txt' is not usable: give a list of words",
        ),
        ({"limit_vocabulary": Path("words.txt")}, "give a list of words"),
        ({"vocabulary": "words.txt"}, "vocabulary='words.txt' is not usable: give a list of words"),
        ({"vocabulary": ["\ud800"]}, r"half a character, U\+D800"),
        ({"vocabulary_size": -5}, "vocabulary_size=-5"),
        ({"vocabulary_size": 1.5}, "vocabulary_size=1.5"),
        ({"discount_fallback": 0.5}, "discount_fallback=0.5 is not usable: give a list"),
        ({"discount_fallback": None}, "discount_fallback=None"),
        ({"memory": 0}, "memory=0"),
        ({"memory": 1.5}, "memory=1.5"),
        ({"threads": 0}, "threads=0"),
        ({"threads": "2"}, "threads='2'"),
        ({"marks": "text"}, "marks='text' is not usable: give 'refuse' or 'read'"),
        ({"smoothing": None}, "smoothing=None is not known"),
        ({"conventions": "x"}, "conventions='x' is not usable: .* takes 'published' or 'kenlm'"),
        ({"smoothing": "add_k", "k": -1}, "k=-1 is not usable: .* takes a number above 0 or 'tune'"),
        ({"smoothing": "katz", "threshold": "5"}, "threshold='5' .* takes a whole number from 0"),
        ({"smoothing": "katz", "minimum_counts": (0,)}, "minimum_counts=.*each a whole number from 1"),
        ({"smoothing": "jelinek_mercer", "held_out": []}, "held_out: there are no sentences"),
        ({"smoothing": "absolute_discounting", "discount": 1}, "a number above 0 and below 1 or None"),
    ],
)
def test_settings_that_are_none(settings: dict[str, object], said: str) -> None:
    refused(lambda: NgramModel.estimate(["a b", "b"], **{"order": 3, **settings}), said)  # type: ignore[arg-type]


def test_a_list_is_as_good_as_a_tuple() -> None:
    one, two = (
        NgramModel.estimate(SENTENCES, 2, smoothing="katz", minimum_counts=given)
        for given in ((1, 2), [1, 2])
    )
    assert one.scores(SENTENCES).tolist() == two.scores(SENTENCES).tolist()


def test_numbers_of_numpy_are_numbers(model: NgramModel) -> None:
    other = NgramModel.estimate(SENTENCES, np.int64(3), prune=np.array([0, 1]), threads=np.int64(1))  # type: ignore[arg-type]
    assert (
        other.scores(SENTENCES).tolist()
        == NgramModel.estimate(SENTENCES, 3, prune=(0, 1)).scores(SENTENCES).tolist()
    )
    assert len(model.next_words("the", np.int64(2))) == 2
    assert NgramModel.interpolate([model, model], weights=np.array([0.5, 0.5])).order == 3  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("the cat sat on the mat", r"cannot read the cat sat on the mat: there is no such file \(a list"),
        ("the cat\n" * 999, "cannot read 'the cat"),
        ("a\0b", "cannot read 'a"),
        ("", "cannot read '': there is no such file"),
        (None, "None is no text: give the path of one, or a list of sentences"),
        (b"a b", "b'a b' is no text"),
        ([None], "sentence 1: None is no sentence"),
        ([b"a b"], "sentence 1: b'a b' is no sentence: give text"),
        (["a\r\n", "a\nb"], "sentence 2: it has a line break"),
        ([["a", "\ud800"]], r"sentence 1: .* is no word: it has half a character, U\+D800"),
    ],
)
def test_what_is_no_text(model: NgramModel, source: object, said: str) -> None:
    for ask in (NgramModel.estimate, model.scores, model.evaluate):
        refused(lambda ask=ask: ask(source), said)  # type: ignore[misc]


def test_a_word_without_end(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x" * (3 << 20), encoding="utf-8")
    refused(lambda: NgramModel.estimate(tmp_path / "a.txt"), "for text without any, put some in")


def test_the_lines_of_an_open_file_are_sentences(tmp_path: Path, model: NgramModel) -> None:
    (tmp_path / "a.txt").write_text("\n".join(SENTENCES) + "\n", encoding="utf-8")
    with (tmp_path / "a.txt").open(encoding="utf-8") as file:
        assert NgramModel.estimate(file, 3).scores(SENTENCES).tolist() == model.scores(SENTENCES).tolist()


def test_what_is_no_sentence(model: NgramModel) -> None:
    for ask in (model.score, model.perplexity, model.next_words, model.generate):
        refused(lambda ask=ask: ask("a \ud800"), r"half a character, U\+D800")  # type: ignore[misc]
    refused(lambda: model.score(None), "None is no sentence")  # type: ignore[arg-type]
    for setting in ({"temperature": -1.0}, {"temperature": float("nan")}, {"top_k": -1}, {"seed": -1}):
        refused(lambda setting=setting: model.generate("the", **setting), "is not usable")  # type: ignore[misc]
    refused(lambda: model.next_words("the", -1), "top=-1")
    refused(lambda: model.log10_prob("cat", b"the"), "b'the' is no sentence")  # type: ignore[arg-type]
    refused(lambda: model.pruned("1e-7"), "threshold='1e-7'")  # type: ignore[arg-type]
    refused(lambda: model.quantised(8, 0), "backoff_bits=0")


def test_the_mark_of_the_beginning(model: NgramModel) -> None:
    """In a context it is what `bos` says; as a word it has no probability."""
    for context in ("<s> the", ["<s>", "the"]):
        assert model.next_words(context, 3, bos=False) == model.next_words("the", 3)
        assert model.prob("cat", context) == model.prob("cat", "the", bos=True)
    refused(lambda: model.score("<s> the cat </s>"), "'<s>' is no word of a sentence: leave it out")
    refused(lambda: model.log10_prob("<s>", "the"), "'<s>' is no word")
    refused(lambda: model.BaseScore(State(), "<s>", State()), "'<s>' is no word")
    assert set(NgramModel.estimate(SENTENCES, 2, vocabulary=["<s>", "cat"]).vocabulary) == {
        "cat",
        END,
        UNKNOWN,
    }


def test_pickled_and_copied(model: NgramModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    model.next_words("the")  # keeps rows of the table
    for each in (model, model.compacted(), model.quantised(2, 2), NgramModel(tmp_path / "model")):
        for other in (pickle.loads(pickle.dumps(each)), copy.deepcopy(each), copy.copy(each)):
            assert list(other.full_scores("the cat zz")) == list(each.full_scores("the cat zz"))
            assert other.next_words("the") == each.next_words("the")
            assert (other.path, other.normalised) == (each.path, each.normalised)


def test_several_threads_may_ask(model: NgramModel) -> None:
    contexts = [*model.vocabulary, "zz"] * 30
    expected = [model.next_words(each, bos=False) for each in contexts]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            for _ in range(3):
                found = list(pool.map(lambda each: model.next_words(each, bos=False), contexts))
                assert found == expected
    finally:
        sys.setswitchinterval(interval)


def test_models_to_mix_are_read_once(model: NgramModel) -> None:
    other = NgramModel.estimate(["x y", "a x"], 2)
    text = ["the cat", "a x y"]
    expected = NgramModel.interpolate([model, other], tune_on=text).learned
    assert NgramModel.interpolate(iter([model, other]), tune_on=iter(text)).learned == expected  # type: ignore[arg-type]
    for models in ([], ["model.arpa"], model):
        refused(lambda models=models: NgramModel.interpolate(models, tune_on=text), "give a list of models")  # type: ignore[misc]
    refused(lambda: NgramModel.interpolate([model], weights=0.5), "weights=0.5 is not usable: give a list")  # type: ignore[arg-type]


def test_whether_smaller_models_sum_to_one(model: NgramModel) -> None:
    """New backoff weights make a model sum to one that did not; a text with `<unk>` leaves a little mass."""
    coarse = model.quantised(1, 1)
    assert not coarse.normalised
    assert coarse.pruned(0).normalised
    assert coarse.quantised(8).normalised
    assert not NgramModel.estimate(["a <unk> b", "b a"], 2).pruned(1e-3).normalised
    assert NgramModel.estimate(["a <unk> b", "b a"], 2, interpolate_unigrams=False).normalised


def test_an_arpa_file_with_words_that_cannot_occur(tmp_path: Path) -> None:
    """Of a word without probability, the bigram is all there is: to prune it costs more than any number."""
    unigrams = "-99\t<s>\t-0.3\n-0.5\t</s>\n-inf\ta\t-0.2\n-0.7\tb\t-0.1\n"
    bigrams = "-0.3\t<s> a\n-0.2\ta b\n-0.1\tb </s>\n"
    text = f"\\data\\\nngram 1=4\nngram 2=3\n\n\\1-grams:\n{unigrams}\n\\2-grams:\n{bigrams}\n\\end\\\n"
    (tmp_path / "a.arpa").write_text(text, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = NgramModel(tmp_path / "a.arpa")
        assert model.score("a zz") == -np.inf == model.scores(["a zz"])[0]
        assert model.perplexity("a zz") == np.inf == model.evaluate(["a zz"]).perplexity
        assert model.pruned(1e-3).prob("a", bos=True) == pytest.approx(10**-0.3, abs=1e-6)


def test_damage_that_is_one_line(tmp_path: Path, model: NgramModel) -> None:
    folder = tmp_path / "model"
    model.save(folder)
    words = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    starts = np.load(folder / "starts.2.npy")
    with (tmp_path / "other.npy").open("wb") as file:
        np.save(file, starts.astype(starts.dtype.newbyteorder(">")))
    for name, content in {
        "vocabulary.json": json.dumps({**words, "counts": [1]}).encode(),
        "table.json": b"[" * 100_000,
        "starts.2.npy": (tmp_path / "other.npy").read_bytes(),
    }.items():
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(content)
        refused(lambda: NgramModel(folder), name)
        (folder / name).write_bytes(before)
    refused(
        lambda: NgramModel(tmp_path / "none"), "there is no such file; give an ARPA file, or a saved model"
    )


def test_places_where_nothing_can_be_saved(tmp_path: Path, model: NgramModel) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    refused(lambda: model.save("/dev/full"), "holds no model: name another folder")
    refused(lambda: model.save(tmp_path / "file" / "model"), "cannot write")
    refused(lambda: model.save(tmp_path / ("x" * 300)), "cannot write")
    refused(lambda: model.to_arpa("/dev/full"), "No space left")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_saving_where_a_link_leads(tmp_path: Path, model: NgramModel) -> None:
    (tmp_path / "link").symlink_to("model")
    for each in (model, model.compacted()):  # to nothing, then to a model
        each.save(tmp_path / "link")
        assert (tmp_path / "link").is_symlink()
        assert NgramModel(tmp_path / "model").nbytes == each.nbytes
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "model"]


def test_saving_loses_nothing_else(
    tmp_path: Path, model: NgramModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.save(tmp_path / "model")
    monkeypatch.chdir(tmp_path / "model")
    refused(lambda: model.save("."), "is the working directory: name another folder")
    Path("notes.txt").write_text("mine", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    refused(lambda: model.save("model"), "holds 'notes.txt' beside a model: name another folder")
    assert Path("model/notes.txt").read_text(encoding="utf-8") == "mine"
