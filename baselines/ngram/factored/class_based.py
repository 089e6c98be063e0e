"""Class-based n-grams over classes found by Brown clustering."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal, assert_never

import numpy as np

from baselines.ngram.counting.counts import count_ngrams
from baselines.ngram.factored.clusters import Bigrams, cluster
from baselines.ngram.factored.model import FactoredModel, History, Part, choices
from benchmark.contract import Bounds, RunLog, Vocabulary
from benchmark.errors import UserError

Form = Literal["ibm", "fullibm", "predict", "fullibmpredict"]
_CLASSES = "classes.tsv"


@dataclass(kw_only=True, eq=False)
class ClassBased(FactoredModel):
    """p(w | h) = p(c(w) | h) · p(w | c(w), h), c(w) the class of w, in the forms of Goodman 2001, sec. 6.

    With W the last n − 1 words and C their classes, by `form`:

        ibm              p(c | C) · p(w | c)        Brown et al. 1992, Kneser & Ney 1993
        fullibm          p(c | C) · p(w | c, C)
        predict          p(c | W) · p(w | c, W)
        fullibmpredict   (λ p(c | W) + (1 − λ) p(c | C)) · (μ p(w | c, W) + (1 − μ) p(w | c, C))

    Each distribution is interpolated modified Kneser-Ney that drops the farthest of W or C, the class of w
    last (see `baselines.ngram.factored.table`); p(w | c) is the word's discounted relative frequency in its
    class, so that a word never seen has a share of its class's discounts. EM sets λ and μ on the validation
    text, for each bucket of histories (see `FactoredMixture`). With `skips`, every choice of n − 1 of the
    n − 1 + `skips` nearest words is a history too, as in a skip n-gram.

    The exchange algorithm (see `baselines.ngram.factored.clusters`) finds `classes` classes on the bigrams of
    the training text, in at most `sweeps` sweeps. `</s>` and `<unk>` have a class of their own each, and so
    has `<s>`, which is not a target. If the vocabulary has no more words than classes, each word has a class.

    After `fit`, `class_of` int64 [words] holds the class of each word. `save` writes `classes.tsv`, a line
    for each class with its words, by frequency (tabs, line ends and backslashes as \\t, \\n, \\r, \\\\).
    """

    version: ClassVar[int] = 1

    classes: Annotated[int, Bounds(ge=3)] = 200
    sweeps: Annotated[int, Bounds(ge=1)] = 10
    form: Form = "fullibmpredict"

    def prepare(self, sequence: np.ndarray, vocabulary: Vocabulary, log: RunLog) -> None:
        """Find the classes."""
        pairs = count_ngrams(sequence, len(vocabulary), 2)[1]
        bigrams = Bigrams(
            np.asarray(pairs.contexts),
            np.asarray(pairs.last_words),
            np.asarray(pairs.counts),
            len(vocabulary),
        )
        targets, swept = int((sequence != len(vocabulary)).sum()), 0

        def visited(moved: int, likelihood: float) -> None:
            nonlocal swept
            swept += 1
            log.progress(targets * swept // (self.sweeps + 1), targets)
            log.info(f"sweep {swept}: {moved} words changed class, class bigram likelihood {likelihood:.0f}")

        alone = [word for word in (vocabulary.end, vocabulary.unknown) if word is not None]
        self.class_of = cluster(bigrams, self.classes, alone, self.sweeps, visited)

    def parts(self, vocabulary: Vocabulary) -> list[Part]:
        classes = int(self.class_of.max()) + 1
        patterns = choices(self.order, self.skips)
        by_word = [History(distances, np.arange(len(vocabulary) + 1)) for distances in patterns]
        by_class = [History(distances, np.append(self.class_of, classes)) for distances in patterns]
        alone = [History((), by_class[0].symbols)]
        match self.form:
            case "ibm":
                of_class, of_word = by_class, alone
            case "fullibm":
                of_class = of_word = by_class
            case "predict":
                of_class = of_word = by_word
            case "fullibmpredict":
                of_class = of_word = by_word + by_class
            case _:
                assert_never(self.form)
        return [
            Part(self.class_of, np.zeros(classes, dtype=np.int64), tuple(of_class)),
            Part(np.arange(len(vocabulary)), self.class_of, tuple(of_word)),
        ]

    def save(self, folder: Path) -> None:
        super().save(folder)
        write_classes(folder / _CLASSES, self.class_of, vocabulary=self.vocabulary)

    def restore(self, folder: Path, vocabulary: Vocabulary) -> None:
        self.class_of = read_classes(folder / _CLASSES, vocabulary)


def write_classes(path: Path, class_of: np.ndarray, vocabulary: Vocabulary) -> None:
    """One line for each class: its number and its words, most frequent first, separated by tabs."""
    words = np.split(np.argsort(class_of, kind="stable"), np.cumsum(np.bincount(class_of))[:-1])
    lines = ("\t".join([str(i), *map(_escaped, vocabulary.decode(each))]) for i, each in enumerate(words))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def read_classes(path: Path, vocabulary: Vocabulary) -> np.ndarray:
    """The class of each word, as `write_classes` wrote it. Raises UserError if a word is missing."""
    class_of = np.full(len(vocabulary), -1)
    ids = {_escaped(word): index for word, index in vocabulary.ids.items()}
    for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
        number, *words = line.split("\t")
        class_of[[ids[word] for word in words if word in ids]] = int(number)
    if (class_of < 0).any():
        word = vocabulary.tokens[int(np.argmin(class_of))]
        raise UserError(f"{path}: no class for {word!r}; fit the model again on this corpus")
    return class_of


def _escaped(word: str) -> str:
    return word.replace("\\", r"\\").replace("\t", r"\t").replace("\n", r"\n").replace("\r", r"\r")
