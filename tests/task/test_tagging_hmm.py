"""Counted taggers: hand-computed values, brute force, and TnT as NLTK has it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from tagging_cases import WORDS, grammar, item, right, sentences
from task_cases import MIRROR, needs_mirror, silent

from baselines.tasks.symbols import Symbols
from baselines.tasks.tagging.hmm_tagger import HmmTagger
from baselines.tasks.tagging.lexicon import Lexicon, shape
from baselines.tasks.tagging.most_frequent_tag import MostFrequentTag
from baselines.tasks.tagging.recurrent_tagger import RecurrentTagger
from baselines.tasks.tagging.transitions import Transitions
from benchmark.contract import RunLog
from benchmark.errors import UserError
from benchmark.settings import conf_files
from benchmark.task.contract import Tagger
from benchmark.task.dataset import open_dataset
from benchmark.task.items import Input, Item, inputs_of

SMOOTHINGS = ("deleted_interpolation", "witten_bell", "absolute_discounting")


def fitted(model: HmmTagger | MostFrequentTag, items: list[Item]) -> HmmTagger | MostFrequentTag:
    """The model, fitted on some items."""
    model.fit(items, items, RunLog())
    return model


def lexicon(counts: dict[tuple[str, int], int], **changes: object) -> Lexicon:
    """A lexicon of words with tags, each seen so often, all in one class."""
    words = Symbols.of(word for word, _ in counts)
    rows = [(2, words.number(word), tag, times) for (word, tag), times in counts.items()]
    settings = {
        "suffix_length": 10,
        "rare": 10,
        "theta": 0.5,
        "suffix_weight": None,
        "shapes": "none",
        "guess_weight": 0.0,
    }
    return Lexicon(np.array(rows), words, 1 + max(tag for _, tag in counts), **{**settings, **changes})


def test_a_suffix_is_guessed_as_in_the_paper() -> None:
    known = lexicon({("walking", 0): 1, ("sing", 0): 1, ("thing", 1): 2, ("dog", 1): 4})
    p = np.array([2 / 8, 6 / 8])  # P(t), θ = 0.5
    for seen in ([2, 6], [2, 6], [2, 2], [2, 2], [1, 0]):  # no letters, -g, -ng, -ing, -king
        p = (np.array(seen) / sum(seen) + 0.5 * p) / 1.5
    assert known.guess("king", 2) == pytest.approx(p)
    weighted = lexicon({("king", 0): 1, ("dog", 1): 3}, suffix_length=1, suffix_weight=2.0)
    p = (np.array([1, 3]) + 2 * np.array([1 / 4, 3 / 4])) / 6
    assert weighted.guess("log", 2) == pytest.approx((np.array([1, 3]) + 2 * p) / 6)
    assert known.posterior("thing", 2) == pytest.approx([0, 1])
    assert lexicon({("a", 0): 3, ("a", 1): 1}, guess_weight=4.0).posterior("a", 2) == pytest.approx(
        (np.array([3, 1]) + 4 * np.array([0.75, 0.25])) / 8
    )


def test_theta_is_the_standard_deviation_of_the_probabilities_of_tags() -> None:
    assert lexicon({("a", 0): 1, ("b", 1): 3}, theta=None).theta == pytest.approx(math.sqrt(2 * 0.25**2 / 1))


def test_suffixes_are_learned_from_rare_words_of_the_same_shape() -> None:
    counts = {("king", 0): 11, ("sing", 1): 1, ("Ting", 0): 1}
    assert lexicon(counts).guess("bring", 2)[1] == pytest.approx(lexicon(counts, rare=1).guess("bring", 2)[1])
    assert lexicon(counts, rare=11).guess("bring", 2)[0] > 0.5
    assert lexicon(counts, shapes="capital").guess("bring", 2)[1] > lexicon(counts).guess("bring", 2)[1]
    assert [shape(word) for word in ("USA", "Anna", "1,200", "re-do", "")] == ["A", "Aa", "0,0", "a-a", ""]


@given(
    counts=st.dictionaries(
        st.tuples(st.sampled_from(WORDS), st.integers(0, 2)), st.integers(1, 12), min_size=1
    ),
    word=st.text("abC1", max_size=4),
    weight=st.sampled_from([0.0, 0.7]),
)
def test_probabilities_of_a_words_tags_add_up_to_one(
    counts: dict[tuple[str, int], int], word: str, weight: float
) -> None:
    known = lexicon(counts, shapes="shape", guess_weight=weight, theta=None)
    assert known.posterior(word, 2).sum() == pytest.approx(1)
    assert known.guess(word, 3).sum() == pytest.approx(1)  # of a class that was never seen


EVENTS = st.lists(st.tuples(*(st.integers(0, 2),) * 8), min_size=1, max_size=20)
VIEWS = (("t2",), ("t2", "k2"), ("t2", "k2", "c2"), ("t1", "k1", "t2", "k2", "c2"))


@given(events=EVENTS, smoothing=st.sampled_from(SMOOTHINGS), history=st.tuples(*(st.integers(0, 3),) * 6))
def test_probabilities_of_next_states_add_up_to_one(
    events: list[tuple[int, ...]], smoothing: str, history: tuple[int, ...]
) -> None:
    counts = Counter(events)
    known = Transitions(np.array(list(counts)), np.array(list(counts.values())), 3, VIEWS, smoothing)
    t1, c1, k1, t2, c2, k2 = history
    classes = max(event[7] for event in events) + 1
    blocks = [known.log_probs((c1, k1, c2, k2), k3) for k3 in range(classes)]
    rows = [block[t1 if len(block) > 1 else 0, t2] for block in blocks]
    assert np.exp(rows).sum() == pytest.approx(1)


def test_the_weights_of_deleted_interpolation_are_those_of_the_paper() -> None:
    # Tags 0 and 1 and the boundary 2, as (t1, t2, t3): how often.
    seen = {(2, 2, 0): 3, (2, 0, 1): 2, (2, 0, 2): 1, (0, 1, 2): 2}
    events = np.array([(a, 0, 0, b, 0, 0, c, 0) for a, b, c in seen])
    known = Transitions(
        events, np.array(list(seen.values())), 2, (("t2",), ("t1", "t2")), "deleted_interpolation"
    )
    # (f − 1) / (f(h) − 1) of none, t2 and t1 t2; of equal values the longest history has the vote:
    # and each view has one beforehand.
    #   2 2 0: 2/7, 2/2, 2/2   2 0 1: 1/7, 1/2, 1/2   2 0 2: 2/7, 0/2, 0/2   0 1 2: 2/7, 1/1, 1/1
    assert known.weights == pytest.approx([2 / 11, 1 / 11, 8 / 11])
    share = (3 / 8 * 8 + 3 * (3 / 8)) / 11  # P(t3 = 2), and a little of the start of the chain: as it is here
    p = np.exp(known.log_probs((0, 0, 0, 0), 0)[2, 0, 2])
    assert p == pytest.approx(2 / 11 * share + 9 / 11 * (1 / 3))


def brute_force(model: HmmTagger, input: Input) -> dict[tuple[str, ...], float]:
    """ln p of every sequence of tags with the words, from the model's parts, term by term."""
    tags, boundary = model._tags, len(model._tags)
    classes, fine = model._observed.numbers(input)
    found = {}
    for path in product(range(boundary), repeat=len(input.tokens)):
        t, c, k = [boundary, boundary, *path, boundary], [0, 0, *fine, 0], [0, 0, *classes, 0]
        score = sum(
            model._lexicon.log_likelihood(word, own)[tag]
            for word, own, tag in zip(input.tokens, classes, path, strict=True)
        )
        for i in range(2, len(t)):
            block = model._transitions.log_probs((c[i - 2], k[i - 2], c[i - 1], k[i - 1]), k[i])
            score += block[t[i - 2] if len(block) > 1 else 0, t[i - 1], t[i]]
        found[tuple(tags[tag] for tag in path)] = float(score)
    return found


