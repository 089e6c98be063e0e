"""Output layers: from a network's features to a distribution over the vocabulary."""
