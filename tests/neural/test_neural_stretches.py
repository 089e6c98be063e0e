"""A long text read in stretches side by side has the scores that one row gives it, up to rounding."""

import copy
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from neural_cases import CLASSES, small, stream, vocabulary

from baselines.neural import scoring, stretches
from baselines.neural.network import Network
from baselines.neural.output.kinds import Output
from baselines.neural.training.initialise import initialise
from benchmark.contract import RunLog, TokenStream

ROOT = Path(__file__).parents[2]
FadingNetwork = runpy.run_path(str(ROOT / "examples/baselines/fading_words.py"))["FadingNetwork"]
#: Columns of the shortest stretch in these tests, and a text of the fewest stretches and a few tokens more.
COLUMNS, FEWEST = 700, stretches.FEWEST
LONG = FEWEST * COLUMNS + 3
#: Networks that read token by token.
RECURRENT = ("rnn", "gru", "lstm", "mogrifier_lstm", "min_gru", "min_lstm", "rnn_maxent")


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """Lengths at which a test takes milliseconds."""
    monkeypatch.setattr(stretches, "SHORTEST", COLUMNS)
    monkeypatch.setattr(stretches, "FADING", 150)


def network(name: str, **options) -> Network:
    """An untrained network with weights of about the size of trained ones."""
    model = small(name, **options)
    torch.manual_seed(5)
    built = model.build(vocabulary())
    initialise(built, model.training, vocabulary())
    return built.eval()


def fading(share: float) -> Network:
    """A network whose memory of a token falls to `share` of it with each token that follows."""
    torch.manual_seed(5)
    built = FadingNetwork(vocabulary(), 6, Output())
    torch.nn.init.constant_(built.fade, float(np.log(share / (1 - share))))
    with torch.no_grad():
        built.embedding.weight.mul_(1 - share)  # the memory of many tokens is then about as large as of one
    return built.eval()


def exact(built: Network, text: TokenStream) -> np.ndarray:
    """Scores in float64, in one row, the output's distribution gathered at the targets."""
    wide = copy.deepcopy(built).double()
    ids = torch.from_numpy(np.asarray(text.ids, dtype=np.int64))
    inputs = torch.cat([torch.tensor([wide.start]), ids[:-1]])
    with torch.no_grad():
        features, _ = wide(inputs[:, None], wide.initial_state(1))
        return wide.output.distribution(features[:, 0]).gather(1, ids[:, None])[:, 0].numpy()


@pytest.mark.parametrize("name", RECURRENT)
def test_stretches_are_read_with_their_whole_history(name):
    built, text = network(name), stream(LONG)
    scores, computed = scoring.score(built, text, "stream")
    assert computed.batch == FEWEST
    assert scores == pytest.approx(exact(built, text), abs=1e-5)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 3 * COLUMNS), st.integers(0, 2**32 - 1))
def test_no_token_is_left_out_whatever_the_length(more, seed):
    built, text = fading(0.9), stream(LONG - 3 + more, seed=seed)
    scores, computed = scoring.score(built, text, "stream")
    assert computed.batch == len(text) // COLUMNS
    assert scores == pytest.approx(exact(built, text), abs=1e-5)


@pytest.mark.parametrize(
    ("share", "rows"), [(0.9, FEWEST), (0.97, FEWEST), (0.98, FEWEST), (0.99, 1), (1 - 1e-6, 1)]
)
def test_a_long_memory_is_waited_for_or_read_in_one_row(share, rows):
    # ln(2⁻¹⁷) / ln share columns until a difference of 1 is rounding: 112, 387, 583, 1,172 and millions.
    built, text = fading(share), stream(LONG)
    scores, computed = scoring.score(built, text, "stream")
    assert computed.batch == rows
    assert scores == pytest.approx(exact(built, text), abs=1e-5)


def test_one_row_is_enough_for_short_texts_and_for_windows():
    assert scoring.score(network("lstm"), stream(LONG - 4), "stream")[1].batch == 1
    assert scoring.score(network("fixed_window"), stream(LONG), "stream")[1].batch == 1
    assert stretches.stretches_of(network("transformer"), LONG) == 1


def test_a_state_without_rows_is_read_in_one_row():
    class Odd(FadingNetwork):
        """Carries the number of tokens seen, which has no dimension for rows."""

        def initial_state(self, rows):
            return (*super().initial_state(rows), torch.zeros(()))

        def forward(self, tokens, state):
            features, after = super().forward(tokens, state[:1])
            return features, (*after, state[1] + len(tokens))

    assert stretches.row_dimensions(Odd(vocabulary(), 6, Output())) == ()
    assert stretches.row_dimensions(network("lstm")) == (1, 1, 1, 1)
    assert stretches.row_dimensions(fading(0.5)) == (0,)


@pytest.mark.parametrize("name", [name for name in CLASSES if name in RECURRENT])
def test_a_model_says_in_how_many_stretches_it_read_the_last_text(name):
    model, text = small(name), stream(LONG)
    model.fit(stream(300), stream(20), RunLog())
    model.log_probs(stream(50))
    assert model.scored_on.batch == 1
    model.log_probs(text)
    assert model.scored_on.batch == FEWEST


def test_scores_of_many_segments_are_fetched_in_parts(monkeypatch):
    built, text = fading(0.9), stream(LONG)
    whole, _ = scoring.score(built, text, "stream")
    monkeypatch.setattr(stretches.Scores, "PENDING", 100)
    assert np.array_equal(scoring.score(built, text, "stream")[0], whole)


@pytest.mark.parametrize(("held", "room"), [(0, 2**24), (300, 2**24), (700, 20_000)])
def test_features_that_could_not_wait_are_replaced(held, room, monkeypatch):
    monkeypatch.setattr(stretches, "POSITIONS", 100)  # 2,400 bytes of features in a segment
    built, text = fading(0.97), stream(LONG)
    whole, _ = scoring.score(built, text, "stream")
    monkeypatch.setattr(stretches, "HELD", held)
    monkeypatch.setattr(stretches, "ROOM", room)
    scores, computed = scoring.score(built, text, "stream")
    assert computed.batch == FEWEST
    assert np.array_equal(scores, whole)
