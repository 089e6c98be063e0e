"""What a model says of a setting in its annotation; read from the source by `record.input_files`."""

from __future__ import annotations

from typing import Annotated

#: Annotates a setting that names a file or a folder: a run's identity rests on what that holds.
InputFile = Annotated[str, "a file or a folder"]
#: Annotates a setting that names a program to run. A record may name no other than the one that the setting
#: is called by.
Program = Annotated[str, "a program"]
#: Marks a setting that runs from before it was added lack: `Annotated[float, Field(ge=0), AddedLater] = 0.0`.
#: Its default is off (null, false or 0). While it is off, it is no part of a run's identity.
AddedLater = "a setting that earlier runs lack"
