"""`python -m baselines.ngram`: see `program`."""

import os
import sys

from baselines.ngram.sorting.processor import sort_variables

if __name__ == "__main__":
    os.environ.update(sort_variables())  # NumPy, which `program` imports, reads them once
    from baselines.ngram.program import main

    sys.exit(main())
