"""`nextword peers`: our n-gram engine beside KenLM and MITLM; `nextword peers neural`: our networks."""

from __future__ import annotations


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["neural"]:
        from benchmark.verbs import peers_neural

        return peers_neural.main(arguments[1:])
    from benchmark.verbs import peers_ngram

    return peers_ngram.main(arguments)
