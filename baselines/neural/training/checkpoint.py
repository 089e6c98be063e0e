"""A training's state on disk: written whole or not at all, read back bit for bit. Never pickle."""

import json
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

NAME = "training.json"


class Checkpoint:
    """Two files in a folder (None: nothing is kept): numbers as JSON, which name that of the tensors."""

    def __init__(self, folder: Path | None, fingerprint: str):
        self._folder, self._fingerprint = folder, fingerprint

    def write(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> str | None:
        """Replace the files: a process killed in here leaves either the old pair or the new one.

        Returns in words why it could not be done (a full disk), which is no reason to end a training.
        """
        if self._folder is None:
            return None
        try:
            self._replace(self._folder, tensors, numbers)
        except (SafetensorError, OSError) as error:
            self._clean(self._current())
            return str(error).strip().splitlines()[0]
        return None

    def _replace(self, folder: Path, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        own = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
        file = folder / f"training-{uuid.uuid4().hex[:8]}.safetensors"
        save_file(own, file)
        content = {"fingerprint": self._fingerprint, "tensors": file.name, "numbers": numbers}
        aside = folder / f"{NAME}.partial"
        aside.write_text(json.dumps(content, allow_nan=False), encoding="utf-8")
        for path in (file, aside):
            with path.open("rb") as written:
                os.fsync(written.fileno())
        aside.replace(folder / NAME)
        self._clean(file.name)

    def _current(self) -> str | None:
        """The file that the present checkpoint names."""
        assert self._folder is not None
        try:
            content = json.loads((self._folder / NAME).read_text(encoding="utf-8"))
            return str(content["tensors"])
        except (OSError, KeyError, TypeError, ValueError):
            return None

    def read(self) -> tuple[dict[str, Tensor], dict[str, Any]] | str | None:
        """Tensors and numbers; None where there is no checkpoint, in words why one cannot be used."""
        if self._folder is None or not (self._folder / NAME).exists():
            return None
        try:
            content = json.loads((self._folder / NAME).read_text(encoding="utf-8"))
            if content["fingerprint"] != self._fingerprint:
                return "it belongs to another training"
            return load_file(self._folder / content["tensors"]), content["numbers"]
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            return f"it cannot be read ({str(error).strip().splitlines()[0]})"

    def remove(self) -> None:
        """Training is over."""
        if self._folder is not None:
            with suppress(OSError):  # not there, or others keep something beside it
                (self._folder / NAME).unlink(missing_ok=True)
                self._clean()
                self._folder.rmdir()

    def _clean(self, keep: str | None = None) -> None:
        """Remove what no checkpoint names, and what a killed process left half written."""
        assert self._folder is not None
        for file in [*self._folder.glob("training-*.safetensors"), *self._folder.glob(f"{NAME}.partial")]:
            if file.name != keep:
                file.unlink(missing_ok=True)
