"""What tests of n-gram models share."""

from __future__ import annotations

import warnings

import pytest
from ngram_texts import SENTENCES

from nextword import NgramModel


@pytest.fixture(scope="session")
def model() -> NgramModel:
    """A trigram model of a few sentences."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return NgramModel.estimate(SENTENCES, order=3)
