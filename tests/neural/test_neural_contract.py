"""Every network, in both contexts, with and without `</s>`, keeps the contract of LanguageModel."""

from itertools import product

import numpy as np
import pytest
import torch
from neural_cases import CLASSES, fitted, stream

from baselines.neural import scoring
from baselines.neural.model import NeuralModel
from benchmark.contract import TokenStream
from benchmark.errors import UserError

EVERY = list(product(CLASSES, ("stream", "sentence"), (True, False)))


@pytest.fixture(
    scope="module",
    params=EVERY,
    ids=["-".join([name, context, "end" if end else "no_end"]) for name, context, end in EVERY],
)
def case(request):
    """A trained model, not to be changed, and a text for it."""
    name, context, end = request.param
    return fitted(name, stream(end=end), context=context), stream(150, end=end, seed=1)


def with_ids(like: TokenStream, ids: np.ndarray) -> TokenStream:
    return TokenStream.from_ids(ids, like.vocabulary)


def test_log_probs_are_the_next_log_probs_of_each_whole_history(case, monkeypatch):
    monkeypatch.setattr(scoring, "POSITIONS", 32)  # so that states cross many borders
    monkeypatch.setattr(scoring, "CONTEXTS", 9)
    model, test = case
    scores = model.log_probs(test)
    places = np.array([*range(40), *range(40, len(test), 11)])
    table = model.next_log_probs([test.ids[:place] for place in places])
    assert scores.dtype == table.dtype == np.float32
    assert scores.shape == (len(test),)
    np.testing.assert_allclose(scores[places], table[np.arange(len(places)), test.ids[places]], atol=2e-6)
    np.testing.assert_allclose(np.exp(table.astype(np.float64)).sum(1), 1, atol=1e-5)


def test_lines_are_scored_as_each_is_alone(case, monkeypatch):
    monkeypatch.setattr(scoring, "POSITIONS", 32)
    model, test = case
    edges = np.array([0, 2, 2, 9, 10, 30, 90, len(test), len(test)])
    lines = test if test.vocabulary.end is not None else TokenStream(test.ids, edges, test.vocabulary)
    alone = np.concatenate([model.log_probs(line) for line in lines.each_line()])
    np.testing.assert_allclose(model.log_probs_by_line(lines), alone, atol=2e-6)
    nothing = TokenStream(test.ids[:0], np.array([0]), test.vocabulary)
    assert model.log_probs_by_line(nothing).shape == (0,)


def test_scores_do_not_depend_on_how_the_stream_is_cut(case, monkeypatch):
    model, test = case
    whole = model.log_probs(test)
    for places in (1, 13):
        monkeypatch.setattr(scoring, "POSITIONS", places)
        np.testing.assert_allclose(model.log_probs(test), whole, atol=2e-6)


def test_a_later_token_changes_no_earlier_score_and_an_earlier_one_matters(case):
    model, test = case
    before = model.log_probs(test)
    changed = test.ids.copy()
    place = 80
    changed[place] = (changed[place] + 4) % 11
    after = model.log_probs(with_ids(test, changed))
    np.testing.assert_allclose(after[:place], before[:place], atol=2e-6)
    assert abs(after[place + 1] - before[place + 1]) > 1e-6


def test_every_prefix_is_scored_like_the_whole(case):
    model, test = case
    whole = model.log_probs(test)
    for length in (0, 1, 2, 31):
        np.testing.assert_allclose(
            model.log_probs(with_ids(test, test.ids[:length])), whole[:length], atol=2e-6
        )


def test_a_saved_model_scores_the_same(case, tmp_path):
    model, test = case
    model.save(tmp_path)
    again = type(model).load(tmp_path, test.vocabulary)
    assert np.array_equal(again.log_probs(test), model.log_probs(test))
    assert again.size() == model.size()
    assert (again.training, again.context, again.seed) == (model.training, model.context, model.seed)


@pytest.mark.parametrize("context", ["stream", "sentence"])
@pytest.mark.parametrize("name", CLASSES)
def test_the_seed_alone_decides_and_no_random_state_is_left_behind(name, context):
    train, test = stream(120), stream(60, seed=1)
    options = {"context": context, "dropout": 0.2}
    first = fitted(name, train, **options)
    torch.manual_seed(12345)
    before = torch.get_rng_state()
    second = fitted(name, train, **options)
    assert torch.equal(before, torch.get_rng_state())
    other = fitted(name, train, **options, seed=4)
    assert np.array_equal(first.log_probs(test), second.log_probs(test))
    assert not np.array_equal(first.log_probs(test), other.log_probs(test))


@pytest.mark.parametrize("name", CLASSES)
def test_a_sentence_model_forgets_at_the_end_of_a_sentence_and_a_stream_model_does_not(name):
    words = stream().vocabulary
    left = TokenStream.from_ids(np.array([3, 4, 2, 5, 6], np.uint16), words)
    right = TokenStream.from_ids(np.array([7, 8, 2, 5, 6], np.uint16), words)
    alone = TokenStream.from_ids(np.array([5, 6], np.uint16), words)
    model = fitted(name, context="sentence")
    np.testing.assert_allclose(model.log_probs(left)[3:], model.log_probs(right)[3:], atol=1e-6)
    np.testing.assert_allclose(model.log_probs(left)[3:], model.log_probs(alone), atol=1e-6)
    carried = fitted(name, context="stream")
    assert np.abs(carried.log_probs(left)[3:] - carried.log_probs(right)[3:]).max() > 1e-4


def test_another_vocabulary_is_refused(tmp_path):
    fitted("lstm").save(tmp_path)
    with pytest.raises(UserError, match=r"weights\.safetensors.*11 tokens.*12.*corpus it was trained on"):
        CLASSES["lstm"].load(tmp_path, stream(words=12).vocabulary)


def test_contexts_may_be_none_at_all_or_of_any_integer_type():
    model = fitted("rnn")
    assert model.next_log_probs([]).shape == (0, 11)
    one = np.array([1, 3], np.uint16)
    rows = model.next_log_probs([one, one.astype(np.uint32), np.array([], np.int64)])
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-7)
    np.testing.assert_allclose(rows[2], model.next_log_probs([np.array([], np.uint16)])[0], atol=1e-6)


@pytest.mark.parametrize("name", ["size", "network"])
def test_a_setting_that_would_hide_a_method_is_refused(name):
    with pytest.raises(TypeError, match=rf"Mine\.{name}: NeuralModel\.{name} exists"):
        type("Mine", (NeuralModel,), {"__annotations__": {name: int}, name: 3})
