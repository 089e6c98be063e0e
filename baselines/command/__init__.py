"""Models in other processes, asked over standard input and output (docs/commands.md)."""

#: Raise this if the same program would be given other scores: all runs of commands are then made again.
VERSION = 1
