"""Beam search over the outputs of an encoder-decoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from baselines.tasks.transduction.network import BOUNDARY, EncoderDecoderNetwork, padded

#: An output may have so many phonemes for each letter, and some more.
_FOR_EACH_LETTER, _MORE = 3, 10


def search(
    network: EncoderDecoderNetwork, words: Sequence[Sequence[int]], width: int
) -> list[tuple[int, ...]]:
    """The most probable output found for each word, `width` unfinished ones kept; 1: greedy decoding.

    An output that has ended stays among the kept ones and competes with its probability. Since
    probabilities only fall, a word is done once its best one has ended.
    """
    encoded = network.encode(*padded(words)).repeated(width)
    memory, device = encoded.memory, encoded.states.device
    count = len(words)
    scores = torch.full((count, width), -torch.inf, device=device)
    scores[:, 0] = 0  # all copies are alike at first: one of them goes on
    ended = torch.zeros((count, width), dtype=torch.bool, device=device)
    written = torch.full((count, width, 0), BOUNDARY, device=device)
    last = torch.full((count * width, 1), BOUNDARY, device=device)
    rows = torch.arange(count, device=device)[:, None]
    limits = torch.tensor([_FOR_EACH_LETTER * len(word) + _MORE for word in words], device=device)
    for step in range(int(limits.max())):
        ended = ended | (step >= limits)[:, None]  # a word's limit is its own, not that of its batch
        logits, memory = network.write(last, encoded, memory)
        steps = logits[:, 0].log_softmax(dim=-1).view(count, width, -1)
        # an ended output goes on with nothing but its end, at no cost
        steps = steps.masked_fill(ended[:, :, None], -torch.inf)
        steps[:, :, BOUNDARY] = steps[:, :, BOUNDARY].masked_fill(ended, 0)
        totals = (scores[:, :, None] + steps).flatten(1)
        scores, best = totals.topk(width, dim=1)
        origin, phoneme = best // steps.shape[-1], best % steps.shape[-1]
        ended = ended[rows, origin] | (phoneme == BOUNDARY)
        written = torch.cat([written[rows, origin], phoneme[:, :, None]], dim=2)
        if bool(ended[:, 0].all()):
            break
        kept = (rows * width + origin).flatten()
        memory = (memory[0][:, kept], memory[1][:, kept])
        last = phoneme.reshape(-1, 1)
    return [_until_end(row) for row in written[:, 0].tolist()]


def _until_end(phonemes: Sequence[int]) -> tuple[int, ...]:
    return tuple(phonemes[: phonemes.index(BOUNDARY)] if BOUNDARY in phonemes else phonemes)
