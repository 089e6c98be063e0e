"""Counting by several workers, processes of this machine or tasks on others: the same tables as by one.

Each part of the work is the n-grams that begin with some words, ranges of first words in ascending order.
A worker reads the whole text past, a shard at a time, and keeps only the places where its n-grams begin.
What it finds are rows of the tables as they are, and those of one part follow those of the part before:
nothing is counted twice and nothing merged. Were the text cut into pieces that are counted apart instead,
most n-grams of the longer orders, which occur once or twice, would be sorted in their piece, moved in full
spelling and sorted again; here the text is what moves, once to each machine, four bytes a token.

`merge` plans the parts and puts them together, `part` counts one, `choose` reads NEXTWORD_COUNTING.
"""
