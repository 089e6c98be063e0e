"""How a network is trained: the recipe, the training loop, and the parts of the loop."""
