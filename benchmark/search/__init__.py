"""Hyper-parameter search: trials are ordinary runs, proposed by optuna, judged by validation perplexity."""
