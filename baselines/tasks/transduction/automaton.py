"""An n-gram model of graphones as an automaton: states are histories, an arc reads a graphone.

A state is a stored n-gram below the highest order as a history, or no history (state 0). Its arcs are the
graphones stored after it. A graphone that is not stored after a state s is read from the state that s backs
off to, at the price of its backoff weight (Katz 1987; Allauzen, Mohri & Roark 2003: "failure" arcs).
Histories after which nothing is stored are left out: the model is the same from the longest of their
suffixes that is a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from baselines.ngram.table.backoff import BackoffTable


@dataclass(frozen=True)
class Automaton:
    """States and arcs as arrays.

    Of each state: `length`, the number of graphones of its history; `backoff`, a shorter state (0 for state
    0); `weight`, the backoff weight; `end`, the probability of the end of the word. Of each arc, sorted by
    state and graphone: `key`, state × graphones + graphone; `prob`; `target`, the state after it; `lower`,
    the arc of the same graphone from the state that its state backs off to, −1 from state 0. Probabilities
    are float64.

    `graphones` is their number. A word begins in the state `start`.
    """

    graphones: int
    start: int
    length: np.ndarray
    backoff: np.ndarray
    weight: np.ndarray
    end: np.ndarray
    key: np.ndarray
    prob: np.ndarray
    target: np.ndarray
    lower: np.ndarray

    @classmethod
    def of(cls, table: BackoffTable) -> Automaton:
        """From a table over graphones, the last word being the end of a word."""
        return _compiled(table)

    @property
    def states(self) -> int:
        """How many there are."""
        return len(self.length)

    @property
    def longest(self) -> int:
        """The most graphones of a history."""
        return int(self.length.max())

    @cached_property
    def graphone(self) -> np.ndarray:
        """What each arc reads: int64 [arcs]."""
        return self.key % self.graphones

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays = [value for value in vars(self).values() if isinstance(value, np.ndarray)]
        return sum(array.nbytes for array in arrays)

    def read(self, states: np.ndarray, graphones: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """p of each graphone after each state, float64 [pairs], and the state that follows, int64 [pairs]."""
        probs, targets = np.ones(len(states)), np.zeros(len(states), dtype=np.int64)
        open_, state = np.arange(len(states)), np.array(states, dtype=np.int64)
        while len(open_):
            key = state * self.graphones + graphones[open_]
            at = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
            found = self.key[at] == key
            probs[open_[found]] *= self.prob[at[found]]
            targets[open_[found]] = self.target[at[found]]
            left = ~found
            open_, state = open_[left], state[left]
            probs[open_] *= self.weight[state]
            state = self.backoff[state]
        return probs, targets


@dataclass(frozen=True)
class _Order:
    """The n-grams of an order: ids of contexts and suffixes, last words, ln p, and weights as contexts."""

    context: np.ndarray
    word: np.ndarray
    suffix: np.ndarray
    log_prob: np.ndarray
    log_weight: np.ndarray


def _orders(table: BackoffTable) -> list[_Order]:
    begin = table.words  # the id of what stands before the first graphone
    orders: list[_Order] = []
    for n in range(1, table.order + 1):
        word = np.asarray(table.words_of(n), dtype=np.int64)
        log_prob = np.asarray(table.log_probs[n - 1], dtype=np.float64)
        weights = table.log_backoffs[n - 1] if n < table.order else np.zeros(len(word))
        if n == 1:
            context = suffix = np.zeros(len(word), dtype=np.int64)
            log_prob = np.append(log_prob, -np.inf)  # the beginning is never read
        else:
            context = np.asarray(table.contexts_of(n), dtype=np.int64)
            suffix = word
        if n > 2:
            of_context = orders[-1].suffix[context]
            found, suffix, missing = table.continuations[n - 3].find(of_context, word.astype(np.int32))
            assert not len(missing)
            order = np.empty(len(word), dtype=np.int64)
            order[found] = suffix
            suffix = order
        orders.append(_Order(context, word, suffix, log_prob, np.asarray(weights, dtype=np.float64)))
    assert orders[0].word[begin] == begin
    return orders


def _compiled(table: BackoffTable) -> Automaton:
    orders, end, begin = _orders(table), table.words - 1, table.words
    state_of, states = _numbered(orders, end)
    length, backoff, weight = (np.zeros(states, dtype=kind) for kind in (np.int64, np.int64, np.float64))
    ends = np.zeros(states)
    arcs = []
    ends[0] = np.exp(orders[0].log_prob[end])
    for n, order in enumerate(orders, 1):
        source = state_of[n - 1][order.context]
        if n < len(orders):
            is_state = np.flatnonzero(state_of[n] >= 0)
            new = state_of[n][is_state]
            length[new] = n
            weight[new] = np.exp(order.log_weight[is_state])
            backoff[new] = _reached(orders, state_of, n - 1, order.suffix[is_state])
        read = np.flatnonzero(order.word < end)
        target = _reached(orders, state_of, n, read)
        arcs.append((source[read], order.word[read], np.exp(order.log_prob[read]), target))
    for n, order in enumerate(orders[1:], 2):
        if n <= len(orders):
            of_end = order.word == end
            new = state_of[n - 1][state_of[n - 1] >= 0]
            ends[new] = weight[new] * ends[backoff[new]]
            ends[state_of[n - 1][order.context[of_end]]] = np.exp(order.log_prob[of_end])
    source, word, prob, target = (np.concatenate(part) for part in zip(*arcs, strict=True))
    graphones = end
    key = source * graphones + word
    sort = np.argsort(key)
    key, source, word = key[sort], source[sort], word[sort]
    lower = np.where(source > 0, np.searchsorted(key, backoff[source] * graphones + word), -1)
    start = int(_reached(orders, state_of, 1, np.array([begin]))[0])
    return Automaton(graphones, start, length, backoff, weight, ends, key, prob[sort], target[sort], lower)


def _numbered(orders: list[_Order], end: int) -> tuple[list[np.ndarray], int]:
    """For n = 0, 1, …: the state of each n-gram as a history, −1 where it is none; and how many states."""
    state_of, states = [np.zeros(1, dtype=np.int64)], 1
    for n in range(1, len(orders)):
        useful = np.zeros(len(orders[n - 1].word), dtype=bool)
        useful[orders[n].context] = True
        numbers = np.full(len(useful), -1, dtype=np.int64)
        numbers[useful] = np.arange(states, states + useful.sum())
        states += int(useful.sum())
        state_of.append(numbers)
    return state_of, states


def _reached(orders: list[_Order], state_of: list[np.ndarray], n: int, ids: np.ndarray) -> np.ndarray:
    """The states after the n-grams with these ids: the longest of their suffixes that are states."""
    reached = np.full(len(ids), -1, dtype=np.int64)
    while True:
        if n < len(state_of):
            known = (reached < 0) & (state_of[n][ids] >= 0)
            reached[known] = state_of[n][ids[known]]
        if n == 0:
            return reached
        ids = orders[n - 1].suffix[ids]
        n -= 1
