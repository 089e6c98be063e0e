"""How long one next token takes: what a keyboard or a decoder waits for."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmark.contract import LanguageModel, TokenStream
from benchmark.generate import Sampling, draw

#: Tokens that are read first, tokens whose time is taken, and the seconds after which no more are.
WARM_UP, READINGS, SECONDS = 20, 500, 5.0
#: A token is drawn after every so many of these readings: what generation does besides.
DRAW_EVERY = 10


def latency(model: LanguageModel, stream: TokenStream) -> dict[str, Any]:
    """The fields of `Result` on the time of one next token, over the front of a stream.

    One reading covers a token that is read and the distribution of the token after it. The history grows
    from reading to reading.
    """
    reader = model.reader()
    tokens = np.asarray(stream.ids[: WARM_UP + READINGS]).tolist()
    readings: list[float] = []
    draws: list[float] = []
    random = np.random.default_rng(0)
    stop = time.perf_counter() + SECONDS
    for place, token in enumerate(tokens):
        begun = time.perf_counter()
        reader.read(token)
        scores = reader.next_log_probs()
        ended = time.perf_counter()
        if place >= WARM_UP or ended > stop:
            readings.append(ended - begun)
            if len(readings) % DRAW_EVERY == 1 and np.isfinite(scores).any():
                begun = time.perf_counter()
                draw(scores.astype(np.float64), stream.vocabulary, Sampling(), random)
                draws.append(time.perf_counter() - begun)
        if ended > stop:
            break
    if not readings:
        return {}
    return {
        "next_token_seconds": float(np.median(readings)),
        "next_token_seconds_p99": float(np.percentile(readings, 99)),
        "next_token_readings": len(readings),
        "draw_seconds": float(np.median(draws)) if draws else None,
    }
