"""Joint n-grams over pairs of letters and phonemes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np

from baselines.ngram.model import Order
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.table.backoff import BackoffTable
from baselines.tasks.batches import by_length
from baselines.tasks.saved import read_model, write_model
from baselines.tasks.symbols import UNKNOWN, Symbols
from baselines.tasks.transduction.alignment import Aligner, Pair, shapes_of
from baselines.tasks.transduction.automaton import Automaton
from baselines.tasks.transduction.graphones import Graphone, Graphones
from baselines.tasks.transduction.labels import MatchedLabels, WordLabels, WrittenLabels
from baselines.tasks.transduction.lattice import Beam, JointModel
from benchmark.contract import Bounds, Computation, ModelSize, OrderSize, RunLog
from benchmark.errors import UserError
from benchmark.storage.reading import Unreadable
from benchmark.task.contract import Transducer
from benchmark.task.items import Input, Items, inputs_of

_PHONEMES = "phonemes"
#: Words that are answered side by side, those of like length.
_BATCH = 256
#: Order of the n-gram model of phonemes alone, and steps of EM for its weight.
_PHONEME_ORDER, _WEIGHT_STEPS = 3, 50

Numbers = tuple[int, ...]


@dataclass(kw_only=True, eq=False)
class JointNgram(Transducer):
    """An n-gram model of graphones, pairs of a few letters and a few phonemes (Bisani & Ney 2008).

    The training pairs are aligned by EM (see `Aligner`); their best segmentations are sequences of
    graphones, from which this suite's modified Kneser-Ney smoothing estimates p(q_1 … q_k) (see
    `KneserNey`). With s the segmentations of letters x and phonemes y into graphones,

        p(x, y) = Σ_s p(s),    p(x) = Σ_y p(x, y),    p_joint(y | x) = p(x, y) / p(x),

    all sums exact. An output may be one that no segmentation gives, such as a long one for an
    abbreviation. So

        p(y | x) = (1 − ε) p_joint(y | x) + ε p(y),

    p(y) a Kneser-Ney trigram model of phonemes, and ε as EM finds it on the validation items. `transduce`
    searches for the y with the largest p(x, y), summed over segmentations, with a beam of `beam` pairs of
    an output and a history at each letter, none below `beam_share` of the best.

    A letter never seen in training is passed over. An output with a phoneme never seen has probability 0.
    """

    version: ClassVar[int] = 1
    family = "count"
    trained_on = scored_on = Computation(dtype="float64")

    order: Order = 8
    letters: Annotated[int, Bounds(ge=1, le=3)] = 2
    phonemes: Annotated[int, Bounds(ge=1, le=3)] = 2
    iterations: Annotated[int, Bounds(ge=1)] = 8
    beam: Annotated[int, Bounds(ge=1)] = 20
    beam_share: Annotated[float, Bounds(ge=0, lt=1)] = 1e-4

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        """Align, count, estimate. Raises UserError if no training pair can be aligned."""
        self._letters = Symbols.of(letter for item in train for letter in item.input.tokens)
        self._phonemes = Symbols.of(phoneme for item in train for phoneme in item.target)
        pairs = [(self._read(item.input), tuple(self._phonemes.numbers(item.target))) for item in train]
        segmented = self._aligned(pairs, len(train), log)
        # every letter may be silent, so that every word has an output
        silent: list[Graphone] = [((letter,), ()) for letter in range(UNKNOWN + 1, len(self._letters))]
        self._graphones = Graphones.of([*(q for graphones in segmented for q in graphones), *silent])
        numbers = self._graphones.numbers
        self._table = _estimated(
            ([numbers[q] for q in graphones] for graphones in segmented),
            len(self._graphones),
            self.order,
            log,
        )
        outputs = [[number - UNKNOWN - 1 for number in output] for _, output in pairs]
        self._of_phonemes = _estimated(outputs, len(self._phonemes) - UNKNOWN - 1, _PHONEME_ORDER, log)
        self._escape = (len(pairs) - len(segmented) + 1) / (len(pairs) + 2)
        self._ready()
        with log.evaluation():
            self._escape = self._weighed(valid)
        self._note()
        log.info(
            f"{len(self._graphones):,} graphones, {self._table.entries:,} n-grams, ε = {self._escape:.2g}"
        )
        letters = sum(len(word) for word, _ in pairs)
        log.progress(letters, letters)

    def _aligned(self, pairs: Sequence[Pair], items: int, log: RunLog) -> list[list[Graphone]]:
        """The best segmentations of the pairs that have one."""

        def say(step: int, log_likelihood: float) -> None:
            log.info(f"alignment, step {step + 1}: ln p of a pair {log_likelihood / items:.3f}")

        aligner = Aligner.of(pairs, shapes_of(self.letters, self.phonemes)).trained(self.iterations, say)
        # otherwise few long graphones would be more probable than many short ones
        best = aligner.best(lambda graphone: max(map(len, graphone)))
        segmented = [graphones for graphones in best if graphones is not None]
        if not segmented:
            raise UserError(
                f"no training pair can be aligned with up to {self.letters} letters and {self.phonemes} "
                "phonemes a graphone: give larger model.letters and model.phonemes"
            )
        if len(segmented) < len(pairs):
            log.info(f"{len(pairs) - len(segmented):,} pairs cannot be aligned and are left out")
        return segmented

    def _weighed(self, valid: Items) -> float:
        """The ε that makes the validation items most probable, by EM from the share of pairs left out."""
        targets = [item.target for item in valid]
        joint, alone = self._joint_log_prob(inputs_of(valid), targets), self._log_prob_alone(targets)
        possible = np.isfinite(np.maximum(joint, alone))
        joint, alone, escape = np.exp(joint[possible]), np.exp(alone[possible]), self._escape
        for _ in range(_WEIGHT_STEPS if len(joint) else 0):
            parts = escape * alone
            escape = float(np.mean(parts / (parts + (1 - escape) * joint)))
            escape = min(max(escape, 1 / (len(joint) + 2)), 0.5)  # never none: test items may need it
        return escape

    def _ready(self) -> None:
        self._model = JointModel(self._graphones, Automaton.of(self._table))

    @property
    def input_symbols(self) -> tuple[str, ...]:  # type: ignore[override]
        """The letters of the training words."""
        return self._letters.counted

    def _note(self) -> None:
        self.notes = (
            f"With a probability of {self._escape:.2g} an output is taken from a trigram model of "
            "phonemes alone, so that outputs that cannot be aligned with the letters are possible.",
        )

    def transduce(self, inputs: Sequence[Input]) -> list[tuple[str, ...]]:
        words = [self._read(each) for each in inputs]
        answers: list[tuple[str, ...]] = [()] * len(words)
        for some in by_length([len(word) for word in words], _BATCH):
            found = self._searched([words[number] for number in some], Beam(self.beam, self.beam_share))
            for number, answer in zip(some, found, strict=True):
                answers[number] = tuple(self._phonemes.names[phoneme] for phoneme in answer)
        return answers

    def _searched(self, words: Sequence[Numbers], beam: Beam) -> list[Numbers]:
        """The best output found for each word."""
        labels = WrittenLabels(len(words), self._graphones)
        ended, log_mass = self._model.ways(words, labels, beam)
        word = labels.word(ended)
        order = np.lexsort((-log_mass, word))
        best = order[np.flatnonzero(np.diff(word[order], prepend=-1))]
        found = {int(word[row]): labels.written(int(ended[row])) for row in best}
        lost = [number for number in range(len(words)) if number not in found]
        if lost:  # all that the beam kept had to back off further than `share` allows
            again = self._searched([words[number] for number in lost], Beam(beam.width, 0))
            found |= zip(lost, again, strict=True)
        return [found[number] for number in range(len(words))]

    def log_prob(self, inputs: Sequence[Input], outputs: Sequence[tuple[str, ...]]) -> np.ndarray:
        joint, alone = self._joint_log_prob(inputs, outputs), self._log_prob_alone(outputs)
        return np.logaddexp(np.log1p(-self._escape) + joint, np.log(self._escape) + alone)

    def _joint_log_prob(self, inputs: Sequence[Input], outputs: Sequence[tuple[str, ...]]) -> np.ndarray:
        """ln p(x, y) − ln p(x): float64 [inputs]."""
        words = [self._read(each) for each in inputs]
        targets = [self._phonemes.numbers(output) for output in outputs]
        values = np.full(len(words), -np.inf)
        for some in by_length([len(word) for word in words], _BATCH):
            read = [words[number] for number in some]
            _, of_letters = self._model.ways(read, WordLabels(len(read)))
            labels = MatchedLabels([targets[number] for number in some], self._graphones)
            ended, log_mass = self._model.ways(read, labels)
            whole = ended == labels.ends[labels.word(ended)]
            word = labels.word(ended[whole])
            values[some[word]] = np.minimum(log_mass[whole] - of_letters[word], 0)
        return values

    def _log_prob_alone(self, outputs: Sequence[tuple[str, ...]]) -> np.ndarray:
        """ln p(y) of the n-gram model of phonemes: float64 [outputs]."""
        end = self._of_phonemes.words - 1
        numbers = [self._phonemes.numbers(output) for output in outputs]
        # a phoneme never seen is scored as any other, then given probability 0
        lines = [[max(number - UNKNOWN - 1, 0) for number in output] for output in numbers]
        scores = self._of_phonemes.score(_sequence(lines, end)).astype(np.float64)
        starts = np.cumsum([0, *(len(line) + 2 for line in lines)])[:-1]
        totals = np.add.reduceat(scores, starts) if lines else np.zeros(0)
        return np.where([UNKNOWN in output for output in numbers], -np.inf, totals)

    def _read(self, word: Input) -> Numbers:
        """The numbers of a word's known letters."""
        return tuple(number for number in self._letters.numbers(word.tokens) if number != UNKNOWN)

    @property
    def model(self) -> JointModel:
        """The n-gram model of graphones, as it is walked through."""
        return self._model

    def size(self) -> ModelSize:
        """The stored n-grams of graphones, and those of phonemes."""
        both = (self._table, self._of_phonemes)
        return ModelSize(
            bytes_in_memory=sum(table.nbytes for table in both),
            entries=sum(table.entries for table in both),
            orders=tuple(map(OrderSize, self._table.ngrams, self._table.nbytes_by_order)),
        )

    def save(self, folder: Path) -> None:
        """Write the tables as `.npy` arrays; settings, symbols and graphones as JSON."""
        data = {
            "settings": asdict(self),
            "letters": self._letters.names,
            "phonemes": self._phonemes.names,
            "graphones": self._graphones.pairs,
            "escape": self._escape,
        }
        write_model(folder, data)
        self._table.save(folder)
        (folder / _PHONEMES).mkdir()
        self._of_phonemes.save(folder / _PHONEMES)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """See `TaskModel.load`. Raises UserError if a file is missing or damaged."""
        try:
            data = read_model(folder)
            model = cls(**data["settings"])
            model._restore(data, folder)
        except (OSError, Unreadable, ValueError, KeyError, TypeError, IndexError) as error:
            raise UserError(f"{folder} holds no whole joint n-gram model: {error}") from error
        return model

    def _restore(self, data: dict[str, Any], folder: Path) -> None:
        self._letters, self._phonemes = (Symbols(tuple(data[key])) for key in ("letters", "phonemes"))
        self._graphones = Graphones(tuple((tuple(a), tuple(b)) for a, b in data["graphones"]))
        self._escape = float(data["escape"])
        self._table = BackoffTable.load(folder, len(self._graphones) + 1)
        self._of_phonemes = BackoffTable.load(folder / _PHONEMES, len(self._phonemes) - UNKNOWN)
        self._ready()
        self._note()


def _sequence(lines: Iterable[Sequence[int]], end: int) -> np.ndarray:
    """Lines one after the other, each begun by `end` + 1 and ended by `end`: int32."""
    return np.array([number for line in lines for number in (end + 1, *line, end)], dtype=np.int32)


def _estimated(lines: Iterable[Sequence[int]], symbols: int, order: int, log: RunLog) -> BackoffTable:
    """The Kneser-Ney model of lines of numbers below `symbols`, which is the number of the end of a line."""
    silent: Callable[[int], None] = lambda done: None  # noqa: E731
    return KneserNey(order=order).count_and_estimate(_sequence(lines, symbols), symbols + 1, silent, log)
