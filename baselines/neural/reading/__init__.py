"""How a network reads a token stream: rows, segments, exact scores."""
