"""The architectures: each module holds a network and the baseline that builds it."""
