"""Models whose histories are not only the words just before: skip n-grams and classes of words."""
