"""nextword's harness: everything that measures a language model and knows only its contract."""

__version__ = "0.1.0"
