"""Hidden Markov models of tags: bigrams and trigrams, in the manner of TnT."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import numpy as np

from baselines.tasks.symbols import PADDING, Symbols
from baselines.tasks.tagging.lexicon import Guessing, Lexicon, capital
from baselines.tasks.tagging.transitions import BOUNDARY, Smoothing, Transitions
from baselines.tasks.tagging.viterbi import posteriors, viterbi
from benchmark.setting_marks import Bounds
from benchmark.task.contract import Input, Items, ModelSize, RunLog, Tagger, labels_of


class HmmTagger(Tagger):
    version: ClassVar[int] = 1
    family = "count"

    def __init__(
        self,
        *,
        order=3,
        classes="none",
        lexicalised=None,
        views=None,
        smoothing="deleted_interpolation",
        decoding="viterbi",
        suffix_length=10, rare=10, theta=None, shapes="capital", guess_weight=0.0,
    ):
        self.order, self.classes, self.lexicalised, self.smoothing = order, classes, lexicalised, smoothing
        self.views, self.decoding = views, decoding
        self.guessing = Guessing(suffix_length=suffix_length, rare=rare, theta=theta, shapes=shapes, guess_weight=guess_weight)

    def coarse(self, input: Input) -> list[str]:
        if self.classes == "none": return [""] * len(input.tokens)
        if self.classes == "capitals": return [capital(w) for w in input.tokens]
        return list(input.given) or [""] * len(input.tokens)

    def fine(self, input: Input, coarse) -> list[str]:
        return [f"{k} {w}" if w in self.frequent else k for k, w in zip(coarse, input.tokens)]

    def fit(self, train, valid, log):
        self.tags = labels_of(train)
        T = len(self.tags)
        number = {t: i for i, t in enumerate(self.tags)}
        self.words = Symbols.of(w for item in train for w in item.input.tokens)
        counts = Counter(w for item in train for w in item.input.tokens)
        self.frequent = {w for w, n in counts.items() if n >= self.lexicalised} if self.lexicalised else set()
        coarse = [self.coarse(item.input) for item in train]
        fine = [self.fine(item.input, k) for item, k in zip(train, coarse)]
        self.kinds = Symbols.of(k for ks in coarse for k in ks)
        self.fines = Symbols.of(k for ks in fine for k in ks)
        events, rows = Counter(), Counter()
        for item, ks, cs in zip(train, coarse, fine):
            t = [number[x] for x in item.target]
            k, c = self.kinds.numbers(ks), self.fines.numbers(cs)
            for a, b, d in zip(k, self.words.numbers(item.input.tokens), t): rows[a, b, d] += 1
            t, c, k = [T, T, *t, T], [0, 0, *c, 0], [0, 0, *k, 0]
            for i in range(2, len(t)):
                events[t[i-2], c[i-2], k[i-2], t[i-1], c[i-1], k[i-1], t[i], k[i]] += 1
        self.lexicon = Lexicon(np.array([(*r, n) for r, n in rows.items()]), self.words, T, self.guessing)
        self.trans = Transitions(np.array(list(events)), np.array(list(events.values())), T, self.views, self.smoothing)

    def tag(self, inputs):
        out = []
        for inp in inputs:
            ks = self.coarse(inp); cs = self.fine(inp, ks)
            k, c = self.kinds.numbers(ks), self.fines.numbers(cs)
            em = [self.lexicon.log_likelihood(w, kk) for w, kk in zip(inp.tokens, k)]
            cand = [np.flatnonzero(e > -np.inf) for e in em]
            em = [e[a] for e, a in zip(em, cand)]
            T = np.array([len(self.tags)])
            A, c, k = [T, T, *cand, T], [0, 0, *c, 0], [0, 0, *k, 0]
            tr = []
            for i in range(2, len(A)):
                b = self.trans.log_probs((c[i-2], k[i-2], c[i-1], k[i-1]), k[i])
                tr.append(b[np.ix_(A[i-2] if b.shape[0] > 1 else [0], A[i-1] if b.shape[1]>1 else [0], A[i])])
            if self.decoding == "viterbi":
                s = viterbi(em, tr)
            else:
                s = [int(p.argmax()) for p in posteriors(em, tr)]
            out.append(tuple(self.tags[a[j]] for a, j in zip(cand, s)))
        return out
