"""What `NgramModel` has in common with the `kenlm` module."""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import NamedTuple

from baselines.ngram.standalone.lookup import History, Lookup
from baselines.ngram.standalone.sentences import Sentence, words_of
from benchmark.corpus.marks import END, START
from benchmark.errors import UserError

_LN10 = log(10)


class FullScore(NamedTuple):
    """log10 p of a word, the order of the longest n-gram that it ends, and whether it is unknown."""

    log_prob: float
    ngram_length: int
    oov: bool


class State:
    """What a model has to know of the words so far: histories with the same state have the same future."""

    __slots__ = ("history",)

    def __init__(self, history: History = ()) -> None:
        self.history = history

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and self.history == other.history

    def __hash__(self) -> int:
        return hash(self.history)

    def __copy__(self) -> State:
        return State(self.history)


class KenLMMethods:
    """The methods of `kenlm.Model`, by their names there."""

    _lookup: Lookup
    _ids: dict[str, int]
    _unknown: int

    def _id(self, word: str) -> int:
        found = self._ids.get(word)
        if found is not None:
            return found
        if word == START:
            raise UserError(f"{START!r} is no word of a sentence: leave it out (bos=True puts it in front)")
        return self._unknown

    def __contains__(self, word: object) -> bool:
        return word in self._ids or word == START

    def score(self, sentence: Sentence, bos: bool = True, eos: bool = True) -> float:
        """log10 p of a sentence. `bos`: it begins after `<s>`; `eos`: it ends with `</s>`."""
        return sum(log10 for log10, _, _ in self.full_scores(sentence, bos, eos))

    def full_scores(self, sentence: Sentence, bos: bool = True, eos: bool = True) -> Iterator[FullScore]:
        """For each word of a sentence, and `</s>` with `eos`: its log10 p, the order of the longest n-gram
        that it ends, and whether it is unknown."""
        history = self._lookup.start if bos else ()
        words = [*map(self._id, words_of(sentence)), *([self._ids[END]] if eos else [])]
        for word in words:
            log_prob, length, history = self._lookup.next(history, word)
            yield FullScore(log_prob / _LN10, length, word == self._unknown)

    def perplexity(self, sentence: Sentence) -> float:
        """10^(−log10 p / targets) of one sentence, `</s>` among its targets. For a text, see `evaluate`."""
        return float(10 ** (-self.score(sentence) / (len(words_of(sentence)) + 1)))

    def BeginSentenceWrite(self, state: State) -> None:
        """Make `state` that of the beginning of a sentence."""
        state.history = self._lookup.start

    def NullContextWrite(self, state: State) -> None:
        """Make `state` that of no history."""
        state.history = ()

    def BaseScore(self, in_state: State, word: str, out_state: State) -> float:
        """log10 p(word | in_state); `out_state` becomes the state after the word."""
        return self.BaseFullScore(in_state, word, out_state).log_prob

    def BaseFullScore(self, in_state: State, word: str, out_state: State) -> FullScore:
        """The same, with the order of the n-gram that was found, and whether the word is unknown."""
        identity = self._id(word)
        log_prob, length, out_state.history = self._lookup.next(in_state.history, identity)
        return FullScore(log_prob / _LN10, length, identity == self._unknown)
