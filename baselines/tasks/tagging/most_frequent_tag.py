"""The tag that a word had most often: what other taggers are compared with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from baselines.tasks.tagging.counted import CountedTagger
from benchmark.task.contract import Input


@dataclass(kw_only=True, eq=False)
class MostFrequentTag(CountedTagger):
    """argmax_t P(t | w, k) of the `Lexicon`, whatever stands around the word.

    With a guess weight of 0, a word has the tag that it had most often in training (of several, the one that
    is more frequent in all, then the first in order). A word that was never seen has the tag of its guess.
    Without `words`, the class alone is looked at: with given tags the baseline of CoNLL-2000 (Tjong Kim Sang
    and Buchholz 2000).
    """

    version: ClassVar[int] = 1

    words: bool = True

    def tag(self, inputs: Sequence[Input]) -> list[tuple[str, ...]]:
        return [self._tags_of(input) for input in inputs]

    def _tags_of(self, input: Input) -> tuple[str, ...]:
        classes, _ = self._observed.numbers(input)
        return tuple(self._tags[self._best(word, k)] for word, k in zip(input.tokens, classes, strict=True))

    def _best(self, word: str, k: int) -> int:
        p = self._lexicon.posterior(word, k) if self.words else self._lexicon.of_class(k)
        return int((p + 1e-9 * self._lexicon.tag_shares).argmax())
