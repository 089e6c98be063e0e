"""Small programs that stand in for ours, KenLM's and MITLM's: real processes with known behaviour."""

from __future__ import annotations

import sys
from pathlib import Path

PYTHON = f"#!{sys.executable} -IS\n"
SHELL = "#!/bin/sh\nPATH=/usr/bin:/bin\n"

OURS = """
import argparse, json
parser = argparse.ArgumentParser()
for name in ("order", "train", "test", "threads", "memory"):
    parser.add_argument("--" + name)
options = parser.parse_args()
words = open(options.train).read().split()
print("a line before the last")
print(json.dumps({"order": int(options.order), "tokens": len(words), "test_tokens": 500, "oov": 2,
                  "perplexity": 12.0, "perplexity_known": 10.0, "ngrams": [1], "seconds": {"score": 0.25}}))
"""
#: Holds 60 MB, and leaves the text as its model.
LMPLZ = """
dd if=/dev/zero of=/dev/null bs=60000000 count=1 2>/dev/null
while test $# -gt 4; do shift; done
cat "$2" > "$4"
"""
BUILD = """
cp "$1" "$2"
"""
#: Takes a tenth of a second longer where there is something to score.
QUERY = """
test -s "$3" || exit 1
tokens=$(wc -w)
test "$tokens" -eq 0 || sleep 0.1
printf 'Perplexity including OOVs:\\t13.5\\nPerplexity excluding OOVs:\\t10.0\\n'
printf 'OOVs:\\t3\\nTokens:\\t%d\\n' "$tokens"
"""
MITLM = """
printf '1.0\\tPerplexity Evaluations:\\n1.1\\tLoading eval set...\\n1.2\\t\\ttest.txt\\t10.000\\n' >&2
"""
PROGRAMS = {"lmplz": LMPLZ, "build_binary": BUILD, "query": QUERY, "estimate-ngram": MITLM}


def program(path: Path, code: str, interpreter: str = SHELL) -> Path:
    """An executable program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(interpreter + code, encoding="utf-8")
    path.chmod(0o755)
    return path
