"""Drivers of the peers: each carries out a task with the code in a folder that the user names."""
