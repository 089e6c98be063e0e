"""`python -m baselines.ngram`: see `program`."""

import os
import sys

from baselines.ngram.sorting.processor import sort_variables

#: Modules that have something to end: processes, a cluster, a device.
_ENDED_BY_THE_INTERPRETER = {"multiprocessing", "ray", "torch"}

if __name__ == "__main__":
    os.environ.update(sort_variables())  # NumPy, which `program` imports, reads them once
    from baselines.ngram.program import main

    status = main()
    if _ENDED_BY_THE_INTERPRETER.isdisjoint(sys.modules):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)  # what the interpreter does at its end takes a tenth of the time of a short text
    sys.exit(status)
