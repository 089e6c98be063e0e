"""`nextword gpu`: a plan of steps that shows that all is well and fast on a GPU.

`plan.py` says what a step is and carries steps out under time limits. `steps.py` lists them, the most
valuable first; each has a module. `summary.py` holds what `gpu.json` records, and `show.py` makes tables
from it.
"""
