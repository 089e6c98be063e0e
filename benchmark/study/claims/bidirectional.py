"""Two directions: what a tagger gains from the words behind, and why a language model may not look at
them."""

from __future__ import annotations

from typing import Any

from benchmark import text
from benchmark.report.blocks import Block
from benchmark.study.charts import plain_table
from benchmark.study.evidence import Evidence
from benchmark.study.of_items import gain, reached, reached_table
from benchmark.study.quantities import Quantity, counted
from benchmark.study.record import Data

VERSION = 1

KEY = "model.bidirectional"
NAMES = {True: "Both directions", False: "Forwards alone"}
#: The rule of the contract that is about looking ahead.
CAUSAL = "causal"


def measure(evidence: Evidence) -> Data:
    """What both taggers reached, and what `nextword check` finds of language models of both kinds."""
    runs = evidence.by(KEY)
    return {
        "corpus": runs[True][0].result.corpus_title,
        "task": runs[True][0].result.task,
        "reached": reached({NAMES[both]: runs[both] for both in (False, True)}),
        "gain": gain(runs[True], runs[False]),
        "language_models": [_language_model(both) for both in (False, True)],
    }


def _language_model(both: bool) -> dict[str, Any]:
    """Perplexity on a made-up text, and the rules of the contract that a language model breaks."""
    from benchmark.check import check_model
    from benchmark.check.texts import made_up
    from benchmark.contract import RunLog
    from benchmark.measure.perplexity import perplexity
    from benchmark.study.bidirectional_lm import SentenceLm

    texts = made_up(sentences=True)
    model = SentenceLm(both)
    model.fit(texts.train, texts.valid, RunLog())
    found = check_model(lambda: SentenceLm(both, epochs=1), more=[texts], made_up_too=False)
    return {
        "name": NAMES[both],
        "perplexity": perplexity(model.log_probs(texts.test)),
        "broken": {finding.rule: finding.problem for finding in found if finding.problem},
    }


def quantities(data: Data) -> dict[str, Quantity]:
    forwards, both = data["language_models"]
    return {
        "gain": Quantity(**data["gain"]),
        "caught": counted(float(CAUSAL in both["broken"])),
        "forwards_broken": counted(len(forwards["broken"])),
        "perplexity_ratio": counted(both["perplexity"] / forwards["perplexity"]),
    }


def show(data: Data) -> list[Block]:
    about = f"Recurrent taggers of {data['corpus']} with as many units."
    rows = [
        [each["name"], each["perplexity"], "; ".join(each["broken"].values()) or "keeps every rule"]
        for each in data["language_models"]
    ]
    models = plain_table(
        "bidirectional_models",
        "Language models with the same networks on a small made-up text, and what nextword check says of "
        "them. The "
        "perplexity of the second is no perplexity: the network has read the word that it predicts.",
        [("Language model", None), ("Test perplexity", text.perplexity), ("nextword check", None)],
        rows,
    )
    return [reached_table("bidirectional_reached", about, "Tagger", data["task"], data["reached"]), models]
