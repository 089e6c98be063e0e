"""Loops in machine code, from the file that keeps them.

numba compiles them once for a kind of processor, in some seconds. Programs then map the file into memory,
which takes no time, so that they help with short texts, too, where the import of numba would take longer than
all of the work. Where there is no file and nothing to make one with, NumPy does the work and gives the same.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import sys
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from baselines.ngram.loops import ngrams, numbers, records, shares, slots, sort, trie, words
from baselines.ngram.table import hashes, layout
from benchmark.corpus import word_numbering
from benchmark.environment import CACHE, COMPILED
from benchmark.errors import UserError

#: Bytes of text from which on the loops are compiled if they are not there yet. Two texts of so many bytes
#: repay it: each takes 2.1 (order 3) to 3.5 s (order 5) less on a Zen 4, and compiling takes 5.4 s there.
WORTH_COMPILING = 128 << 20
_MODULES = (words, ngrams, records, sort, shares, slots, trie, numbers)  # that have loops
_BESIDE = (word_numbering, hashes, layout)  # that loops take something from
_SIGNATURES = {name: said for module in _MODULES for name, said in module.SIGNATURES.items()}
_ALIGNED = 64  # each loop begins at a multiple of so many bytes
_MAPPED: dict[tuple[Path | int, ...], Loops] = {}  # by what identifies the content of a file
_PROCESSOR = Path("/proc/cpuinfo")
_KIND = ("vendor_id", "cpu family", "model", "flags")
_ARRAYS = {
    name: np.dtype(name.removesuffix("*"))
    for name in ("uint8*", "uint16*", "int32*", "int64*", "uint64*", "float32*", "float64*")
}
_NUMBERS = {"int64": ctypes.c_int64, "uint64": ctypes.c_uint64}


class Fixed:
    """An array that loops take many times. What they ask of it is found once."""

    __slots__ = ("address", "array", "kind")

    def __init__(self, array: np.ndarray) -> None:
        self.array = array  # exists as long as this
        self.kind = array.dtype if array.flags.c_contiguous else None
        self.address: int = array.__array_interface__["data"][0]


class Loops:
    """The loops of a file that `compile_loops` made: `places` says where each begins.

    Each is a method that takes arrays and numbers and returns a number. It holds no lock of the interpreter.
    """

    def __init__(self, code: mmap.mmap, places: dict[str, int]) -> None:
        self._code = code  # mapped as long as the functions are there
        address = np.frombuffer(code, dtype=np.uint8).__array_interface__["data"][0]
        for name, place in places.items():
            setattr(self, name, _function(name, address + place, _SIGNATURES[name]))

    def __getattr__(self, name: str) -> Callable[..., int]:
        raise AttributeError(name)


def _function(name: str, address: int, signature: str) -> Callable[..., int]:
    """A loop as a function, which raises TypeError for arrays of other kinds."""
    kinds = [_ARRAYS.get(each) for each in signature.split()]
    arguments = [_NUMBERS.get(each, ctypes.c_void_p) for each in signature.split()]
    call = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *arguments)(address)

    def loop(*values: Any) -> int:
        given = []
        for kind, value in zip(kinds, values, strict=True):
            if kind is None:
                given.append(int(value))
            else:
                array = value if isinstance(value, Fixed) else Fixed(value)
                if array.kind is not kind and array.kind != kind:
                    raise TypeError(f"{name} takes {signature}, arrays in one piece")
                given.append(array.address)
        result, unused = ctypes.c_int64(), ctypes.c_void_p()
        call(ctypes.byref(result), ctypes.byref(unused), *given)
        return result.value

    return loop


def loops_for(size: int | None) -> Loops | None:
    """The loops, for a text of `size` bytes (None: not known). None if NumPy is to do the work.

    Raises UserError if NEXTWORD_COMPILED is not usable.
    """
    wanted = COMPILED.value
    if wanted == "off" or sys.platform != "linux" or os.uname().machine != "x86_64":
        return None
    if (loops := _kept()) or not (wanted == "now" or (size or 0) >= WORTH_COMPILING):
        return loops
    from importlib.util import find_spec

    return _kept() if find_spec("numba") and compile_loops() else None


def _kept() -> Loops | None:
    """The loops of the file, which is read once."""
    try:
        file = _file()
        said = file.stat()
    except OSError:  # none is there, or the sources are in an archive
        return None
    known = file, said.st_ino, said.st_mtime_ns, said.st_size, said.st_uid, said.st_mode
    if known not in _MAPPED and (loops := _read(file)):
        _MAPPED[known] = loops
    return _MAPPED.get(known)


def _read(path: Path) -> Loops | None:
    """The loops of the file, if they are those of these sources and this processor, and nobody else's."""
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if about.st_uid not in (0, os.geteuid()) or about.st_mode & 0o022:
                return None  # another user could have put any program there
            head = file.readline()
            said = json.loads(head)
            if said["made_for"] != _made_for():
                return None
            code = mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)
        if zlib.crc32(memoryview(code)[len(head) :]) != said["crc"]:
            return None
        return Loops(code, {name: len(head) + place for name, place in said["places"].items()})
    except (OSError, ValueError, KeyError, TypeError):  # none, damaged, or where nothing may be run
        return None


def compile_loops() -> bool:
    """Compile the loops and keep them. Returns whether that is done."""
    from baselines.ngram.loops.build import machine_code
    from benchmark.storage.files import atomic_file

    places, code = {}, b""
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(_file()) as file:  # fails before anything is compiled
            for module in _MODULES:
                for name in module.SIGNATURES:
                    places[name] = len(code)
                    made = machine_code(module, name)
                    code += made + bytes(-len(made) % _ALIGNED)
            about = {"crc": zlib.crc32(code), "places": places, "made_for": _made_for()}
            said = json.dumps(about).encode()
            file.write(said + b" " * (-(len(said) + 1) % _ALIGNED) + b"\n" + code)
        return True
    except (OSError, UserError, ValueError):  # no folder to keep it in, or code that cannot be kept
        return False


def _file() -> Path:
    """Where the loops are kept: a file for each version of them and each kind of processor."""
    folder = CACHE.value or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nextword"
    return folder / "loops" / _name()


@cache
def _name() -> str:
    return f"{zlib.crc32(_made_for().encode()):08x}"


@cache
def _made_for() -> str:
    """The sources of the loops and of who makes the file, and the processor. One for others is not used."""
    files = [Path(module.__file__ or "") for module in (*_MODULES, *_BESIDE)]
    files += [Path(__file__), Path(__file__).with_name("build.py")]
    sources = [file.read_text(encoding="utf-8") for file in files]
    with _PROCESSOR.open("rb") as file:
        lines = file.read(1 << 14).decode(errors="replace").partition("\n\n")[0].split("\n")
    return "".join(sources) + "\n".join(line for line in lines if line.partition("\t")[0].strip() in _KIND)
