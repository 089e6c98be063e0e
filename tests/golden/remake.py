"""Write `scores.json` anew: python tests/golden/remake.py"""

from __future__ import annotations

import tempfile
from pathlib import Path

from golden_cases import cases
from golden_file import FILE, rounded, write
from golden_harness import HARNESS
from golden_scores import scores


def main() -> None:
    golden = {name: {"scores": rounded(numbers())} for name, numbers in HARNESS.items()}
    for name, case in cases().items():
        with tempfile.TemporaryDirectory() as folder:
            golden[name] = {"scores": rounded(scores(case, Path(folder)))}
    write(golden)
    print(f"{len(golden)} golden scores written to {FILE}")


if __name__ == "__main__":
    main()
