"""nextword from Python and in notebooks: runs as a table, trained models, scores, comparisons, figures.

    import nextword

    nextword.runs("results", corpus="sotu")      # a pandas DataFrame, one row a run
    model = nextword.load("sotu/kneser_ney")     # the trained model of a run
    model.next_words("the state of the")
    nextword.compare("sotu/kneser_ney", "sotu/lstm")
    nextword.plot.perplexities(nextword.ranking("results", corpus="sotu"))

    nextword.NgramModel.estimate("train.txt")    # an n-gram model of any text, without the harness

These names are stable. Each is imported where it is first used, so that `import nextword` costs nothing.
docs/python.md describes them with examples.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from baselines.ngram.standalone.evaluation import Evaluation
    from baselines.ngram.standalone.kenlm_methods import State
    from baselines.ngram.standalone.model import NgramModel
    from benchmark.errors import UserError
    from benchmark.notebook import plot
    from benchmark.notebook.answering import Answering
    from benchmark.notebook.compared import Compared, compare
    from benchmark.notebook.compared_tasks import ComparedTasks
    from benchmark.notebook.corpora import corpus
    from benchmark.notebook.runs import ranking, runs
    from benchmark.notebook.scored import scores
    from benchmark.notebook.trained import Trained, load

__all__ = [
    "Answering",
    "Compared",
    "ComparedTasks",
    "Evaluation",
    "NgramModel",
    "State",
    "Trained",
    "UserError",
    "compare",
    "corpus",
    "load",
    "plot",
    "ranking",
    "runs",
    "scores",
]

#: Where each name is.
_HOMES = {
    "Answering": "benchmark.notebook.answering",
    "Evaluation": "baselines.ngram.standalone.evaluation",
    "NgramModel": "baselines.ngram.standalone.model",
    "State": "baselines.ngram.standalone.kenlm_methods",
    "Compared": "benchmark.notebook.compared",
    "ComparedTasks": "benchmark.notebook.compared_tasks",
    "Trained": "benchmark.notebook.trained",
    "UserError": "benchmark.errors",
    "compare": "benchmark.notebook.compared",
    "corpus": "benchmark.notebook.corpora",
    "load": "benchmark.notebook.trained",
    "ranking": "benchmark.notebook.runs",
    "runs": "benchmark.notebook.runs",
    "scores": "benchmark.notebook.scored",
}


def __getattr__(name: str) -> Any:
    try:
        if name == "plot":
            return import_module("benchmark.notebook.plot")
        if name in _HOMES:
            return getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as missing:  # with the n-gram engine alone, there is no harness
        raise ImportError(
            f"nextword.{name} needs the whole suite, of which {missing.name} is missing: pip install nextword"
        ) from missing
    raise AttributeError(f"module 'nextword' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
