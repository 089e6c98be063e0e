"""torch and the devices that it can use, found by a process of its own: a broken driver may hang or crash it.

python -m benchmark.doctor.devices
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

from benchmark.doctor.part import Part
from benchmark.environment import child_python
from benchmark.settings import visible_gpus

#: Seconds in which torch and a driver that are well answer.
PATIENCE = 120.0


def devices() -> Part:
    """What torch can compute on."""
    if find_spec("torch") is None:  # the packages say so
        return Part({"torch": None})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmark.doctor.devices"],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env={**os.environ, **child_python()},
        )
    except subprocess.TimeoutExpired:
        return Part({}, [f"torch has not answered for {PATIENCE:.0f} s: does nvidia-smi answer?"])
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return Part({}, [f"torch cannot be used ({reason}): install it again, as pytorch.org says"])
    facts = json.loads(done.stdout)
    return Part(facts, _problems(facts))


def _problems(facts: dict[str, Any]) -> list[str]:
    if facts["devices"] or not visible_gpus():
        return []
    if facts["cuda"] is None:
        return [
            "this machine has an NVIDIA GPU, but torch was built without CUDA: install a build with it, as "
            "pytorch.org says, or set device=cpu"
        ]
    return [
        f"torch (CUDA {facts['cuda']}) cannot use this machine's NVIDIA GPU: does nvidia-smi run, and is its "
        "driver new enough? device=cpu works meanwhile"
    ]


def described() -> dict[str, Any]:
    """torch's version, that of its CUDA, its threads, and each GPU with its memory in bytes."""
    import torch

    found = []
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(number)
            found.append({"name": properties.name, "bytes": properties.total_memory})
    return {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "threads": torch.get_num_threads(),
        "devices": found,
    }


if __name__ == "__main__":
    print(json.dumps(described()))
