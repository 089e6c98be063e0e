"""An ARPA file, scored by the module `kenlm` in a process of its own.

python kenlm_arpa.py FILE.arpa
"""

import math
import sys

import kenlm
from protocol import serve, spelt, vocabulary


class Arpa:
    """The words of the file must be those of the corpus, or the probabilities would not sum to one."""

    def __init__(self, path):
        self.path = path

    def prepare(self, verb, given):
        self.model = kenlm.Model(self.path)
        self.spelt = {word: spelt(word) for word in vocabulary(given)}
        missing = [word for word in self.spelt.values() if word != "<unk>" and word not in self.model]
        if missing:
            yield f"error {self.path} lacks {len(missing)} words of the corpus, such as {missing[0]}"
        with open(self.path, encoding="utf-8") as file:
            entries = 0
            for line in file:
                if line.startswith("ngram "):
                    entries += int(line.split("=")[1])
                elif line.startswith("\\1-grams"):
                    break
        yield f"entries {entries}"
        yield f"note Its ARPA file is scored by kenlm {getattr(kenlm, '__version__', '')}".rstrip() + "."

    def scores(self, texts, on):
        return [self.read(text)[0] for text in texts]

    def following(self, texts, on):
        after = kenlm.State()
        for text in texts:
            _, state = self.read(text)
            yield [self.ln(state, word, after) for word in self.spelt]

    def read(self, text):
        """ln p of each word of a sentence, and the state after it."""
        state, after, numbers = kenlm.State(), kenlm.State(), []
        self.model.BeginSentenceWrite(state)
        for word in text:
            numbers.append(self.ln(state, word, after))
            state, after = after, state
        return numbers, state

    def ln(self, state, word, after):
        return self.model.BaseScore(state, self.spelt[word], after) * math.log(10)


if __name__ == "__main__":
    serve(Arpa(sys.argv[1]))
