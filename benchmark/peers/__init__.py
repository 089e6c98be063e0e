"""Our programs beside other people's: the same task, the same machine, whole processes that take turns.

`compare.py` holds the one loop and `record.py` what it records; `ngram` and `neural` hold what differs
between the two comparisons. Measuring writes records; the tables are made from the records alone.
"""
