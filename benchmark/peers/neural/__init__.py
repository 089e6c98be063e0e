"""Our neural training beside the programs people copy, from the same weights on the same batches."""
