"""Hyper-parameter search: Optuna proposes trials, which are ordinary runs judged by validation perplexity."""
