"""The process that counts parts: a task a line on standard input, its part on standard output.

It ends with its input, so with the process that started it, however that ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import numpy as np

from baselines.ngram.counting.workers.part import Beginnings, count_part
from baselines.ngram.counting.workers.transfer import write_part


def main() -> int:
    """Count what is asked for. The argument names the open file of the text, its words and the order."""
    settings = json.loads(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the process that started this one
    words, order = settings["words"], settings["order"]
    text = np.memmap(os.fdopen(settings["text"], "rb"), dtype=np.int32, mode="r")
    for line in sys.stdin:
        task = Beginnings(*json.loads(line))
        write_part(sys.stdout.buffer, count_part([text], task, words, order))
    return 0


if __name__ == "__main__":
    sys.exit(main())
