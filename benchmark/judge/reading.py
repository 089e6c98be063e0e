"""From English text to the ids of a run's vocabulary, as the run's corpus would have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.corpus import END, Vocabulary, tokeniser_of
from benchmark.corpus.tokeniser import Tokeniser
from benchmark.errors import UserError
from benchmark.judge.writing import Writing

#: Tokens that end a sentence, and what may still follow before the next one begins.
STOPS, CLOSING = frozenset({".", "?", "!", "?!"}), frozenset({"''", "'", "-rrb-"})


class Reader:
    """Reads text for the model of one run.

    Corpora of `tokens: words` are cut by NLTK, and so is the text. Corpora of `tokens: whitespace` came cut
    into words: the text is cut by NLTK and then written as their training text is (see `Writing`). Text for
    any other tokens (characters, bytes, subwords) is cut by the corpus's own tokeniser, and has no words.
    `checkpoint` is the folder of the trained model, which holds the encoding of subwords.
    """

    def __init__(
        self, corpus: Mapping[str, Any], vocabulary: Vocabulary, checkpoint: Path | None = None
    ) -> None:
        self._corpus, self.vocabulary = str(corpus.get("name", "the corpus")), vocabulary
        self._tokeniser: Tokeniser = tokeniser_of(corpus, checkpoint)
        self.has_words = self._tokeniser.tokens in ("words", "whitespace")
        self._writing = Writing.of(vocabulary) if self._tokeniser.tokens == "whitespace" else None

    @cached_property
    def _nltk(self) -> Any:
        from benchmark.corpus.nltk_words import WordTokeniser

        return WordTokeniser()

    @property
    def ends_lines(self) -> bool:
        """Whether `</s>` ends a line, so that the end of a sentence is scored."""
        return self.vocabulary.end is not None

    @property
    def marks_sentences(self) -> bool:
        """Whether `</s>` stands between the sentences of a text."""
        return self.ends_lines and self.has_words and (self._writing is None or self._writing.sentences)

    @property
    def lowercase(self) -> bool:
        return self._writing.lowercase if self._writing else self._tokeniser.lowercase

    def sentence(self, text: str) -> np.ndarray:
        """The ids of one sentence as it is printed, with `</s>` where the corpus has it. Raises UserError."""
        tokens = self._written(self._nltk(text)) if self.has_words else self._tokeniser.tokenise(text)
        return self._ids([*tokens, END] if self.ends_lines else tokens)

    def passage(self, tokens: Sequence[str]) -> tuple[np.ndarray, int | None]:
        """A history, and the id of the word to be predicted; None if the vocabulary lacks that word.

        `tokens` are Treebank tokens in lower case, the target last. Raises UserError.
        """
        sentences = list(split_sentences(tokens[:-1]))
        read = [self._written(self._cased(sentence)) for sentence in sentences]
        between = [END] if self.marks_sentences else []
        history = [token for sentence in read[:-1] for token in (*sentence, *between)]
        history += read[-1] if read else []
        # a sentence is complete if the target begins the next one
        history += between if sentences and _complete(sentences[-1]) else []
        target = self._written(self._cased(tokens[-1:], begins=not sentences or _complete(sentences[-1])))
        known = self.vocabulary.ids.get(target[0]) if len(target) == 1 else None
        return self._ids(history), None if known == self.vocabulary.unknown else known

    def describe_sentences(self) -> list[str]:
        """How a printed sentence becomes tokens, for readers, a phrase each."""
        end = "</s> at its end" if self.ends_lines else "its end is not scored"
        if not self.has_words:
            return [self._tokeniser.describe(), end]
        return ["words by NLTKWordTokenizer", *self._habits(), end]

    def describe_passages(self) -> list[str]:
        """How a passage in Treebank tokens becomes those of the vocabulary, for readers, a phrase each."""
        between = "</s> between sentences" if self.marks_sentences else "no mark between sentences"
        case = [] if self.lowercase else ["each word in its most frequent case, as the passages have none"]
        return ["words as published", *self._habits(), *case, between]

    def _habits(self) -> list[str]:
        if self._writing is not None:
            return self._writing.described()
        return ["lower case" if self.lowercase else "case kept"]

    def _written(self, tokens: Sequence[str]) -> list[str]:
        if self._writing is not None:
            return self._writing.written(tokens, self.vocabulary)
        return [token.lower() for token in tokens] if self._tokeniser.lowercase else list(tokens)

    def _cased(self, tokens: Sequence[str], begins: bool = True) -> list[str]:
        """Lower-case words in the form that is most frequent in training, the first one with a capital.

        Choosing the most frequent form is the unigram baseline of truecasing (Lita et al. 2003). The first
        word of a sentence has a capital if the vocabulary has it so.
        """
        if self.lowercase:
            return list(tokens)
        cased = [max((token, token.capitalize(), token.upper()), key=self._count) for token in tokens]
        first = next((place for place, token in enumerate(cased) if token[0].isalnum()), None)
        if begins and first is not None:
            capital = cased[first][0].upper() + cased[first][1:]
            cased[first] = capital if self._count(capital) else cased[first]
        return cased

    def _count(self, token: str) -> int:
        place = self.vocabulary.ids.get(token)
        return 0 if place is None else int(self.vocabulary.counts[place])

    def _ids(self, tokens: Iterable[str]) -> np.ndarray:
        try:
            return self.vocabulary.encode(tokens)
        except KeyError as unseen:
            raise UserError(
                f"the vocabulary of {self._corpus} has no <unk>, so it cannot hold {unseen}: "
                "its models cannot be judged"
            ) from unseen


def split_sentences(tokens: Sequence[str]) -> Iterable[list[str]]:
    """Treebank tokens, sentence by sentence: each ends at a full stop, with the closing quotes after it."""
    sentence: list[str] = []
    for token in tokens:
        if sentence and _complete(sentence) and token not in CLOSING:
            yield sentence
            sentence = []
        sentence.append(token)
    if sentence:
        yield sentence


def _complete(sentence: Sequence[str]) -> bool:
    inner = list(sentence)
    while inner and inner[-1] in CLOSING:
        inner.pop()
    return bool(inner) and inner[-1] in STOPS
