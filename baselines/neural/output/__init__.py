"""Output layers: from what a network computes to a distribution over the vocabulary."""
