"""The n-gram engine by itself, for programs that need a language model and no benchmark: `NgramModel`.

Nothing here, or in what it imports, needs more than NumPy.
"""
