"""One process a peer: a task carried out by the code in a folder that the user names."""
