"""From a loop in Python to machine code that runs wherever it is put. Imported where numba is installed.

numba makes LLVM's language of a loop and of what it calls, and LLVM makes code of that. Code is taken only
if it refers to nothing outside itself: no constant, no other function. It can then be kept in a file and used
by programs that do not import numba, which takes a quarter of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

import llvmlite.binding as llvm
import numba
from numba import types
from numba.core import config

#: The signatures' kinds of arguments.
_KINDS = {
    name: types.CPointer(kind) if name.endswith("*") else kind
    for name, kind in {
        "uint8*": types.uint8,
        "uint16*": types.uint16,
        "int32*": types.int32,
        "int64*": types.int64,
        "uint64*": types.uint64,
        "int64": types.int64,
        "uint64": types.uint64,
        "float32*": types.float32,
        "float64*": types.float64,
    }.items()
}


def machine_code(module: ModuleType, name: str) -> bytes:
    """The code of the loop `name` of a module, which may call the HELPERS of it.

    The module's SIGNATURES have the kinds of its arguments. The code is a function of C: of where to write
    the int64 that the loop returns, of a place that is not used, and of the arguments. Raises ValueError if
    it refers to anything.
    """
    made: dict[str, Any] = {}
    for helper in module.HELPERS:
        of_helper = _with_globals(getattr(module, helper), made)
        made[helper] = numba.njit(error_model="numpy", forceinline=True)(of_helper)
    wanted = types.int64(*(_KINDS[kind] for kind in module.SIGNATURES[name].split()))
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
    with _without_vectors():
        compiled: Any = numba.njit(wanted, **options)(_with_globals(getattr(module, name), made))
    whole = llvm.parse_assembly(compiled.overloads[wanted.args].library.get_llvm_str())
    if len(defined := [each for each in whole.functions if not each.is_declaration]) != 1:
        raise ValueError(f"{name} calls what was not made a part of it: {[each.name for each in defined]}")
    return _text(name, _target().emit_object(whole))


def for_this_program(module: ModuleType) -> SimpleNamespace:
    """The loops of a module as numba has them, for arrays. It keeps the code where it finds a folder."""
    made = {helper: numba.njit(getattr(module, helper)) for helper in module.HELPERS}
    loops = {}
    for name in module.SIGNATURES:
        loop = _with_globals(getattr(module, name), made)
        try:
            loops[name] = numba.njit(nogil=True, cache=True)(loop)
        except RuntimeError:  # it may write neither beside the file of the loop nor into a home
            loops[name] = numba.njit(nogil=True)(loop)
    return SimpleNamespace(**loops)


def _with_globals(function: Any, made: dict[str, Any]) -> FunctionType:
    """The function with what is `made` of those that it calls."""
    return FunctionType(function.__code__, {**function.__globals__, **made}, function.__name__)


@contextmanager
def _without_vectors() -> Iterator[None]:
    """In the block, numba makes no vectors of loops: their constants would stand outside the code."""
    settings = vars(config)
    before = {name: settings[name] for name in ("LOOP_VECTORIZE", "SLP_VECTORIZE")}
    settings.update(dict.fromkeys(before, 0))
    try:
        yield
    finally:
        settings.update(before)


def _target() -> llvm.TargetMachine:
    """This processor, or that of numba's settings."""
    settings = vars(config)
    features = settings["CPU_FEATURES"]
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=settings["CPU_NAME"] or llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten() if features is None else features,
        opt=3,
        reloc="pic",
        codemodel="small",
    )


def _text(name: str, file: bytes) -> bytes:
    """The code of an object file (ELF) with one function."""
    sections = {each.name(): each.data() for each in llvm.ObjectFileRef.from_data(file).sections()}
    names = {said.decode() for said in sections if said}
    if {each for each in names if each.startswith((".rel", ".rodata", ".data", ".bss"))}:
        raise ValueError(f"{name} refers to {sorted(names)}")
    return sections[b".text"]
