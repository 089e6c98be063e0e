"""KenLM: the model that its programs estimate, or ours written as ARPA, scored by its own package."""

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np

from baselines.ngram.counting.history import recent, scoring_sequence
from baselines.ngram.external.lmplz import find_lmplz, run_lmplz
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.table.write_arpa import write_arpa
from baselines.saving import settings_of
from benchmark.contract import (
    Bounds,
    Context,
    LanguageModel,
    ModelSize,
    OrderSize,
    Program,
    RunLog,
    Skip,
    TokenStream,
    Vocabulary,
)
from benchmark.errors import UserError
from benchmark.storage.reading import open_regular
from benchmark.storage.temporary import TemporaryFolder

_ARPA = "model.arpa"
_SETTINGS = "model.json"
_UNKNOWN = "<unk>"  # stands in the ARPA file for every word it does not list


@dataclass(kw_only=True, eq=False)
class KenLM(LanguageModel):
    """Interpolated modified Kneser-Ney in KenLM's hash tables (Heafield 2011; Heafield et al. 2013).

    If the program `lmplz` is found and lines end in `</s>`, it estimates the model. Otherwise our
    `KneserNey`, the same definition, does, and is passed on as an ARPA file. In either case a word is
    written as its id in digits, so that any token is possible.

    KenLM reserves `<unk>` for words that it does not know. If it does not know U words of the vocabulary,
    its probabilities sum to Z(h) = 1 + (U − 1) p(<unk> | h), and the scores are divided by Z(h). U is 1 in
    our ARPA files (`<unk>` is a word of the closed vocabulary), and usually 0 in those of lmplz (a `<unk>` in
    the text is written in digits, like any word, and the reserved one never occurs).
    """

    version: ClassVar[int] = 1
    family = "count"

    order: Annotated[int, Bounds(ge=2, le=6)] = 5
    context: Context = "sentence"
    lmplz: Program | None = "lmplz"
    memory: str = "1G"

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Estimate on `train`. Raises Skip without the kenlm package, UserError for a wrong path of lmplz."""
        _kenlm()
        self._own = TemporaryFolder.elsewhere("kenlm")
        arpa = self._own.path / _ARPA
        vocabulary = train.vocabulary
        by_line = self.context == "sentence" and vocabulary.end is not None
        program = find_lmplz(self.lmplz) if by_line else None
        names = _spellings(vocabulary, by_line, reserve_unknown=program is None)
        if program:
            log.info(f"estimating with {program}")
            run_lmplz(program, train, names, self.order, self.memory, arpa)
            seen = np.bincount(train.ids, minlength=len(vocabulary)) > 0
            unknown = int(np.count_nonzero(~seen))
        else:
            log.info("lmplz is not used: our Kneser-Ney estimates the model and passes it on as an ARPA file")
            ours = KneserNey(order=self.order, context=self.context)
            ours.fit(train, valid, log)
            write_arpa(ours.table, names, arpa)
            unknown = 1
        self._open(arpa, vocabulary, names, unknown, by_lmplz=program is not None)
        log.progress(len(train), len(train))

    def _open(
        self, arpa: Path, vocabulary: Vocabulary, names: list[str], unknown: int, by_lmplz: bool | None
    ) -> None:
        _check_arpa(arpa)
        kenlm = _kenlm()
        config = kenlm.Config()
        config.show_progress = False
        config.arpa_complain = kenlm.ARPALoadComplain.NONE
        self.arpa, self.vocabulary, self.names, self.unknown = arpa, vocabulary, names, unknown
        self._model = kenlm.Model(str(arpa), config)
        self._counts = _section_counts(arpa)
        self.by_lmplz, self.notes = by_lmplz, _notes(by_lmplz)

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        """ln p of each id of `stream` given those before it: float32 [targets]."""
        sequence, is_target = scoring_sequence(stream.ids, self.vocabulary, self.context)
        scores, unknown, _ = self._walk(sequence.tolist(), normalise=self.unknown != 1)
        return self._natural(np.array(scores), np.array(unknown))[is_target]

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        """ln p of every word after each context: float32 [contexts, vocabulary]."""
        rows = np.empty((len(contexts), len(self.vocabulary)), dtype=np.float32)
        score, after = self._model.BaseScore, _kenlm().State()
        for row, context in zip(rows, contexts, strict=True):
            history = recent(context, self.vocabulary, self.context, self.order - 1)
            _, _, state = self._walk(history.tolist(), normalise=False)
            unknown = score(state, _UNKNOWN, after)
            row[:] = self._natural(np.array([score(state, name, after) for name in self.names]), unknown)
        return rows

    def _walk(self, sequence: Iterable[int], normalise: bool) -> tuple[list[float], list[float], Any]:
        """log10 p of each id (0 for `<s>`); of `<unk>` in its place if `normalise`; and the last state."""
        start, score, names = len(self.vocabulary), self._model.BaseScore, self.names
        state, after = _kenlm().State(), _kenlm().State()
        self._model.NullContextWrite(state)
        scores, unknown = [], []
        for word in sequence:
            unknown.append(score(state, _UNKNOWN, after) if normalise else 0.0)
            if word == start:
                self._model.BeginSentenceWrite(state)
                scores.append(0.0)
            else:
                scores.append(score(state, names[word], after))
                state, after = after, state
        return scores, unknown, state

    def _natural(self, log10_probs: np.ndarray, log10_unknown: np.ndarray | float) -> np.ndarray:
        if self.unknown == 1:
            return (log10_probs * log(10)).astype(np.float32)
        total = np.log1p((self.unknown - 1) * np.power(10.0, log10_unknown))
        return (log10_probs * log(10) - total).astype(np.float32)

    def size(self) -> ModelSize:
        """Stored n-grams, and the bytes of KenLM's probing tables, computed as KenLM does.

        A word takes 8 bytes (probability, backoff) and 1.5 × 16 in the vocabulary table; an n-gram takes
        1.5 × 16 (key, probability, backoff), and one of the highest order 1.5 × 12.
        """
        each = [32, *[24] * (len(self._counts) - 2), 18]
        return ModelSize.of_orders(
            OrderSize(ngrams, nbytes * ngrams) for ngrams, nbytes in zip(self._counts, each, strict=True)
        )

    def save(self, folder: Path) -> None:
        """Copy the ARPA file and write the settings as JSON."""
        shutil.copyfile(self.arpa, folder / _ARPA)
        saved = {
            "settings": settings_of(self),
            "names": self.names,
            "unknown": self.unknown,
            "by_lmplz": self.by_lmplz,
        }
        (folder / _SETTINGS).write_text(json.dumps(saved) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        """The model that `save` wrote. Raises Skip if the kenlm package is missing."""
        saved = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        model = cls(**saved["settings"])
        by_lmplz = saved.get("by_lmplz")  # models from before this was kept do not tell
        model._open(folder / _ARPA, vocabulary, saved["names"], saved["unknown"], by_lmplz)
        return model


def _notes(by_lmplz: bool | None) -> tuple[str, ...]:
    """What its row in a table is: who estimated, what was measured and what computed."""
    estimated: tuple[str, ...]
    match by_lmplz:
        case True:
            estimated = ("It was estimated by KenLM's program lmplz.",)
        case False:
            estimated = ("It was estimated by our Kneser-Ney and passed on to KenLM as an ARPA file.",)
        case None:
            estimated = ()
    return (
        *estimated,
        "It is scored by a Python loop over KenLM's module; the speed of KenLM's program query is another, "
        "which `nextword peers ngram` measures.",
        "Its memory is computed from the number of n-grams as KenLM computes it, and not measured.",
    )


def _kenlm() -> Any:
    try:
        import kenlm
    except ImportError:
        way = "pip install 'nextword[kenlm]', or 'nextword[kenlm-wheel]' without a compiler"
        raise Skip(f"needs the kenlm package: {way}") from None
    return kenlm


def _spellings(vocabulary: Vocabulary, by_line: bool, reserve_unknown: bool) -> list[str]:
    """Words as KenLM sees them: ids in digits, except reserved words that mean the same to it."""
    names = [str(index) for index in range(len(vocabulary))]
    if by_line and vocabulary.end is not None:
        names[vocabulary.end] = "</s>"
    if reserve_unknown and vocabulary.unknown is not None:
        names[vocabulary.unknown] = _UNKNOWN
    return names


def _check_arpa(arpa: Path) -> None:
    """Raise UserError where it is no text: KenLM would map a binary file into memory without checking it."""
    with open_regular(arpa) as file:
        if not file.read(64).lstrip().startswith(b"\\data\\"):
            raise UserError(f"{arpa} is no ARPA file")


def _section_counts(arpa: Path) -> list[int]:
    """n-grams of each order, from the header of an ARPA file."""
    counts = []
    with arpa.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith("ngram "):
                counts.append(int(line.split("=")[1]))
            elif line.startswith("\\1-grams"):
                break
    return counts
