"""Sorting the places of a text by the words that follow: what counting is built on."""
