"""Which settings of a search matter, by Optuna's PED-ANOVA.

Of Optuna's evaluators it is the one that needs no other package: fANOVA and the mean decrease in impurity
are computed by scikit-learn.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING

from benchmark.errors import UserError
from benchmark.search.record import SearchRecord
from benchmark.search.search_file import parameters_of
from benchmark.search.study import distribution_of

if TYPE_CHECKING:
    from optuna import Study

#: With fewer finished trials the shares would be chance.
LEAST_TRIALS = 12
#: The best trials that are compared with all: this share of them, and no fewer than this number.
BEST_SHARE, LEAST_BEST = 0.25, 5


def importance(record: SearchRecord) -> dict[str, float]:
    """For each setting its share of what tells the best trials from all, from 0 to 1; they sum to 1.

    PED-ANOVA (Watanabe, Bansal & Hutter 2023, eq. 16): the Pearson divergence between the density of a
    setting's values among the best trials and among all of them. Unlike a correlation it also sees a best
    value in the middle. Where no setting matters the shares are chance and still sum to 1.

    Empty for fewer than `LEAST_TRIALS` finished trials, where Optuna is not installed, and for a record whose
    trials do not fit its space.
    """
    trials = record.ranked
    if len(trials) < LEAST_TRIALS or find_spec("optuna") is None:
        return {}
    try:
        study = _study(record)
    except (UserError, ValueError):
        return {}
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    quantile = max(BEST_SHARE, LEAST_BEST / len(trials))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        evaluator = PedAnovaImportanceEvaluator(target_quantile=quantile)
    found = get_param_importances(study, evaluator=evaluator)
    return {key: found[key] for key in record.space}


def _study(record: SearchRecord) -> Study:
    """The finished trials as Optuna has them."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {key: distribution_of(part) for key, part in parameters_of(record.space).items()}
    study = optuna.create_study()
    for trial in record.ranked:
        study.add_trial(
            optuna.trial.create_trial(params=trial.parameters, distributions=distributions, value=trial.value)
        )
    return study
