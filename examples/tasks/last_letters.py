"""A tagger that knows words by heart, and guesses others by their last letters."""

import json
from collections import Counter, defaultdict
from typing import Annotated

from benchmark.contract import Bounds
from benchmark.task.contract import ModelSize, Tagger


class LastLetters(Tagger):
    """A word has the tag that it had most often; an unknown one, that of most words with its ending."""

    family = "count"

    def __init__(self, *, letters: Annotated[int, Bounds(ge=0)] = 3):
        self.letters = letters

    def fit(self, train, valid, log):
        counts = defaultdict(Counter)
        for item in train:
            for word, tag in zip(item.input.tokens, item.target, strict=True):
                for key in (word, *self._endings(word)):
                    counts[key][tag] += 1
        self.tags = {key: found.most_common(1)[0][0] for key, found in counts.items()}

    def tag(self, inputs):
        return [tuple(self._tag(word) for word in each.tokens) for each in inputs]

    def _tag(self, word):
        return next(self.tags[key] for key in (word, *self._endings(word)) if key in self.tags)

    def _endings(self, word):
        """`-ing`, `-ng`, `-g` and `-`, the last of which every word has."""
        return [f"-{word[len(word) - length :]}" for length in range(min(self.letters, len(word)), -1, -1)]

    def size(self):
        bytes_ = sum(len(key) + len(tag) for key, tag in self.tags.items())
        return ModelSize(bytes_in_memory=bytes_, entries=len(self.tags))

    def save(self, folder):
        saved = {"letters": self.letters, "tags": self.tags}
        (folder / "tags.json").write_text(json.dumps(saved), encoding="utf-8")

    @classmethod
    def load(cls, folder):
        saved = json.loads((folder / "tags.json").read_text(encoding="utf-8"))
        model = cls(letters=saved["letters"])
        model.tags = saved["tags"]
        return model
