"""How settings are said in words: in the labels of models that are called by them, and where they tell runs
apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmark import text

Settings = Mapping[str, Any]

_CELLS = {"elman": "Elman", "gru": "GRU", "lstm": "LSTM"}
#: Settings whose values say what they are without the name of their key.
_WORDS = {
    "cell": _CELLS,
    "bidirectional": {"True": "bidirectional", "False": "left to right"},
    "crf": {"True": "CRF", "False": "no CRF"},
    "characters": {"True": "with characters", "False": "no characters"},
    "pooling": {
        "final": "last state",
        "max": "max pooling",
        "mean": "mean pooling",
        "attention": "attention pooling",
    },
    "attention": {"none": "no attention", "dot": "dot attention", "additive": "additive attention"},
    "validate_every": {"None": "validated every epoch"},
    "events": {"multinomial": "multinomial", "bernoulli": "Bernoulli"},
}


def setting_said(key: str, value: object) -> str | None:
    """`left to right` for the value False of `bidirectional`; None for a value that takes its key."""
    return _WORDS.get(key, {}).get(str(value))


@dataclass(frozen=True)
class _Called:
    """What a model is called by its settings. `before` is the label that older records have, with settings in
    braces."""

    before: str
    label: Callable[[Settings], str]


def label_by_settings(label: str, settings: Settings) -> str | None:
    """What the settings of a model call it, if its label leaves that to them; None for any other label.

    A label leaves it to them if it is a key of `_CALLED`, or what stood in its place in older records.
    """
    for short, called in _CALLED.items():
        try:
            if label in (short, called.before.format_map(settings)):
                return called.label(settings)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            continue  # settings of another model, or none that can be read
    return None


def _word(settings: Settings, key: str) -> str:
    return _WORDS[key][str(settings[key])]


def _size(settings: Settings) -> str:
    return f"{settings['layers']} × {settings['hidden_size']}"


def _tagger(settings: Settings) -> str:
    """`BiLSTM-CRF tagger with characters, 1 × 200`, `Elman tagger, left to right, 2 × 64`."""
    cell = _word(settings, "cell")
    if settings["bidirectional"]:
        cell = f"bidirectional {cell}" if settings["cell"] == "elman" else f"Bi{cell}"
    crf = "-CRF" if settings["crf"] else ""
    letters = " with characters" if settings["characters"] else ""
    order = "" if settings["bidirectional"] else f", {_word(settings, 'bidirectional')}"
    return text.capitalised(f"{cell}{crf} tagger{letters}{order}, {_size(settings)}")


def _classifier(settings: Settings) -> str:
    """`Bidirectional LSTM, attention pooling, 1 × 100`."""
    cell = "bidirectional " * bool(settings["bidirectional"]) + _word(settings, "cell")
    return text.capitalised(f"{cell}, {_word(settings, 'pooling')}, {_size(settings)}")


def _encoder_decoder(settings: Settings) -> str:
    """`LSTM encoder-decoder, dot attention, 1 × 256`."""
    return f"LSTM encoder-decoder, {_word(settings, 'attention')}, {_size(settings)}"


def _naive_bayes(settings: Settings) -> str:
    """`Multinomial naive Bayes, 2-grams`."""
    return text.capitalised(f"{_word(settings, 'events')} naive Bayes, {settings['order']}-grams")


def _generative(settings: Settings) -> str:
    """`Modified Kneser-Ney 2-gram for each class`."""
    return f"{settings['component']['label']} for each class"


_CALLED = {
    "Recurrent tagger": _Called(
        "Recurrent tagger ({cell}, bidirectional: {bidirectional}), {layers} × {hidden_size}", _tagger
    ),
    "Recurrent classifier": _Called("{cell} encoder, {pooling} of {layers} × {hidden_size}", _classifier),
    "Encoder-decoder": _Called(
        "Encoder-decoder LSTM, {layers} × {hidden_size}, attention {attention}", _encoder_decoder
    ),
    "Naive Bayes": _Called("Naive Bayes, {events} {order}-grams", _naive_bayes),
    "Language models of classes": _Called("Bayes' rule, {component[label]} a class", _generative),
}
