"""How big a model is: its arrays, by n-gram order where it has orders, and its files, also compressed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmark.contract import ModelSize
from benchmark.storage.files import bytes_below, files_below

#: Level of Zstandard: the program's own default. It packs 100 MB of n-grams in a second or two, to 0.56; xz
#: needs most of a minute for 0.52.
LEVEL = 3
_BLOCK = 1 << 20


def model_size(size: ModelSize) -> dict[str, Any]:
    """The fields of `Result` on the size of a fitted model in memory."""
    return {
        "parameters": size.parameters,
        "entries": size.entries,
        "bytes_in_memory": size.bytes_in_memory,
        "order_entries": [order.entries for order in size.orders],
        "order_bytes": [order.bytes_in_memory for order in size.orders],
    }


def size_on_disk(folder: Path) -> dict[str, Any]:
    """The fields of `Result` on the size of a saved model."""
    return {"bytes_on_disk": bytes_below(folder), "bytes_compressed": compressed_bytes(folder)}


def compressed_bytes(folder: Path) -> int | None:
    """Bytes of the files below a folder, one behind the other in the order of their paths, as one frame of
    Zstandard (RFC 8878) at `LEVEL`. Names do not count.

    None without the package: a training is not lost for want of it.
    """
    try:
        import zstandard
    except ImportError:
        return None
    packing = zstandard.ZstdCompressor(level=LEVEL).compressobj()
    size = 0
    for path in files_below(folder):
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                size += len(packing.compress(block))
    return size + len(packing.flush())
