"""How a corpus of whitespace-separated words writes English, read off its training vocabulary.

English text comes in Penn Treebank tokens here: `do n't`, `the dog 's`, quotes as `` and ''. A corpus may
write them in another way, and its words are found only if the text is written as the corpus writes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from benchmark.corpus import END, UNKNOWN, Vocabulary

#: What the Treebank's tokenisation cuts from the end of a word, besides n't.
CLITICS = ("'s", "'m", "'re", "'ve", "'d", "'ll", "'")
BRACKETS = {"-lrb-": "(", "-rrb-": ")", "-lsb-": "[", "-rsb-": "]", "-lcb-": "{", "-rcb-": "}"}
QUOTES = {"``": '"', "''": '"', "`": "'"}
#: A number, perhaps with commas, points, colons or slashes.
NUMBER = re.compile(r"[.,]?\d[\d.,:/]*")
#: Marks inside words and numbers that WikiText sets apart as @-@, @,@ and @.@.
INNER = re.compile(r"(?<=\w)(-)(?=\w)|(?<=\d)([,.])(?=\d)")
#: The number that stands for all numbers in Mikolov's edition of the Penn Treebank.
ANY_NUMBER = "N"


@dataclass(frozen=True)
class Writing:
    """The habits of a corpus.

    `lowercase`: no word has a capital letter. `negation`: `n't` (do n't), `'t` (don 't) or `whole` (don't).
    `apart`: the clitics that are tokens. `punctuation`: whether full stops are tokens; if not, the corpus
    leaves punctuation out. `treebank_quotes`: whether quotes are `` and ''. `any_number`: whether N
    stands for every number. `inner_marks`: whether hyphens within words are @-@. `sentences`: whether a line
    holds a sentence, not a paragraph.
    """

    lowercase: bool
    negation: Literal["n't", "'t", "whole"]
    apart: frozenset[str]
    punctuation: bool
    treebank_quotes: bool
    any_number: bool
    inner_marks: bool
    sentences: bool

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> Self:
        """What the majority of occurrences in the training text show."""
        count = dict(zip(vocabulary.tokens, vocabulary.counts.tolist(), strict=True))

        def attached(ending: str) -> int:
            ended = (token for token in count if token.endswith(ending) and token != ending)
            return sum(count[token] for token in ended if token[0].isalnum())

        def apart(clitic: str) -> bool:
            return count.get(clitic, 0) > attached(clitic)

        stops = sum(count.get(mark, 0) for mark in ".?!")
        words = [token for token in vocabulary.tokens if token not in (ANY_NUMBER, UNKNOWN, END)]
        return cls(
            lowercase=all(word == word.lower() for word in words),
            negation="n't" if apart("n't") else "'t" if count.get("'t", 0) > attached("n't") else "whole",
            apart=frozenset(filter(apart, CLITICS)),
            punctuation="." in count,
            treebank_quotes=count.get("``", 0) >= count.get('"', 0),
            any_number=ANY_NUMBER in count and not any(word.isdigit() for word in words),
            inner_marks="@-@" in count,
            # a paragraph has several full stops for its one </s>
            sentences=END in count and stops <= 1.5 * count[END],
        )

    def written(self, tokens: Sequence[str], vocabulary: Vocabulary) -> list[str]:
        """Treebank tokens as the corpus writes them. The case is changed only where there are no capitals."""
        known = vocabulary.ids
        written: list[str] = []
        for token in tokens:
            token = token.lower() if self.lowercase else token
            token = BRACKETS.get(token.lower(), token)
            if not self.treebank_quotes:
                token = QUOTES.get(token, token)
            if token in ("n't", *CLITICS) and written and written[-1][-1].isalnum():
                written += self._clitic(written.pop(), token)
            elif self.any_number and NUMBER.fullmatch(token):
                written.append(ANY_NUMBER)
            elif self.inner_marks and token not in known:
                written += INNER.sub(lambda mark: f" @{mark[0]}@ ", token).split()
            elif self.punctuation or token in known or any(map(str.isalnum, token)):
                written.append(token)
        return written

    def _clitic(self, word: str, clitic: str) -> list[str]:
        """A word and what the Treebank cut from its end."""
        if clitic == "n't" and self.negation == "'t":
            return [f"{word}n", "'t"]
        apart = self.negation == "n't" if clitic == "n't" else clitic in self.apart
        return [word, clitic] if apart else [word + clitic]

    def described(self) -> list[str]:
        """The habits, for readers, a phrase each."""
        negation = {"n't": "do n't", "'t": "don 't", "whole": "don't"}[self.negation]
        possessive = "dog 's" if "'s" in self.apart else "dog's"
        return [
            "lower case" if self.lowercase else "case kept",
            f"negation as in “{negation}”, possessives as in “{possessive}”",
            "punctuation kept" if self.punctuation else "punctuation left out",
            *(["numbers as N"] if self.any_number else []),
            *(["hyphens within words as @-@"] if self.inner_marks else []),
        ]
