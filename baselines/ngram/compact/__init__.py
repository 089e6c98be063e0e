"""Models made smaller: pruned, quantised."""
