"""How far our Kneser-Ney and KenLM's are apart, n-gram by n-gram.

    python tests/perf/lmplz_parity.py [--corpora ptb brown reuters] [--orders 2 3 4 5 6]

Reads the corpora of $NEXTWORD_CORPORA (training split, every word kept, one sentence a line) and runs lmplz,
from the PATH or $NEXTWORD_LMPLZ. Prints the n-grams, those that only one of the two lists, and the largest
differences of log10 probabilities and backoff weights; lmplz computes and writes float32.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "ngram"))

from lmplz_reference import CORPORA, LMPLZ, NEEDED, apart, by_lmplz, by_us, corpus_for_lmplz


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpora", nargs="+", choices=list(CORPORA), default=list(CORPORA))
    parser.add_argument("--orders", nargs="+", type=int, default=[2, 3, 4, 5, 6])
    options = parser.parse_args()
    if not LMPLZ:
        sys.exit(NEEDED)
    print(f"{'corpus':8} order  {'n-grams':>12}  {'unshared':>8}  {'|Δ log10 p|':>11}  {'|Δ log10 b|':>11}")
    for corpus in options.corpora:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            stream = corpus_for_lmplz(corpus, folder)
            for order in options.orders:
                found = apart(by_us(stream, order), by_lmplz(stream, order, folder))
                print(
                    f"{corpus:8} {order:5}  {found.ngrams:12,}  {found.unshared:8,}"
                    f"  {found.log10_probs:11.1e}  {found.log10_backoffs:11.1e}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
