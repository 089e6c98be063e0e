"""The smoothing methods by name, as `model=…` of the harness has them, and what estimates with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any, get_type_hints

from baselines.ngram.model import BackoffModel
from baselines.ngram.standalone.checks import fits, said
from benchmark.errors import UserError, did_you_mean


@dataclass(frozen=True)
class Smoothing:
    """Where the class of a method is (below `baselines.ngram.smoothing`), and what `conf/model` sets."""

    module: str
    name: str
    settings: Mapping[str, Any]
    held_out: bool = False  # whether it learns from a held-out text


#: Those whose table is all of the model, so that it says what they do of any word.
SMOOTHINGS: Mapping[str, Smoothing] = {
    "kneser_ney": Smoothing("kneser_ney", "KneserNey", {"conventions": "kenlm"}),
    "kneser_ney_single": Smoothing("kneser_ney_variants", "KneserNeySingle", {}),
    "kneser_ney_backoff": Smoothing("kneser_ney_variants", "KneserNeyBackoff", {}),
    "witten_bell": Smoothing("witten_bell", "WittenBell", {}),
    "absolute_discounting": Smoothing("absolute_discounting", "AbsoluteDiscounting", {}),
    "katz": Smoothing("katz", "Katz", {}),
    "good_turing": Smoothing("katz", "Katz", {"threshold": 7, "minimum_counts": (1, 1, 2)}),
    "jelinek_mercer": Smoothing("jelinek_mercer", "JelinekMercer", {}, held_out=True),
    "maximum_likelihood": Smoothing("maximum_likelihood", "MaximumLikelihood", {}),
    "add_k": Smoothing("add_k", "AddK", {}),
}


def smoothing_of(name: str) -> Smoothing:
    """Raises UserError for a name that is none."""
    if not isinstance(name, str) or name not in SMOOTHINGS:
        raise UserError(f"smoothing={name!r} is not known. {did_you_mean(str(name), SMOOTHINGS)}")
    return SMOOTHINGS[name]


def unfitted_model(name: str, order: int, settings: Mapping[str, Any]) -> BackoffModel:
    """A model that smooths so, with these settings beside its order. Raises UserError."""
    smoothing = smoothing_of(name)
    kind = getattr(import_module(f"baselines.ngram.smoothing.{smoothing.module}"), smoothing.name)
    known = [entry.name for entry in fields(kind) if entry.init]
    kinds = get_type_hints(kind, include_extras=True)
    settings = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
    for key, value in settings.items():
        if key not in known:
            raise UserError(f"{key}: smoothing={name} has no such setting. {did_you_mean(key, known)}")
        if not fits(value, kinds[key]):
            raise UserError(f"{key}={value!r} is not usable: smoothing={name} takes {said(kinds[key])}")
    return kind(order=order, **{**smoothing.settings, **settings})
