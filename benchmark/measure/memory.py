"""Peak memory of this process."""

from __future__ import annotations

import resource
import sys


def peak_memory_bytes() -> int:
    """The most memory this process has held resident since it began (each run has its own)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def peak_device_bytes() -> int | None:
    """The most memory torch has taken on the first CUDA device, where it is used."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    return int(torch.cuda.max_memory_allocated())
