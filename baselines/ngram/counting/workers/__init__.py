"""Counting by several workers, processes of this machine or tasks on others, with the same result as by one.

The work is divided by first words: each part is the n-grams that begin with a range of words, in ascending
order. A worker scans the whole text, a shard at a time, and keeps only the places where its n-grams begin.
Its results are rows of the final tables, and the rows of one part follow those of the part before, so that no
n-gram is counted twice and no counts are merged. If the text were divided instead, most n-grams of the longer
orders, which occur once or twice, would be sorted within their piece, sent in full, and sorted again. Here
only the text is sent, once to each machine, with four bytes for each token.

`merge` plans the parts and combines them, `count_part` counts one, `choose` reads NEXTWORD_COUNTING.
"""
