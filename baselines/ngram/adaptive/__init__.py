"""Models that look at the whole history: caches and the ∞-gram."""
