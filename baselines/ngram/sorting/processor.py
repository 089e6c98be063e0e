"""Which of NumPy's sorts suits the processor. NumPy decides when it is imported, so this does not import it.

NumPy sorts integers with AVX-512 where there is AVX-512, and else with AVX2. The former lives on the
instruction `vpcompressq` to memory, which AMD's Zen 4 has in microcode: it takes more than a hundred cycles.
For each of 2^18 keys of 64 bits, AVX-512 takes 43 ns there, and AVX2 takes 9.
"""

from __future__ import annotations

import os
from pathlib import Path

#: Read by NumPy when it is imported: parts of it that are not to be used.
VARIABLE = "NPY_DISABLE_CPU_FEATURES"
#: The names that versions of NumPy have for what needs AVX-512; it ignores those that it does not know.
AVX_512 = "X86_V4 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR"
_ZEN_4 = (b"AuthenticAMD", b"25")  # vendor and family; Zen 3, of the same family, has no AVX-512
_PROCESSORS = Path("/proc/cpuinfo")
_FIRST = 1 << 13  # bytes of the file that describe the first processor


def sort_variables() -> dict[str, str]:
    """What the environment of a process should have before it imports NumPy, so that this sorts fast."""
    if VARIABLE in os.environ or not sorts_faster_by_avx2(_description()):
        return {}
    return {VARIABLE: AVX_512}


def sorts_faster_by_avx2(description: bytes) -> bool:
    """Whether the processor that `/proc/cpuinfo` describes is a Zen 4."""
    facts: dict[bytes, bytes] = {}
    for line in description.split(b"\n"):
        name, _, value = line.partition(b":")
        facts.setdefault(name.strip(), value.strip())
    vendor, family, flags = (facts.get(name, b"") for name in (b"vendor_id", b"cpu family", b"flags"))
    return (vendor, family) == _ZEN_4 and b"avx512f" in flags.split()


def _description() -> bytes:
    try:
        with _PROCESSORS.open("rb") as file:
            return file.read(_FIRST)
    except OSError:
        return b""
