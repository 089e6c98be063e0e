"""ARPA files: the text format that n-gram tools exchange backoff models in.

One line an n-gram, `log10 p*  words  log10 b`, order by order (SRILM's ngram-format(5) defines it). Written
and read by KenLM, SRILM, IRSTLM and others; what they do differently is said where it is handled.
"""

from baselines.ngram.arpa.read import ArpaFile, read_arpa
from baselines.ngram.arpa.write import write_arpa

__all__ = ["ArpaFile", "read_arpa", "write_arpa"]
