"""Memory that this process holds, now and at most, and its peak on CUDA devices."""

from __future__ import annotations

import ctypes
import gc
import os
import re
import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


def peak_memory_bytes() -> int:
    """The most memory this process has held resident since its program began (each run has its own).

    Linux's VmHWM where there is one: `ru_maxrss` there also counts the process that started this one.
    """
    if (peak := _from_status("VmHWM")) is not None:
        return peak
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def resident_bytes() -> int:
    """The memory that this process holds resident now: what it has allocated and used, and the parts of files
    mapped into memory that it has read. Raises OSError if the system does not tell."""
    if (now := _from_status("VmRSS")) is not None:
        return now
    command = ["ps", "-o", "rss=", "-p", str(os.getpid())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.strip().isdecimal():
        raise OSError("the system does not tell how much memory a process holds")
    return int(done.stdout) * 1024


def restart_peak_memory() -> bool:
    """Let `peak_memory_bytes` begin anew with what is held now; False where the system cannot do that."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def release_unused_memory() -> None:
    """Collect garbage, and give back what the C library keeps of freed memory, where it can (glibc)."""
    gc.collect()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _from_status(name: str) -> int | None:
    """A size in Linux's `/proc/self/status`, in bytes; None where there is no such thing."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = re.search(rf"^{name}:\s+(\d+) kB", status, flags=re.MULTILINE)
    return int(found[1]) * 1024 if found else None


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
