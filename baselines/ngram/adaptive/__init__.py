"""Models that use the whole history: caches and the ∞-gram."""
