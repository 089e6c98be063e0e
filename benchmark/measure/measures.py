"""Every scalar measure of a run, each declared once.

Tables, figures, the verdict and the page's definitions all read `MEASURES`. To add a measure, write the
function that computes it, one entry in one of the modules that are joined here (`cost_measures` includes
`speed_measures`), and a test. An entry reads the field of `Result` named by its key; a measure that follows
from fields recorded already is computed by `of`, so that old runs have it as well.
"""

from __future__ import annotations

from benchmark.measure.cost_measures import COST
from benchmark.measure.prediction_measures import PREDICTIONS
from benchmark.measure.quality_measures import QUALITY
from benchmark.measure.size_measures import SIZE

MEASURES = (*QUALITY, *PREDICTIONS, *SIZE, *COST)

BY_KEY = {measure.key: measure for measure in MEASURES}
#: What perplexity is weighed against.
COSTS = tuple(measure for measure in MEASURES if measure.cost)

# The measures that some part of the report singles out.
TEST_PERPLEXITY = BY_KEY["test_perplexity"]
VALID_PERPLEXITY = BY_KEY["valid_perplexity"]
ZERO_PROBABILITIES = BY_KEY["test_zero_probabilities"]
PERPLEXITY_NONZERO = BY_KEY["test_perplexity_nonzero"]
TRAIN_SECONDS = BY_KEY["train_seconds"]
