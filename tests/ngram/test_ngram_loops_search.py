"""Machine code scores texts as NumPy does, bit for bit, whatever form a table has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ngram_texts import NEEDS_LOOPS, Lines, small_texts

from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.searched import compiled_trie
from nextword import NgramModel

pytest.importorskip("numba")
pytestmark = [
    NEEDS_LOOPS,
    pytest.mark.filterwarnings("ignore:order"),
    pytest.mark.usefixtures("with_loops"),
]

FORMS: dict[str, Callable[[NgramModel], NgramModel]] = {
    "as estimated": lambda model: model,
    "compacted": lambda model: model.compacted(),
    "4 bits": lambda model: model.quantised(4),
    "8 bits": lambda model: model.quantised(8, 8),
    "12 bits": lambda model: model.quantised(12, 9),
    "8 bits, compacted": lambda model: model.quantised(8, 8).compacted(),
    "compacted, 8 bits": lambda model: model.compacted().quantised(8),
    "pruned": lambda model: model.pruned(1e-4),
}


def assert_same_scores(model: NgramModel, sequence: np.ndarray) -> None:
    table = model._table
    arrays = table.words, table.continuations, table.log_probs, table.log_backoffs
    assert compiled_trie(*arrays), "nothing is compared"
    found = table.score(sequence)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEXTWORD_COMPILED", "off")
        assert compiled_trie(*arrays) is None
        assert found.tobytes() == table.score(sequence).tobytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=small_texts, order=st.integers(1, 5), seed=st.integers(0, 99), form=st.sampled_from(list(FORMS)))
def test_scores_of_small_texts(lines: Lines, order: int, seed: int, form: str) -> None:
    model = FORMS[form](NgramModel.estimate(lines, order))
    words = len(model.vocabulary)
    assert_same_scores(model, np.random.default_rng(seed).integers(0, words + 2, 200))  # `<s>` and gaps, too


@pytest.fixture(scope="module")
def large() -> tuple[NgramModel, np.ndarray]:
    """A trigram model with ids of more than 16 bits and contexts with thousands of words; and a text."""
    random, words = np.random.default_rng(5), 90_000
    drawn = (words * random.random(300_000) ** 3).astype(np.int64)
    drawn[::3] = random.integers(0, 3, len(drawn[::3]))  # three words are followed by nearly all the others
    drawn[1::3] = random.permutation(np.resize(np.arange(words), len(drawn[1::3])))
    model = NgramModel.estimate((list(map(str, line)) for line in drawn.reshape(-1, 30).tolist()), 3)
    by_word = {word: number for number, word in enumerate(model.vocabulary)}
    text = np.array([by_word[str(word)] for word in drawn.tolist()])
    mixed = random.permutation(text)
    return model, np.concatenate([text, mixed, np.repeat(mixed[:20_000], 2), np.arange(len(by_word) + 2)])


@pytest.mark.parametrize("form", FORMS)
def test_scores_with_many_words(large: tuple[NgramModel, np.ndarray], form: str) -> None:
    model, sequence = large
    assert len(model.vocabulary) > 1 << 16
    assert_same_scores(FORMS[form](model), sequence)


@pytest.mark.parametrize("form", ["as estimated", "compacted", "8 bits, compacted"])
def test_single_words_have_the_scores_of_the_text(large: tuple[NgramModel, np.ndarray], form: str) -> None:
    model, sequence = large
    model = FORMS[form](model)
    scores, words = model._table.score(sequence[:4000]), model.vocabulary
    for place in range(10, 4000, 7):
        word, *context = (words[number] for number in sequence[place : place - 3 : -1])
        found = model.log10_prob(word, context[::-1]) * np.log(10)
        assert found == pytest.approx(scores[place], rel=1e-6)


@pytest.mark.parametrize("form", ["as estimated", "compacted", "8 bits, compacted"])
def test_damaged_arrays_are_not_left(large: tuple[NgramModel, np.ndarray], form: str) -> None:
    # files of more than 256 MB are not checked as they are loaded
    table, random = FORMS[form](large[0])._table, np.random.default_rng(3)

    def damaged(array: np.ndarray) -> np.ndarray:
        return np.frombuffer(random.bytes(array.nbytes), dtype=array.dtype)

    def changed(part: object) -> object:
        names = [name for name, value in vars(part).items() if isinstance(value, np.ndarray)]
        return replace(part, **{name: damaged(getattr(part, name)) for name in names})  # type: ignore[type-var]

    continuations = tuple(
        replace(each, words=changed(each.words), starts=changed(each.starts)) for each in table.continuations
    )
    numbers = [
        tuple(damaged(each) if isinstance(each, np.ndarray) else changed(each) for each in some)
        for some in (table.log_probs, table.log_backoffs)
    ]
    nonsense = BackoffTable(table.words, continuations, *numbers)  # type: ignore[arg-type]
    with np.errstate(all="ignore"):
        assert len(nonsense.score(large[1])) == len(large[1])
