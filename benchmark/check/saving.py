"""Whether what `save` wrote can be used: files that may be read, and a model that scores the same."""

from __future__ import annotations

import pickle
import pickletools
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmark.check.agreement import furthest_apart
from benchmark.check.answers import kind_of, scores_of, size_of, tolerance
from benchmark.contract import LanguageModel, TokenStream, Vocabulary
from benchmark.environment import machine_memory
from benchmark.errors import BrokenContract
from benchmark.storage.files import files_below
from benchmark.traces import described

#: Targets that a loaded model is compared on, and the seconds that scoring them may take: a slow model is
#: compared on fewer.
TARGETS, SECONDS = 200, 0.5
#: A model that takes more than this share of the machine's memory is not loaded beside the one in memory.
SHARE = 0.2


def check_files(bytes_in_memory: Callable[[], int | None], folder: Path) -> None:
    """There are files, and none is a pickle. A model that holds nothing in memory may write nothing.

    Raises BrokenContract.
    """
    files = files_below(folder)
    if not any(path.stat().st_size for path in files) and bytes_in_memory():
        raise BrokenContract("save", "wrote nothing" if not files else "wrote only empty files")
    pickled = [path.name for path in files if _is_pickle(path)]
    if pickled:
        raise BrokenContract("save", f"wrote a pickle: {', '.join(pickled)}")


def check_saved(
    model: LanguageModel,
    folder: Path,
    vocabulary: Vocabulary,
    stream: TokenStream,
    scores: np.ndarray,
    rate: float,
) -> None:
    """A model loaded from `folder` gives the front of a stream the `scores` that the saved one gave it.

    `rate`: the tokens that it scores in a second. A model too large to be held twice is not loaded. Raises
    BrokenContract.
    """
    if (size_of(model).bytes_in_memory or 0) > SHARE * machine_memory():
        return
    again = loaded(model, folder, vocabulary)
    front = TokenStream.from_ids(stream.ids[: int(max(1, min(TARGETS, SECONDS * rate)))], vocabulary)
    worst = furthest_apart(scores_of(again, front), scores[: len(front)], tolerance(model))
    if worst is not None:
        raise BrokenContract(
            "load", f"gives another model than was saved: target {worst} of the test text scores otherwise"
        )


def loaded(model: LanguageModel, folder: Path, vocabulary: Vocabulary) -> LanguageModel:
    """The model that `save` wrote to a folder, as its class loads it. Raises BrokenContract."""
    try:
        again: object = type(model).load(folder, vocabulary)
    except (Exception, SystemExit) as error:
        raise BrokenContract("load", f"cannot read what save wrote: {described(error)}") from error
    if not isinstance(again, LanguageModel):
        raise BrokenContract("load", f"returned {kind_of(again)}; it must return the model")
    return again


def _is_pickle(path: Path) -> bool:
    """Whether a file is a pickle, or a zip of one as `torch.save` writes it."""
    with path.open("rb") as file:
        head = file.read(4096)
    return b"data.pkl" in head or _begins_a_pickle(head)


def _begins_a_pickle(head: bytes) -> bool:
    """Whether bytes begin with the instruction that names the protocol (2 and later) and with a second one.

    The first alone proves nothing: a safetensors file with a header of 640, 896, 1,152 or 1,408 bytes begins
    with the same two bytes. The third is 0 there, which is no instruction.
    """
    protocols, instructions = range(2, pickle.HIGHEST_PROTOCOL + 1), {one.code for one in pickletools.opcodes}
    return len(head) > 2 and head[0] == 0x80 and head[1] in protocols and chr(head[2]) in instructions
