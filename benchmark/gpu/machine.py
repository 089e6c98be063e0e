"""The device and what drives it, found by a process of its own: a CUDA context takes memory for good.

python -m benchmark.gpu.machine cuda
"""

from __future__ import annotations

import json
import subprocess
import sys

from benchmark.errors import UserError
from benchmark.gpu.setup import python

#: What the summary says of the machine; a number is in bytes.
Machine = dict[str, str | int | None]
#: Seconds in which a device that is well answers.
PATIENCE = 120.0


def find_machine(device: str) -> Machine:
    """The names, sizes and versions of a device's machine. Raises UserError if torch cannot use it."""
    try:
        done = subprocess.run(
            python("benchmark.gpu.machine", device),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"--device={device}: torch has not answered for {PATIENCE:.0f} s") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise UserError(
            f"--device={device} cannot be used: {lines[-1]}; "
            "nextword gpu --device cpu --toy tries the plan out without a GPU"
        )
    machine: Machine = json.loads(done.stdout)
    return machine


def describe(device: str) -> Machine:
    """The same in this process. Raises RuntimeError or AssertionError if torch cannot use the device."""
    import torch

    from benchmark.record.provenance import environment

    torch.zeros(1, device=device).add_(1).cpu()
    found = environment()
    machine: Machine = {
        "processor": found["processor"],
        "cores": found["cores"],
        "system": found["system"],
        "python": found["python"],
        "torch": torch.__version__,
        "nextword": found["version"],
        "commit": found["commit"],
    }
    if torch.device(device).type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        machine |= {
            "device": properties.name,
            "device_bytes": properties.total_memory,
            "compute_capability": f"{properties.major}.{properties.minor}",
            "devices": torch.cuda.device_count(),
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
        }
    return machine


if __name__ == "__main__":
    try:
        print(json.dumps(describe(sys.argv[1])))
    except (RuntimeError, AssertionError) as error:
        sys.exit(str(error).splitlines()[0])
