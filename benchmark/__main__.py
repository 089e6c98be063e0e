"""`python -m benchmark` is `nextword`."""

import os
import sys


def main() -> int:
    """The installed program `nextword`."""
    from benchmark.cli import main as run

    return run()


if __name__ == "__main__":
    # Python looks for modules in the current folder first, which may be a results folder from elsewhere
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if sys.path[0] == os.getcwd() != root:
        del sys.path[0]
    sys.exit(main())
