"""Taggers: parts of speech, and phrases and names as BIO tags."""
