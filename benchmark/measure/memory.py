"""Peak memory of this process, and of what it holds on CUDA devices."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path


def peak_memory_bytes() -> int:
    """The most memory this process has held resident since its program began (each run has its own).

    Linux's VmHWM where there is one: `ru_maxrss` there also counts the process that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        status = ""
    if found := re.search(r"^VmHWM:\s+(\d+) kB", status, flags=re.MULTILINE):
        return int(found[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def peak_device_bytes(device: str) -> int | None:
    """The most memory that tensors have held on a CUDA device (`cuda:1`) since `reset_peak_device_bytes`.

    None for any other device. What torch reserves beyond that, and its own code on the device, do not count.
    """
    torch = sys.modules.get("torch")
    if torch is None or not device.startswith("cuda"):
        return None
    return int(torch.cuda.max_memory_allocated(torch.device(device)))


def reset_peak_device_bytes() -> None:
    """Forget the peaks so far, on all CUDA devices that this process has used."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return
    for number in range(torch.cuda.device_count()):
        torch.cuda.reset_peak_memory_stats(number)
