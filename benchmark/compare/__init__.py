"""Two or more runs on the same events: how much they differ, how sure that is, and where they differ.

Everything follows from the scores of the test targets that each run keeps; no model is loaded.
"""
