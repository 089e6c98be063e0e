"""Write `scores.json` anew: python tests/golden/remake.py

Scores that moved although no version was raised are left as they were, and named.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from golden_file import FILE, equal, problem, raised, read, write
from golden_results import declared, names, result

from benchmark.errors import Skip


def main() -> int:
    before, golden, refused = read(), {}, 0
    for name in names():
        old = before.get(name)
        try:
            with tempfile.TemporaryDirectory() as folder:
                now = result(name, Path(folder))
        except Skip as reason:
            print(f"left as it was: {name}: {reason}", file=sys.stderr)
            now = old
        if old and now and not raised(old, now):
            if not equal(name, old, now):
                print(f"left as it was: {problem(name, old, now, declared(name))}", file=sys.stderr)
                refused += 1
            now = old | ({"versions": now["versions"]} if equal(name, old, now) else {})
        if now:
            golden[name] = now
    write(golden)
    print(f"{len(golden)} golden scores in {FILE}" + (f", {refused} refused" if refused else ""))
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
