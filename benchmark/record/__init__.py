"""The run folder: what a run leaves behind, how it is named, and how it is read again."""
