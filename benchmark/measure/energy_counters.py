"""The energy counters of this machine: those of its GPUs, through NVML, and of its processors, through RAPL.

Both count for a whole board or package, whatever program used it. A counter that is missing or must not be
read is left out.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Where Linux shows RAPL, on AMD's processors as well.
POWERCAP = Path("/sys/class/powercap")
#: No processor package draws more watts than this for long.
MOST_PACKAGE_WATTS = 600.0
#: Seconds between two updates of a counter, at the most: a GPU's takes 20 to 100 ms, a package's about 1 ms.
GPU_INTERVAL, PACKAGE_INTERVAL = 0.1, 0.001

GPU, PACKAGE = "GPU board", "CPU package"


@dataclass(frozen=True)
class Counter:
    """Counts joules from some moment in the past on.

    `part` is what it counts for: `GPU` or `PACKAGE`. `name` tells it from others of the same part; a GPU's is
    its UUID. `interval` is the seconds between two updates. The counter starts again from zero at `wraps_at`
    joules (NaN: never), and it takes more than `wraps_after` seconds to get there.
    """

    part: str
    name: str
    interval: float
    #: Joules; None if they cannot be read.
    read: Callable[[], float | None]
    wraps_at: float = math.nan
    wraps_after: float = math.inf

    def difference(self, before: float | None, after: float | None, seconds: float) -> float:
        """Joules between two readings that are some seconds apart; NaN if they are unknown."""
        if before is None or after is None or seconds >= self.wraps_after:
            return math.nan
        return after - before + (self.wraps_at if after < before else 0.0)


def energy_counters() -> list[Counter]:
    """All that can be read here."""
    return [*gpu_counters(), *package_counters(POWERCAP)]


def package_counters(powercap: Path) -> list[Counter]:
    """RAPL's counters of the processor packages; none at all unless every one of them can be read.

    The other domains are parts of a package (cores, memory controller), or hold it (psys).
    """
    folders = sorted(powercap.glob("intel-rapl:*"))
    named = [(folder, _line(folder / "name") or "") for folder in folders]
    counters = [_package_counter(folder, name) for folder, name in named if name.startswith("package")]
    found = [counter for counter in counters if counter is not None]
    return found if len(found) == len(counters) else []


def _package_counter(folder: Path, name: str) -> Counter | None:
    wraps_at = _joules(folder / "max_energy_range_uj")
    if not wraps_at or _joules(folder / "energy_uj") is None:
        return None
    return Counter(
        PACKAGE,
        name,
        PACKAGE_INTERVAL,
        lambda: _joules(folder / "energy_uj"),
        wraps_at,
        wraps_at / MOST_PACKAGE_WATTS,
    )


def _joules(path: Path) -> float | None:
    """The microjoules in a file, as joules; None if the file is missing or, as often, only for root."""
    try:
        return int(_line(path) or "") / 1e6
    except ValueError:
        return None


def _line(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None


def gpu_counters() -> list[Counter]:
    """NVML's counters of all GPUs of this machine, whatever CUDA_VISIBLE_DEVICES says.

    Empty without the package `nvidia-ml-py` or without NVIDIA's driver. GPUs before Volta have no counter.
    NVML counts millijoules in 64 bits.
    """
    try:
        import pynvml
    except ImportError:
        return []
    try:
        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(place) for place in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []
    counters = (_gpu_counter(pynvml, handle) for handle in handles)
    return [counter for counter in counters if counter is not None]


def _gpu_counter(pynvml: Any, handle: Any) -> Counter | None:
    def read() -> float | None:
        try:
            return int(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1e3
        except pynvml.NVMLError:
            return None

    if read() is None:
        return None
    try:
        return Counter(GPU, str(pynvml.nvmlDeviceGetUUID(handle)), GPU_INTERVAL, read)
    except pynvml.NVMLError:
        return None


def gpu_uuid(device: str) -> str | None:
    """The UUID of a CUDA device that torch names (`cuda:1`), as NVML writes it; None for another device.

    Torch counts the devices that CUDA_VISIBLE_DEVICES leaves, in its order; NVML counts all of them. A part
    of a GPU (MIG) has a UUID of its own, which no counter has.
    """
    torch = sys.modules.get("torch")
    if torch is None or not device.startswith("cuda"):
        return None
    uuid = getattr(torch.cuda.get_device_properties(torch.device(device)), "uuid", None)
    return None if uuid is None else f"GPU-{uuid}"
