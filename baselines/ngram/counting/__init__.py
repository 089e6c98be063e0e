"""Counting: from a text to the n-grams of each order and how often they occur."""
