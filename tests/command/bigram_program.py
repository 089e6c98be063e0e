"""A bigram model in a process of its own, for tests: half of it the relative frequency after the last word.

    p(w | v) = c(v w) / 2 c(v) + q(w) / 2,  q(w) = (c(w) + 1) / (N + V);  q(w) alone where v was never seen

A text begins as after `</s>`. As a program that is told to carry on it goes on after the last word.
"""

import sys
from collections import Counter
from math import log
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "commands"))

from protocol import serve, vocabulary

END = "</s>"


class Bigram:
    last = END

    def prepare(self, verb, given):
        self.words = vocabulary(given)
        kept = Path(given["model"], "words.txt")
        if verb == "fit":
            kept.write_text(Path(given["train"]).read_text(encoding="utf-8"), encoding="utf-8")
        text = kept.read_text(encoding="utf-8").split()
        self.unigrams, self.histories = Counter(text), Counter([END, *text[:-1]])
        self.bigrams = Counter(zip([END, *text[:-1]], text, strict=True))
        self.total = len(text) + len(self.words)
        yield f"log {verb}: {len(text)} words"
        yield f"progress {len(text)}"
        yield f"bytes {16 * len(self.bigrams)}"
        yield f"entries {len(self.bigrams)}"

    def probability(self, last, word):
        unigram = (self.unigrams[word] + 1) / self.total
        seen = self.histories[last]
        return (self.bigrams[last, word] / seen + unigram) / 2 if seen else unigram

    def scores(self, texts, on):
        for text in texts:
            yield [log(self.probability(last, word)) for last, word in self.read(text, on)]

    def following(self, texts, on):
        for text in texts:
            list(self.read(text, on))
            yield [log(self.probability(self.last, word)) for word in self.words]

    def read(self, text, on):
        self.last = self.last if on else END
        for word in text:
            yield self.last, word
            self.last = word


if __name__ == "__main__":
    serve(Bigram())
