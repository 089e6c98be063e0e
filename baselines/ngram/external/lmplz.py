"""KenLM's own estimator, the program `lmplz`, run on a token stream."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark.contract import TokenStream
from benchmark.errors import UserError
from benchmark.storage.temporary import TemporaryFolder


def find_lmplz(program: str | None) -> str | None:
    """The path of the program; None for None, and for a bare name that is not on the PATH.

    Raises UserError if a path is given and there is no program.
    """
    found = shutil.which(program) if program else None
    if program and found is None and Path(program).name != program:
        raise UserError(f"model.lmplz: no program at {program}; give its path, or null to do without it")
    return found


def run_lmplz(
    program: str, train: TokenStream, spellings: Sequence[str], order: int, memory: str, arpa: Path
) -> None:
    """Estimate modified Kneser-Ney on `train`, a line for each `</s>`, and write the ARPA file `arpa`.

    `memory` limits its sorting (`-S`, such as `1G` or `20%`; its own default is 80% of the machine). If the
    discounts have no closed form, it uses its fallback. Raises RuntimeError with its last line of output.
    """
    names = np.array(spellings, dtype=object)
    names[train.vocabulary.end] = "\n"
    own = TemporaryFolder.elsewhere("lmplz")
    with own as folder:
        text = folder / "train.txt"
        with text.open("w", encoding="utf-8", newline="\n") as file:
            for start in range(0, len(train), 1 << 20):
                file.write(" ".join(names[train.ids[start : start + (1 << 20)]]) + " ")
        command = [program, "--order", str(order), "--memory", memory, "--temp_prefix", f"{folder}/"]
        command += ["--discount_fallback", "--text", str(text), "--arpa", str(arpa)]
        # should this process be killed, the program goes on; it then holds the folder that it writes to
        done = subprocess.run(command, capture_output=True, text=True, check=False, pass_fds=[own.lock])
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise RuntimeError(f"{program} failed: {lines[-1]}")
