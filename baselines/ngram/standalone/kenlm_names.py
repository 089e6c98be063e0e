"""The other methods of the `kenlm` module, for programs that carry a state from word to word."""

from __future__ import annotations

from abc import abstractmethod
from math import log
from typing import NamedTuple

from baselines.ngram.standalone.lookup import History, Lookup

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


class KenLMNames:
    """Methods of `kenlm.Model` by their names there; the others are those of `NgramModel`."""

    _lookup: Lookup
    _unknown: int

    @abstractmethod
    def _id(self, word: str) -> int:
        """The id of a word."""

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
