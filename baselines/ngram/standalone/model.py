"""An n-gram language model for programs: estimated from sentences, or read from a file."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

import numpy as np

from baselines.ngram.model import MOST_ORDER
from baselines.ngram.sorting.limits import limited
from baselines.ngram.standalone import files
from baselines.ngram.standalone.checks import numbers, size
from baselines.ngram.standalone.estimate import Estimated, LmplzOptions, Progress, Recipe, estimate
from baselines.ngram.standalone.evaluation import Evaluation, evaluated, scored
from baselines.ngram.standalone.interpolated import interpolated, joined, tuned_weights
from baselines.ngram.standalone.kenlm_methods import KenLMMethods
from baselines.ngram.standalone.lookup import Lookup
from baselines.ngram.standalone.sentences import (
    LineMarks,
    Sentence,
    Source,
    mark_rule,
    scoring_stream,
    words_of,
)
from baselines.ngram.table.hashed import HashedTable
from baselines.ngram.table.write_arpa import write_arpa
from benchmark.arguments import whole
from benchmark.corpus.marks import END, START, UNKNOWN
from benchmark.corpus.stream import TokenStream
from benchmark.errors import UserError
from benchmark.generate import Sampling, draw, likeliest, random_of
from benchmark.storage.files import STANDARD_OUTPUT

_LN10 = log(10)


class NgramModel(KenLMMethods):
    """An n-gram language model, with the methods of the `kenlm` module and more.

        model = NgramModel.estimate("train.txt", order=5)
        model.score("the cat sat")             # log10 p of the sentence
        model.next_words("the cat", top=5)     # [("sat", 0.21), …]
        model.to_arpa("model.arpa.gz")

    `NgramModel(path)` reads what `save` or `to_arpa` wrote, or any ARPA file. A sentence is text with words
    between spaces, or a list of words. Words that the vocabulary lacks are scored as `<unk>`. Logarithms are
    to base 10, as in ARPA files.

    - `order`, `ngrams` (how many of each order), `nbytes` (of the table), `vocabulary` (the words).
    - `normalised`: whether the probabilities after every history sum to one.
    - `learned`: what estimating found, such as `discounts`; `notes`: what there is to say about it.
    """

    def __init__(self, path: str | Path, *, check: bool | None = None) -> None:
        """Read a model. Raises UserError if there is none, and for a damaged one.

        `check`: whether a saved model is held to its checksums; by default, one of up to 256 MB is.
        """
        self._set(files.read_model(Path(path), check))
        self.path = str(path)

    def _set(self, estimated: Estimated) -> None:
        self._table, self._words = estimated.table, estimated.vocabulary
        self._ids, self._unknown = self._words.ids, self._words.ids[UNKNOWN]
        self._lookup = Lookup(self._table)
        self._index = estimated.index
        self.path = ""
        self.normalised, self.learned, self.notes = estimated.normalised, estimated.learned, estimated.notes

    @classmethod
    def _of(cls, estimated: Estimated) -> NgramModel:
        model = cls.__new__(cls)
        model._set(estimated)
        return model

    @classmethod
    def estimate(
        cls,
        sentences: Source,
        order: int = 5,
        *,
        smoothing: str = "kneser_ney",
        prune: Sequence[int] = (),
        limit_vocabulary: Iterable[str] | None = None,
        interpolate_unigrams: bool = True,
        discount_fallback: bool | Sequence[float] = True,
        vocabulary_size: int = 0,
        vocabulary: Iterable[str] | None = None,
        marks: LineMarks = "refuse",
        held_out: Source | None = None,
        memory: str | int | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
        **settings: Any,
    ) -> NgramModel:
        """Learn a model from sentences: a path (`-` is standard input; .gz, .bz2 and .xz are unpacked), or
        any iterable of sentences, which is read once.

        `smoothing` is a method of the suite (docs/counted-models.md), and `settings` are its settings. The
        default is modified Kneser-Ney as KenLM's `lmplz` estimates it; `conventions="published"` is that of
        Chen & Goodman (1998). For `prune`, `limit_vocabulary`, `interpolate_unigrams`, `discount_fallback`
        and `vocabulary_size`, which only the default has, see `LmplzOptions`.

        - `vocabulary`: other words count as `<unk>`. Without it, every word of the text is one.
        - `marks`: `<s>` and `</s>` in the text are errors (`refuse`), or are read where lines begin and end
          (`read`).
        - `held_out`: the text for the weights of `jelinek_mercer`, and of `add_k` with k="tune".
        - `memory`: what the text, counting, estimating and the table may take, such as "2G"; more goes
          through temporary files and gives the same model.
        - `threads`: CPU cores to use. `progress(done, tokens)` is called now and then.

        Raises UserError for a text that cannot be read or is empty, and for settings that do not fit.
        """
        options = LmplzOptions.of(
            prune, limit_vocabulary, interpolate_unigrams, discount_fallback, vocabulary_size
        )
        recipe = Recipe(smoothing, whole("order", order, 1, MOST_ORDER), options, settings)
        with limited(size(memory), None if threads is None else whole("threads", threads, 1)):
            made = estimate(sentences, recipe, vocabulary, marks, held_out, progress)
        for note in made.notes:
            warnings.warn(note, stacklevel=2)
        return cls._of(made)

    @classmethod
    def load(cls, path: str | Path, *, check: bool | None = None) -> NgramModel:
        """The same as `NgramModel(path)`."""
        return cls(path, check=check)

    @classmethod
    def interpolate(
        cls,
        models: Sequence[NgramModel],
        *,
        weights: Sequence[float] | None = None,
        tune_on: Source | None = None,
    ) -> NgramModel:
        """One model in place of several: p(w | h) = Σ λᵢ pᵢ(w | h) for every n-gram that one of them has.

        Backoff weights are computed anew, as SRILM's `-mix-lm` and MITLM's `interpolate-ngram` do. The λᵢ are
        `weights`, which sum to one, or those that give the text `tune_on` the highest probability under
        the mixture of the models' own probabilities (EM, Dempster et al. 1977). `learned` has them. Raises
        UserError.
        """
        if (weights is None) == (tune_on is None):
            raise UserError("give either weights=, which sum to one, or tune_on=, a text to find them on")
        mixed = list(models) if isinstance(models, Iterable) else []
        if not mixed or not all(isinstance(model, NgramModel) for model in mixed):
            raise UserError(
                "give a list of models to interpolate, such as [NgramModel(one), NgramModel(two)]"
            )
        parts = [(model._table, model._words) for model in mixed]
        if tune_on is not None:
            text = scoring_stream(tune_on, mark_rule("read"), joined(parts))
            return cls._of(interpolated(parts, tuned_weights(parts, text)))
        return cls._of(interpolated(parts, numbers("weights", weights, "[0.3, 0.7]")))

    def save(self, folder: str | Path) -> None:
        """Write the model as a folder that `NgramModel(folder)` maps into memory at once.

        Raises UserError if it cannot be written, or if something else stands there.
        """
        files.write_model(self._as_estimated(), Path(folder))

    def to_arpa(self, path: str | Path) -> None:
        """Write an ARPA file, packed if the path ends in .gz, .bz2 or .xz; `-` is standard output.

        Raises UserError for a word that the format cannot hold, and if it cannot be written.
        """
        place = STANDARD_OUTPUT if str(path) == "-" else Path(path)
        write_arpa(self._table, self._words.tokens, place)

    def pruned(self, threshold: float) -> NgramModel:
        """A model without the n-grams whose loss raises the perplexity by a share below `threshold`, such as
        1e-7 (Stolcke 1998)."""
        from baselines.ngram.standalone.smaller import pruned  # few programs make models smaller

        return self._of(pruned(self._as_estimated(), threshold))

    def quantised(self, bits: int = 8, backoff_bits: int | None = None) -> NgramModel:
        """A model whose probabilities are codes of so many bits, 1 to 16, and its backoff weights, too, if
        `backoff_bits` says so. It is then no longer `normalised`."""
        from baselines.ngram.standalone.smaller import quantised

        return self._of(quantised(self._as_estimated(), bits, backoff_bits))

    def indexed(self) -> NgramModel:
        """The same model with an index of about 24 bytes an n-gram: `scores` and `evaluate` take half of the
        time or more. `save` keeps it. Raises UserError where that takes numba, and there is none."""
        return self._of(replace(self._as_estimated(), index=HashedTable.of(self._table)))

    def compacted(self) -> NgramModel:
        """The same model, number for number, in three quarters of the bytes. It takes longer to ask."""
        return self._of(replace(self._as_estimated(), table=self._table.compacted(), index=None))

    def __getstate__(self) -> tuple[Estimated, str]:
        return self._as_estimated(), self.path

    def __setstate__(self, state: tuple[Estimated, str]) -> None:
        self._set(state[0])
        self.path = state[1]

    def _as_estimated(self) -> Estimated:
        return Estimated(self._table, self._words, self.normalised, self.learned, self.notes, self._index)

    @property
    def order(self) -> int:
        """n of the longest n-grams."""
        return self._table.order

    @property
    def ngrams(self) -> list[int]:
        """How many n-grams of each order are stored, from 1 up."""
        return self._table.ngrams

    @property
    def nbytes(self) -> int:
        """Bytes of the table and of its index, if it has one, without the spelling of the words."""
        return self._table.nbytes + (self._index.nbytes if self._index else 0)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The words, `</s>` and `<unk>` among them."""
        return self._words.tokens

    def __repr__(self) -> str:
        words, ngrams = len(self.vocabulary), sum(self.ngrams)
        return f"<NgramModel of order {self.order}: {words:,} words, {ngrams:,} n-grams>"

    def log10_prob(self, word: str, context: Sentence = (), bos: bool = False) -> float:
        """log10 p(word | context); with `bos`, the context is the beginning of a sentence."""
        return self._lookup.log_prob(self._context(context, bos), self._id(word)) / _LN10

    def prob(self, word: str, context: Sentence = (), bos: bool = False) -> float:
        """p(word | context), which `log10_prob` gives the logarithm of."""
        return float(10 ** self.log10_prob(word, context, bos))

    def scores(self, sentences: Source, marks: LineMarks = "refuse") -> np.ndarray:
        """log10 p of each sentence of a file or an iterable, together: float64 [sentences]."""
        stream = self._stream(sentences, marks)
        log_probs = scored(self._index or self._table, stream).astype(np.float64)
        return np.add.reduceat(log_probs, stream.lines[:-1]) / _LN10 if len(stream) else log_probs

    def evaluate(self, sentences: Source, marks: LineMarks = "refuse") -> Evaluation:
        """Perplexity of a text, with and without its unknown words."""
        return evaluated(self._index or self._table, self._stream(sentences, marks))

    def _stream(self, sentences: Source, marks: LineMarks) -> TokenStream:
        return scoring_stream(sentences, mark_rule(marks), self._words)

    def next_words(self, context: Sentence = "", top: int = 10, bos: bool = True) -> list[tuple[str, float]]:
        """The `top` likeliest words after a context and their probabilities, likeliest first.

        With `bos`, the context is the beginning of a sentence.
        """
        scores = self._table.rows([self._row_context(self._context(context, bos))])[0]
        return likeliest(scores, self._words, top)

    def generate(
        self,
        context: Sentence = "",
        *,
        length: int = 30,
        temperature: float = 1.0,
        top_k: int = 0,
        seed: int | None = None,
    ) -> str:
        """The beginning of a sentence and a continuation, drawn word by word until `</s>` or `length` words.

        A temperature below 1 keeps to likely words; 0 always takes the likeliest. `top_k` keeps the k
        likeliest only. The same seed draws the same text.
        """
        words, ids = words_of(context), self._context(context, bos=True)
        random, options = random_of(seed), Sampling(temperature, top_k, length)
        for _ in range(options.length):
            scores = self._table.rows([self._row_context(ids)])[0]
            word = draw(scores.astype(np.float64), self._words, options, random)
            if word == self._ids[END]:
                break
            ids.append(word)
            words.append(self.vocabulary[word])
        return " ".join(words)

    def _context(self, context: Sentence, bos: bool) -> list[int]:
        """The ids of a context, `<s>` among them: at its beginning with `bos`, and where a word says so."""
        get, unknown, start = self._ids.get, self._unknown, len(self._words)
        words = context if isinstance(context, (list, tuple)) else words_of(context)
        if START in words:
            ids = [start if word == START else get(word, unknown) for word in words]
        else:
            ids = [get(word, unknown) for word in words]
        return [start, *ids] if bos else ids

    def _row_context(self, ids: list[int]) -> np.ndarray:
        return np.array(ids[max(0, len(ids) - self.order + 1) :], dtype=np.int64)
