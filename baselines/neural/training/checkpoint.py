"""A training's checkpoint on disk: written whole or not at all, read back bit for bit, never pickled."""

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

from benchmark.storage.checksums import checksum, sealed, unsealed

NAME = "training.json"


class Checkpoint:
    """Two files in a folder: JSON with the numbers and the name of the second file, which holds the tensors.

    Without a folder (None) nothing is kept.
    """

    def __init__(self, folder: Path | None, fingerprint: str):
        self._folder, self._fingerprint = folder, fingerprint

    def write(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> str | None:
        """Replace the files. A process killed meanwhile leaves either the old pair or the new one.

        Returns the reason if they cannot be written (a full disk), which need not end the training.
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
        content = sealed(
            {
                "fingerprint": self._fingerprint,
                "tensors": file.name,
                "checksum": checksum(file),
                "numbers": numbers,
            }
        )
        partial = folder / f"{NAME}.partial"
        partial.write_text(json.dumps(content, allow_nan=False), encoding="utf-8")
        for path in (file, partial):
            with path.open("rb") as written:
                os.fsync(written.fileno())
        partial.replace(folder / NAME)
        self._clean(file.name)

    def _current(self) -> str | None:
        """The tensor file that the present checkpoint names."""
        assert self._folder is not None
        try:
            content = json.loads((self._folder / NAME).read_text(encoding="utf-8"))
            return str(content["tensors"])
        except (OSError, KeyError, TypeError, ValueError):
            return None

    def read(self) -> tuple[dict[str, Tensor], dict[str, Any]] | str | None:
        """Tensors and numbers; None without a checkpoint; the reason if there is one that cannot be used.

        A damaged one is set aside, where it stays until the training has ended.
        """
        if self._folder is None or not (self._folder / NAME).exists():
            return None
        try:
            content = unsealed(json.loads((self._folder / NAME).read_text(encoding="utf-8")))
            if content["fingerprint"] != self._fingerprint:
                return "it belongs to another training"
            tensors = self._folder / content["tensors"]
            if content.get("checksum", checksum(tensors)) != checksum(tensors):
                raise ValueError(f"{tensors.name} is damaged")
            return load_file(tensors), content["numbers"]
        except (SafetensorError, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            for file in [self._folder / NAME, *self._folder.glob("training-*.safetensors")]:
                file.replace(file.with_name(f"damaged-{file.name}"))
            reason = [*str(error).strip().splitlines(), type(error).__name__][0]
            return f"it cannot be read and is kept as {self._folder / f'damaged-{NAME}'} ({reason})"

    def remove(self) -> None:
        """Remove the checkpoint at the end of the training."""
        if self._folder is not None:
            with suppress(OSError):  # it is not there, or holds other files
                for file in (self._folder / NAME, *self._folder.glob("damaged-*")):
                    file.unlink(missing_ok=True)
                self._clean()
                self._folder.rmdir()

    def _clean(self, keep: str | None = None) -> None:
        """Remove tensor files that no checkpoint names and files that a killed process left half written."""
        assert self._folder is not None
        for file in [*self._folder.glob("training-*.safetensors"), *self._folder.glob(f"{NAME}.partial")]:
            if file.name != keep:
                file.unlink(missing_ok=True)
