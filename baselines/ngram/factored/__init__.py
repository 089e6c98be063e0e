"""Models with other histories than the nearest words: skip n-grams and class-based n-grams."""
