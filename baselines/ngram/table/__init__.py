"""How a backoff model is stored: n-grams by context, in packed integers, with float32 or coded numbers."""
