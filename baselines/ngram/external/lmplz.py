"""KenLM's own estimator, the program `lmplz`, run on a token stream."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark.contract import TokenStream
from benchmark.errors import UserError


def find_lmplz(program: str | None) -> str | None:
    """Path of the program: None for None, or for a bare name that is not on the PATH.

    Raises UserError where a path is given and no program is there.
    """
    found = shutil.which(program) if program else None
    if program and found is None and Path(program).name != program:
        raise UserError(f"model.lmplz: no program at {program}; give its path, or null to do without")
    return found


def run_lmplz(
    program: str, train: TokenStream, spellings: Sequence[str], order: int, memory: str, arpa: Path
) -> None:
    """Estimate modified Kneser-Ney on `train`, one `</s>` a line, and write the ARPA file `arpa`.

    `memory` bounds its sorting (`-S`, such as `1G` or `20%`; its own default is 80% of the machine).
    Where discounts have no closed form it takes its fallback. Raises RuntimeError with its last words.
    """
    names = np.array(spellings, dtype=object)
    names[train.vocabulary.end] = "\n"
    with tempfile.TemporaryDirectory(prefix="nextword-lmplz-") as folder:
        text = Path(folder) / "train.txt"
        with text.open("w", encoding="utf-8", newline="\n") as file:
            for start in range(0, len(train), 1 << 20):
                file.write(" ".join(names[train.ids[start : start + (1 << 20)]]) + " ")
        command = [program, "--order", str(order), "--memory", memory, "--temp_prefix", f"{folder}/"]
        command += ["--discount_fallback", "--text", str(text), "--arpa", str(arpa)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise RuntimeError(f"{program} failed: {lines[-1]}")
