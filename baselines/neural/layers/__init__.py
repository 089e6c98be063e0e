"""Parts that architectures share: recurrent layers, stacks of them, skip connections, dropout."""
