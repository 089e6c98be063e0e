"""Files that are written whole or not at all, read as plain data, and noticed when they are damaged."""
