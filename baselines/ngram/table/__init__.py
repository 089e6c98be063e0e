"""How a backoff model is stored: n-grams as continuations of contexts, and numbers as codes."""
