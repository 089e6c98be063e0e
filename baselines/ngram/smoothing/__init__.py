"""Smoothing methods, one module each."""
