"""What counted taggers share: the settings of their lexicon, how items are counted, saving and loading."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import numpy as np

from baselines.saving import setting_names, settings_of
from baselines.tasks.saved import read_model, reading, write_model
from baselines.tasks.tagging.counts import read_counts
from baselines.tasks.tagging.lexicon import Lexicon, Shapes
from baselines.tasks.tagging.observed import Classes, Observed, with_tokens
from benchmark.contract import Bounds, ModelSize
from benchmark.task.contract import Items, RunLog, Tagger, inputs_of, labels_of


@dataclass(kw_only=True, eq=False)
class CountedTagger(Tagger):
    """A tagger with a `Lexicon`, which says what the settings of words mean.

    `classes`: what a token is beside its word, and what words are counted by: nothing, whether it has a
    capital, or its given tag.
    """

    family = "count"

    classes: Classes = "none"
    suffix_length: Annotated[int, Bounds(ge=0)] = 10
    rare: Annotated[int, Bounds(ge=1)] = 10
    theta: Annotated[float, Bounds(gt=0)] | None = None
    suffix_weight: Annotated[float, Bounds(gt=0)] | None = None
    shapes: Shapes = "capital"
    guess_weight: Annotated[float, Bounds(ge=0)] = 0.0

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        """Count `train`. Nothing is chosen by `valid`."""
        items = with_tokens(train)
        self._tags = labels_of(items)
        self._observed = Observed.of(inputs_of(items), self.classes, self._lexicalised())
        self._count(items)
        tokens = sum(len(item.target) for item in items)
        log.progress(tokens, tokens)

    def _lexicalised(self) -> int | None:
        """How often a word has to be seen to be in the fine class of its tokens; None: none is."""
        return None

    def _count(self, items: Items) -> None:
        """Count words with their classes and tags."""
        number = {tag: place for place, tag in enumerate(self._tags)}
        counts: Counter[tuple[int, int, int]] = Counter()
        for item in items:
            classes, _ = self._observed.numbers(item.input)
            words = self._observed.words.numbers(item.input.tokens)
            counts.update(zip(classes, words, (number[tag] for tag in item.target), strict=True))
        self._set_lexicon(np.array([(*row, times) for row, times in counts.items()], dtype=np.int64))

    def _set_lexicon(self, rows: np.ndarray) -> None:
        self._lexicon = Lexicon(
            rows,
            self._observed.words,
            len(self._tags),
            suffix_length=self.suffix_length,
            rare=self.rare,
            theta=self.theta,
            suffix_weight=self.suffix_weight,
            shapes=self.shapes,
            guess_weight=self.guess_weight,
        )

    def size(self) -> ModelSize:
        """Entries are counts. Their bytes are those of the tables that are saved."""
        return ModelSize(entries=self._lexicon.entries, bytes_in_memory=self._lexicon.rows.nbytes)

    def save(self, folder: Path) -> None:
        write_model(folder, {"settings": settings_of(self), "tags": self._tags})
        self._observed.save(folder)
        np.save(folder / "lexicon.npy", self._lexicon.rows, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model that `save` wrote. Raises UserError where the files are others."""
        with reading(folder):
            content = read_model(folder)
            if content["settings"].keys() != set(setting_names(cls)):
                raise ValueError("its settings are not those of this version")
            model = cls(**content["settings"])
            model._tags = tuple(content["tags"])
            model._observed = Observed.load(folder, model.classes)
            model._restore(folder)
        return model

    def _restore(self, folder: Path) -> None:
        """Read the counts that `save` wrote."""
        rows = read_counts(folder / "lexicon.npy", 4)
        limits = (len(self._observed.classes), len(self._observed.words), len(self._tags))
        if (rows[:, :3].max(axis=0) >= limits).any():
            raise ValueError("lexicon.npy holds numbers of words or tags that there are not")
        self._set_lexicon(rows)
