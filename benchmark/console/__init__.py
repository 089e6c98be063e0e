"""The terminal: what is printed there, the signals that come from it, and how it quotes."""
