"""The architectures: each a network and the baseline that builds it."""
