"""Joint n-grams: alignment, automaton and sums over segmentations against brute force."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transduction_cases import ITEMS, WORDS, every_way, item, outputs_up_to, segmentations, small_model

from baselines.ngram.standalone.model import NgramModel
from baselines.tasks.transduction.alignment import Aligner, Pair, shapes_of
from baselines.tasks.transduction.joint_ngram import JointNgram
from baselines.tasks.transduction.labels import MatchedLabels, WordLabels, WrittenLabels
from baselines.tasks.transduction.lattice import Beam
from benchmark.contract import RunLog
from benchmark.errors import UserError
from benchmark.task.contract import Input
from benchmark.task.items import inputs_of

SHAPES = shapes_of(2, 2)
sequences = st.lists(st.integers(1, 3), max_size=4).map(tuple)
some_pairs = st.lists(st.tuples(sequences, sequences), min_size=1, max_size=6)
words = st.lists(st.integers(1, 2), max_size=5).map(tuple)


def quiet(step: int, log_likelihood: float) -> None:
    """Says nothing."""


def probability(aligner: Aligner, graphones: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> float:
    probs = dict(zip(aligner.graphones, aligner.probs, strict=True))
    return float(np.prod([probs[graphone] for graphone in graphones]))


@given(some_pairs, st.integers(0, 3))
def test_the_probability_of_a_pair_is_the_sum_over_its_segmentations(pairs: list[Pair], steps: int) -> None:
    aligner = Aligner.of(pairs, SHAPES).trained(steps, quiet)
    for pair, log_prob, best in zip(pairs, aligner.log_probs(), aligner.best(), strict=True):
        ways = list(segmentations(pair, SHAPES))
        assert np.exp(log_prob) == pytest.approx(sum(probability(aligner, way) for way in ways))
        assert (best is None) == (not ways)
        if best is not None:
            assert best in ways
            assert probability(aligner, best) == pytest.approx(max(probability(aligner, way) for way in ways))


@given(some_pairs)
def test_a_step_of_em_counts_each_graphone_as_often_as_is_expected(pairs: list[Pair]) -> None:
    before = Aligner.of(pairs, SHAPES).trained(1, quiet)
    expected: Counter[object] = Counter()
    for pair in pairs:
        ways = list(segmentations(pair, SHAPES))
        total = sum(probability(before, way) for way in ways)
        for way in ways:
            for graphone in way:
                expected[graphone] += probability(before, way) / total
    after = before.trained(1, quiet)
    for graphone, prob in zip(after.graphones, after.probs, strict=True):
        assert prob == pytest.approx(expected[graphone] / sum(expected.values()), abs=1e-12)


def test_em_makes_the_pairs_more_probable_at_each_step() -> None:
    sounds = sorted({sound for said in WORDS.values() for sound in said.split()})
    pairs = [(tuple(map(ord, word)), tuple(map(sounds.index, said.split()))) for word, said in WORDS.items()]
    seen: list[float] = []
    Aligner.of(pairs, SHAPES).trained(6, lambda step, value: seen.append(value))
    assert len(seen) == 6
    assert all(b > a for a, b in pairwise(seen))


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_the_automaton_gives_the_probabilities_of_the_table(order: int) -> None:
    model, table = small_model(order)
    automaton, end = model.automaton, len(model.graphones)
    draw = np.random.default_rng(2)
    for _ in range(30):
        line = draw.integers(0, end, draw.integers(0, 7))
        scores = table.score(np.array([end + 1, *line, end], dtype=np.int32))
        state, found = np.array([automaton.start]), []
        for graphone in line:
            prob, state = automaton.read(state, np.array([graphone]))
            found.append(prob[0])
        found.append(automaton.end[state[0]])
        np.testing.assert_allclose(np.log(found), scores[1:], rtol=1e-6, atol=1e-6)


@pytest.mark.filterwarnings("ignore:order 1:UserWarning")
def test_sequences_of_graphones_are_as_probable_as_an_ngram_model_of_text_says() -> None:
    model, table = small_model(3)
    end, draw = len(model.graphones), np.random.default_rng(1)
    lines = [draw.choice([1, 1, 1, 2, 3, 4, 4, 5, 6], draw.integers(1, 5)) for _ in range(40)]
    # graphone 0 is never seen, as <unk> is there: both vocabularies have the same number of words
    text = NgramModel.estimate([" ".join(map(str, line)) for line in lines], 3, conventions="published")
    for line in ([1], [1, 1, 4], [6, 2, 5, 3], [2, 2, 2, 2]):
        ours = table.score(np.array([end + 1, *line, end], dtype=np.int32)).sum() / np.log(10)
        assert ours == pytest.approx(text.score(" ".join(map(str, line))), rel=1e-5)


@given(words, st.integers(1, 4), st.integers(1, 5))
def test_sums_over_segmentations_are_those_of_writing_all_of_them_down(
    word: tuple[int, ...], order: int, seed: int
) -> None:
    model, table = small_model(order, seed)
    expected = every_way(model, table, word)
    _, of_letters = model.ways([word], WordLabels(1))
    assert of_letters[0] == pytest.approx(np.log(sum(expected.values())), abs=1e-5)

    labels = WrittenLabels(1, model.graphones)
    ended, log_mass = model.ways([word], labels)
    found = {labels.written(int(label)): mass for label, mass in zip(ended, log_mass, strict=True)}
    assert found.keys() == expected.keys()
    for output, prob in expected.items():
        assert found[output] == pytest.approx(np.log(prob), abs=1e-5)
        matched = MatchedLabels([output], model.graphones)
        ends, mass = model.ways([word], matched)
        assert mass[ends == matched.ends[0]] == pytest.approx(np.log(prob), abs=1e-5)


@given(words)
def test_a_beam_never_finds_more_than_there_is(word: tuple[int, ...]) -> None:
    model, _ = small_model(3)

    def found(beam: Beam | None) -> dict[tuple[int, ...], float]:
        labels = WrittenLabels(1, model.graphones)
        pairs = zip(*model.ways([word], labels, beam), strict=True)
        return {labels.written(int(label)): mass for label, mass in pairs}

    everything = found(None)
    for beam in (Beam(1, 0), Beam(3, 0), Beam(1000, 0)):
        some = found(beam)
        assert some
        assert all(mass <= everything[output] + 1e-9 for output, mass in some.items())
    assert some.keys() == everything.keys()


def fitted(**settings: object) -> JointNgram:
    model = JointNgram(**{"order": 3, **settings})  # type: ignore[arg-type]
    model.fit(ITEMS, [item("tash", "T A SH"), item("sax", "S A K S")], RunLog())
    return model


def test_rules_of_spelling_are_learnt() -> None:
    answers = fitted().transduce(inputs_of([item("tash", ""), item("sax", ""), item("hats", "")]))
    assert answers == [("T", "A", "SH"), ("S", "A", "K", "S"), ("H", "A", "T", "S")]


def test_probabilities_of_all_outputs_sum_to_at_most_one() -> None:
    model = JointNgram(order=2)
    model.fit([item("ab", "A B"), item("aab", "A B"), item("b", "B"), item("ba", "B B A")], [], RunLog())
    outputs = outputs_up_to(8, ("A", "B"))
    for word in ("", "a", "ab", "bab"):
        total = np.exp(model.log_prob([Input(tuple(word))] * len(outputs), outputs)).sum()
        assert 0.9 < total <= 1 + 1e-9


def test_an_output_that_cannot_be_aligned_has_a_small_probability_and_an_unheard_one_none() -> None:
    model = fitted()
    right, long, unheard = model.log_prob(
        [Input(tuple("cat"))] * 3, [("K", "A", "T"), ("K", "A", "T") * 4, ("K", "ZH", "T")]
    )
    assert right > -1
    assert -np.inf < long < -20
    assert unheard == -np.inf


def test_letters_never_seen_are_passed_over_and_an_empty_word_has_an_answer() -> None:
    model = fitted()
    strange, plain, empty, unknown = model.transduce(
        [Input(tuple(word)) for word in ("c#at", "cat", "", "##")]
    )
    assert strange == plain
    assert empty == unknown == ()
    outputs = [("K", "A", "T")] * 2
    same = model.log_prob([Input(tuple("c#at")), Input(tuple("cat"))], outputs)
    assert same[0] == same[1]


def test_the_search_goes_on_where_a_narrow_beam_loses_a_word() -> None:
    model = fitted(beam=1, beam_share=0.999)
    answers = model.transduce([*inputs_of(ITEMS), Input(tuple("xxxhhhxxx"))])
    assert len(answers) == len(ITEMS) + 1
    assert answers[-1]


def test_answers_do_not_depend_on_the_other_words_and_survive_saving(tmp_path: Path) -> None:
    model = fitted()
    inputs, outputs = inputs_of(ITEMS), [each.target for each in ITEMS]
    together, scores = model.transduce(inputs), model.log_prob(inputs, outputs)
    assert [model.transduce([each])[0] for each in inputs] == together
    alone = [model.log_prob([a], [b])[0] for a, b in zip(inputs, outputs, strict=True)]
    np.testing.assert_array_equal(alone, scores)
    model.save(tmp_path)
    loaded = JointNgram.load(tmp_path)
    assert loaded.transduce(inputs) == together
    np.testing.assert_array_equal(loaded.log_prob(inputs, outputs), scores)
    assert loaded.size() == model.size()
    assert loaded.notes == model.notes


def test_a_damaged_file_gives_one_clear_error(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    (tmp_path / "model.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="holds no whole joint n-gram model"):
        JointNgram.load(tmp_path)


def test_pairs_that_cannot_be_aligned_are_left_out_and_none_at_all_is_an_error() -> None:
    long = item("c", "K A T K A T")
    model = JointNgram(order=2)
    model.fit([*ITEMS, long], [], RunLog())
    assert model.transduce([Input(("c",))]) == [("K",)]
    with pytest.raises(UserError, match="no training pair can be aligned"):
        JointNgram(order=2).fit([long], [], RunLog())
