"""Encoder-decoder networks: attention, beam search and probabilities against plain computations."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from transduction_cases import ITEMS, item, outputs_up_to

from baselines.tasks.training import Recipe
from baselines.tasks.transduction.attention import Attention, AttentionKind
from baselines.tasks.transduction.beam import search
from baselines.tasks.transduction.encoder_decoder import EncoderDecoder
from baselines.tasks.transduction.network import BOUNDARY, EncoderDecoderNetwork, padded
from benchmark.contract import RunLog
from benchmark.errors import UserError
from benchmark.task.contract import Input
from benchmark.task.items import inputs_of

KINDS: list[AttentionKind] = ["none", "dot", "additive"]
SHORT = [(1, 2), (3,), (), (4, 4, 1, 2, 3)]


def network(attention: AttentionKind = "dot", **more: object) -> EncoderDecoderNetwork:
    """Five letters, three phonemes beside the boundary, random weights that make choices clear."""
    torch.manual_seed(3)
    sizes = {"layers": 1, "embedding_size": 5, "hidden_size": 6, "bidirectional": True, "dropout": 0.0}
    made = EncoderDecoderNetwork(5, 4, attention=attention, **{**sizes, **more}).double().eval()  # type: ignore[arg-type]
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(3)
    return made


def trained(attention: AttentionKind) -> EncoderDecoder:
    recipe = Recipe(epochs=50, batch=8, learning_rate=0.03, patience=50)
    model = EncoderDecoder(
        embedding_size=12, hidden_size=24, attention=attention, dropout=0.0, device="cpu", training=recipe
    )
    model.fit(ITEMS, ITEMS, RunLog())
    return model


#: One trained model of each kind serves many tests.
fitted = cache(trained)


@pytest.mark.parametrize("kind", ["dot", "additive"])
def test_attention_is_the_formula_in_plain_loops(kind: AttentionKind) -> None:
    torch.manual_seed(1)
    layer = Attention(kind, 3, 4).double()
    queries, states = torch.randn(2, 3, 3).double(), torch.randn(2, 5, 4).double()
    mask = torch.arange(5)[None] < torch.tensor([5, 2])[:, None]
    weights, context = layer.weights(queries, states, mask), layer(queries, states, mask)
    for word, length in enumerate((5, 2)):
        for step in range(3):
            scores = []
            for state in states[word, :length]:
                key, query = layer.keys.weight @ state, queries[word, step]
                if kind == "dot":
                    scores.append(query @ key / 3**0.5)
                else:
                    mixed = torch.tanh(layer.query.weight @ query + layer.query.bias + key)
                    scores.append(layer.score.weight[0] @ mixed)
            expected = torch.stack(scores).softmax(dim=0)
            torch.testing.assert_close(weights[word, step, :length], expected)
            assert not weights[word, step, length:].any()
            torch.testing.assert_close(context[word, step], expected @ states[word, :length])
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 3).double())


@pytest.mark.parametrize("kind", ["dot", "additive"])
def test_gradients_of_attention_are_those_of_finite_differences(kind: AttentionKind) -> None:
    torch.manual_seed(2)
    layer = Attention(kind, 3, 4).double()
    queries, states = (torch.randn(2, n, d).double().requires_grad_() for n, d in ((2, 3), (4, 4)))
    mask = torch.arange(4)[None] < torch.tensor([4, 3])[:, None]
    assert torch.autograd.gradcheck(lambda q, s: layer(q, s, mask), (queries, states))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("layers", "bidirectional"), [(1, True), (2, True), (2, False)])
def test_teacher_forcing_gives_what_writing_step_by_step_gives(
    kind: AttentionKind, layers: int, bidirectional: bool
) -> None:
    made = network(kind, layers=layers, bidirectional=bidirectional).requires_grad_(False)
    outputs = [(1, 3), (), (2, 2, 2), (3,)]
    together = made.log_probs(SHORT, outputs)
    for word, output, found in zip(SHORT, outputs, together, strict=True):
        encoded = made.encode(*padded([word]))  # alone: no padding
        memory, last, total = encoded.memory, BOUNDARY, 0.0
        for phoneme in (*output, BOUNDARY):
            logits, memory = made.write(torch.tensor([[last]]), encoded, memory)
            total += float(logits[0, 0].log_softmax(dim=0)[phoneme])
            last = phoneme
        assert float(found) == pytest.approx(total)


@pytest.mark.parametrize("kind", KINDS)
def test_a_beam_of_one_is_greedy_decoding(kind: AttentionKind) -> None:
    made = network(kind)
    for word, found in zip(SHORT, search(made, SHORT, 1), strict=True):
        encoded = made.encode(*padded([word]))
        memory, last, written = encoded.memory, BOUNDARY, []
        for _ in range(len(found) + 1):
            logits, memory = made.write(torch.tensor([[last]]), encoded, memory)
            last = int(logits[0, 0].argmax())
            written.append(last)
        assert tuple(written[: len(found)]) == found
        assert BOUNDARY not in found


@pytest.mark.parametrize("kind", KINDS)
def test_a_wide_beam_finds_the_most_probable_output(kind: AttentionKind) -> None:
    made = network(kind)
    with torch.no_grad():  # outputs end soon, so that all that matter can be written down
        made.output.bias[BOUNDARY] += 3
    outputs = [tuple(map(int, output)) for output in outputs_up_to(4, ("1", "2", "3"))]
    for word, found in zip(SHORT, search(made, SHORT, 200), strict=True):
        log_probs = made.log_probs([word] * len(outputs), outputs)
        assert found == outputs[int(log_probs.argmax())]


def test_probabilities_of_all_outputs_sum_to_at_most_one() -> None:
    model = EncoderDecoder(
        embedding_size=4,
        hidden_size=6,
        device="cpu",
        training=Recipe(epochs=100, learning_rate=0.02, patience=100),
    )
    model.fit([item("ab", "A B"), item("a", "A"), item("b", "B")], [], RunLog())
    outputs = outputs_up_to(7, ("A", "B"))
    for word in ("", "ab", "bb", "#"):
        total = np.exp(model.log_prob([Input(tuple(word))] * len(outputs), outputs)).sum()
        assert 0.9 < total <= 1 + 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_words_are_learnt_and_the_same_seed_gives_the_same_model(kind: AttentionKind, tmp_path: Path) -> None:
    model = fitted(kind)
    inputs, outputs = inputs_of(ITEMS), [each.target for each in ITEMS]
    answers, scores = model.transduce(inputs), model.log_prob(inputs, outputs)
    assert sum(a == b for a, b in zip(answers, outputs, strict=True)) >= len(ITEMS) - 2
    np.testing.assert_array_equal(trained(kind).log_prob(inputs, outputs), scores)

    model.save(tmp_path)
    loaded = EncoderDecoder.load(tmp_path)
    assert loaded.transduce(inputs) == answers
    np.testing.assert_array_equal(loaded.log_prob(inputs, outputs), scores)
    assert loaded.size() == model.size()
    assert loaded.training == model.training

    assert [model.transduce([each])[0] for each in inputs] == answers
    alone = [model.log_prob([a], [b])[0] for a, b in zip(inputs, outputs, strict=True)]
    np.testing.assert_allclose(alone, scores, atol=1e-4)


def test_what_was_never_seen_is_passed_over_or_impossible() -> None:
    model = fitted("dot")
    strange, plain, empty, unknown = model.transduce(
        [Input(tuple(word)) for word in ("c#at", "cat", "", "##")]
    )
    assert strange == plain
    assert empty == unknown
    unheard, right = model.log_prob([Input(tuple("cat"))] * 2, [("K", "ZH", "T"), ("K", "A", "T")])
    assert unheard == -np.inf
    assert right > -1


def test_attention_weights_are_a_row_a_phoneme_that_sums_to_one() -> None:
    weights = fitted("dot").attention_weights(Input(tuple("shake")), ("SH", "EY", "K"))
    assert weights.shape == (4, 6)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    with pytest.raises(UserError, match="no attention"):
        EncoderDecoder(attention="none").attention_weights(Input(("a",)), ())


def test_settings_that_do_not_fit_and_damaged_files_are_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="hidden_size=7"):
        EncoderDecoder(hidden_size=7)
    model = fitted("dot")
    model.save(tmp_path)
    (tmp_path / "weights.safetensors").write_bytes(b"nothing")
    with pytest.raises(UserError, match="holds no whole encoder-decoder model"):
        EncoderDecoder.load(tmp_path)
