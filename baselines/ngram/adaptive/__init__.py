"""Models that use the whole history: caches, triggers and the ∞-gram."""
