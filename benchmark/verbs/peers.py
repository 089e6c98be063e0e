"""`nextword peers`: our n-gram engine, our networks and the time of one next token beside other programs."""

from __future__ import annotations


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["neural"]:
        from benchmark.verbs import peers_neural

        return peers_neural.main(arguments[1:])
    if arguments[:1] == ["latency"]:
        from benchmark.verbs import peers_latency

        return peers_latency.main(arguments[1:])
    from benchmark.verbs import peers_ngram

    return peers_ngram.main(arguments)
