"""Our neural training beside the programs people copy: the same sizes, weights, batches and machine."""
