"""Reading ARPA files: the text format in which n-gram tools exchange backoff models.

One line for each n-gram, `log10 p*  words  log10 b`, order by order (defined in SRILM's ngram-format(5)).
KenLM, SRILM, IRSTLM and others write and read it; their differences are explained where they are handled.
`baselines.ngram.table.write_arpa` writes it.
"""