SETTINGS = st.fixed_dictionaries(
    {
        "order": st.sampled_from([2, 3]),
        "classes": st.sampled_from(["none", "capital", "given"]),
        "smoothing": st.sampled_from(SMOOTHINGS),
        "lexicalised": st.sampled_from([None, 2]),
        "guess_weight": st.sampled_from([0.0, 0.5]),
    }
)


@given(items=sentences(), settings=SETTINGS, words=st.lists(st.sampled_from([*WORDS, "new"]), max_size=4))
def test_the_tags_are_the_best_of_all_sequences(
    items: list[Item], settings: dict[str, object], words: list[str]
) -> None:
    model = fitted(HmmTagger(**settings), items)  # type: ignore[arg-type]
    input = Input(tuple(words), ("g",) * len(words))
    scores = brute_force(model, input)  # type: ignore[arg-type]
    answer = model.tag([input])[0]
    assert scores[answer] == pytest.approx(max(scores.values()))
    assert max(scores.values()) > -math.inf


@given(items=sentences(least=0), settings=SETTINGS)
def test_a_saved_tagger_gives_the_same_answers(
    items: list[Item], settings: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("tagger")
    model = fitted(HmmTagger(**settings), items)  # type: ignore[arg-type]
    model.save(folder)
    again = HmmTagger.load(folder)
    assert again.tag(inputs_of(items)) == model.tag(inputs_of(items))
    assert again.size() == model.size()


def test_the_most_frequent_tag_is_that_of_the_word_or_of_its_class() -> None:
    items = [
        item([("a", "g", "X"), ("a", "h", "Y"), ("b", "h", "Y")]),
        item([("a", "g", "X"), ("c", "g", "Z"), ("b", "h", "Z"), ("a", "h", "Z")]),
    ]
    question = [Input(("a", "b", "c", "new"), ("h", "h", "h", "h"))]
    by_word = fitted(MostFrequentTag(suffix_length=0, rare=1, shapes="none"), items)
    # b was Y and Z once each, and Z is the more frequent tag in all; c is the only rare word.
    assert by_word.tag(question) == [("X", "Z", "Z", "Z")]
    by_class = fitted(MostFrequentTag(classes="given", words=False), items)
    assert by_class.tag(question) == [("Z",) * 4]
    both = fitted(MostFrequentTag(classes="given", suffix_length=0, shapes="none"), items)
    assert both.tag([Input(("a", "a", "new"), ("g", "h", "g"))]) == [("X", "Z", "X")]


@pytest.mark.parametrize("make", [HmmTagger, MostFrequentTag])
def test_odd_inputs_are_answered(make: Callable[..., HmmTagger]) -> None:
    model = fitted(make(classes="given"), [item([("a", "g", "X"), ("b", "h", "Y")]), Item(Input(()), ())])
    answers = model.tag(
        [Input(()), Input(("a",), ("new",)), Input(("a", "b")), Input(("", "é" * 99), ("g", "h"))]
    )
    assert [len(answer) for answer in answers] == [0, 1, 2, 2]
    one_tag = fitted(make(), [item([("a", "g", "X")])])
    assert one_tag.tag([Input(("a", "b"))]) == [("X", "X")]


def test_states_with_given_tags_and_frequent_words_learn_what_words_alone_do_not_say() -> None:
    train, test = grammar(200, seed=1), grammar(50, seed=2)
    # `sees` is a noun within a phrase and a verb elsewhere: its given tag says which.
    plain = fitted(MostFrequentTag(), train).tag(inputs_of(test))
    assert right(plain, test) < 1
    chunker = fitted(HmmTagger(classes="given", smoothing="absolute_discounting", lexicalised=5), train)
    assert right(chunker.tag(inputs_of(test)), test) == 1
    bigrams = fitted(HmmTagger(order=2), train)
    assert right(bigrams.tag(inputs_of(test)), test) == 1  # the tag before says it, too


@pytest.mark.parametrize("make", [HmmTagger, MostFrequentTag, RecurrentTagger])
def test_items_without_tokens_are_one_line(make: Callable[..., Tagger]) -> None:
    with pytest.raises(UserError, match="have no tokens"):
        make().fit([Item(Input(()), ())], [], RunLog())


@pytest.mark.parametrize("file", ["model.json", "words.json", "lexicon.npy", "transitions.npy", "fine.json"])
def test_a_damaged_model_is_one_line(file: str, tmp_path: Path) -> None:
    model = fitted(HmmTagger(), grammar(10, seed=1))
    model.save(tmp_path)
    (tmp_path / file).write_bytes((tmp_path / file).read_bytes()[:-20])
    with pytest.raises(UserError, match=r"cannot read the model in .* train it again") as raised:
        HmmTagger.load(tmp_path)
    assert "\n" not in str(raised.value)


def test_numbers_beyond_the_words_are_damage(tmp_path: Path) -> None:
    fitted(HmmTagger(), grammar(10, seed=1)).save(tmp_path)
    rows = np.load(tmp_path / "lexicon.npy")
    np.save(tmp_path / "lexicon.npy", rows + 1000)
    with pytest.raises(UserError, match=r"lexicon\.npy holds numbers"):
        HmmTagger.load(tmp_path)


@needs_mirror
def test_tags_of_the_treebank_are_about_those_of_tnt_in_nltk(tmp_path: Path) -> None:
    """By the settings of the paper. NLTK counts ties of deleted interpolation otherwise, and prunes paths."""
    tnt = pytest.importorskip("nltk.tag.tnt")
    if not hasattr(tnt.TnT(), "_suffix_trie_by_cap"):
        pytest.skip("this NLTK has no guesses for unknown words")
    options: Any = OmegaConf.to_container(OmegaConf.load(conf_files("corpus")["treebank"]), resolve=False)
    data = open_dataset(options, corpora_dir=Path(str(MIRROR)), cache_dir=tmp_path, say=silent)
    train, test = list(data.train[:1000]), data.valid[:60]
    peer = tnt.TnT()
    peer.train([list(zip(each.input.tokens, each.target, strict=True)) for each in train])
    theirs = [tuple(tag for _, tag in peer.tag(list(each.input.tokens))) for each in test]
    ours = fitted(HmmTagger(), train).tag(inputs_of(test))
    same = [a == b for one, other in zip(theirs, ours, strict=True) for a, b in zip(one, other, strict=True)]
    assert np.mean(same) > 0.97
    assert abs(right(theirs, test) - right(ours, test)) < 0.01
