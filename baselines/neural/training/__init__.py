"""How a network is trained: the recipe, the loop, and what watches over it."""
