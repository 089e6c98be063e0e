"""BLiMP: does a model give the acceptable sentence of a pair the higher probability?

Warstadt et al. (2020), The Benchmark of Linguistic Minimal Pairs for English, TACL 8. The probability of a
sentence is that of its tokens, `</s>` included where the corpus has it, with nothing before them: every model
begins each sentence as it begins a text, whatever history it uses elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from benchmark.contract import LanguageModel, TokenStream, Vocabulary
from benchmark.judge.data import PairSet
from benchmark.judge.reading import Reader
from benchmark.judge.record import SetJudgement

#: Targets scored at a time: they bound the memory and the time between two reports of progress.
BATCH = 1 << 14

#: Receives how many targets are scored, and of how many.
Report = Callable[[int, int], None]
Ids = tuple[int, ...]


def judge_pairs(
    model: LanguageModel, reader: Reader, sets: Sequence[PairSet], report: Report
) -> list[SetJudgement]:
    """The counts of every set. Raises UserError for text that the vocabulary cannot hold."""
    texts = dict.fromkeys(text for one in sets for pair in one.pairs for text in pair)
    ids = {text: tuple(reader.sentence(text).tolist()) for text in texts}
    scores = sentence_scores(model, reader.vocabulary, list(dict.fromkeys(ids.values())), report)
    return [
        _counts(one, [(ids[good], ids[bad]) for good, bad in one.pairs], scores, reader.vocabulary.unknown)
        for one in sets
    ]


def sentence_scores(
    model: LanguageModel, vocabulary: Vocabulary, sentences: Sequence[Ids], report: Report
) -> dict[Ids, float]:
    """ln p of each of some distinct sentences, summed in float64; 0 for one without a token."""
    total, done = sum(map(len, sentences)), 0
    scores: dict[Ids, float] = {(): 0.0}
    for batch in _batches(filter(None, sentences)):
        lines = np.cumsum([0, *map(len, batch)])
        ids = np.concatenate([np.array(sentence, dtype=np.uint32) for sentence in batch])
        stream = TokenStream(ids, lines, vocabulary)
        log_probs = model.log_probs_by_line(stream).astype(np.float64)
        scores |= zip(batch, np.add.reduceat(log_probs, lines[:-1]).tolist(), strict=True)
        done += len(ids)
        report(done, total)
    return scores


def _batches(sentences: Iterable[Ids]) -> Iterator[list[Ids]]:
    """The sentences in order, about BATCH targets at a time."""
    batch: list[Ids] = []
    targets = 0
    for sentence in sentences:
        batch.append(sentence)
        targets += len(sentence)
        if targets >= BATCH:
            yield batch
            batch, targets = [], 0
    if batch:
        yield batch


def _counts(
    one: PairSet, pairs: Sequence[tuple[Ids, Ids]], scores: dict[Ids, float], unknown: int | None
) -> SetJudgement:
    good = np.array([scores[good] for good, _ in pairs])
    bad = np.array([scores[bad] for _, bad in pairs])
    known = np.array([unknown not in good and unknown not in bad for good, bad in pairs])
    right, tied = good > bad, good == bad
    return SetJudgement(
        name=one.name,
        phenomenon=one.phenomenon,
        pairs=len(pairs),
        right=int(right.sum()),
        ties=int(tied.sum()),
        unknown=int((~known).sum()),
        identical=sum(good == bad for good, bad in pairs),
        known_right=int((right & known).sum()),
        known_ties=int((tied & known).sum()),
    )
