"""The contract as checks that any model can be held to: `nextword check model=NAME`."""

from benchmark.check.checker import RULES, Finding, check_model

__all__ = ["RULES", "Finding", "check_model"]
