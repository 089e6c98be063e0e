"""What the papers report for BLiMP and LAMBADA."""

from __future__ import annotations

from dataclasses import dataclass

#: BLiMP's phenomena as the files name them: a title, and a short one for the heading of a column.
PHENOMENA = {
    "anaphor_agreement": ("Anaphor agreement", "Ana. agr"),
    "argument_structure": ("Argument structure", "Arg. str"),
    "binding": ("Binding", "Binding"),
    "control_raising": ("Control and raising", "Ctrl. rais."),
    "determiner_noun_agreement": ("Determiner-noun agreement", "D-N agr"),
    "ellipsis": ("Ellipsis", "Ellipsis"),
    "filler_gap_dependency": ("Filler-gap dependency", "Filler gap"),
    "irregular_forms": ("Irregular forms", "Irregular"),
    "island_effects": ("Island effects", "Island"),
    "npi_licensing": ("Negative polarity items", "NPI"),
    "quantifiers": ("Quantifiers", "Quantifiers"),
    "subject_verb_agreement": ("Subject-verb agreement", "S-V agr"),
}


@dataclass(frozen=True)
class PublishedBlimp:
    """A row of the paper's table: shares of one, of all pairs and by phenomenon."""

    label: str
    overall: float
    phenomena: dict[str, float]


def _row(label: str, overall: float, *phenomena: float) -> PublishedBlimp:
    shares = (percent / 100 for percent in phenomena)
    return PublishedBlimp(label, overall / 100, dict(zip(PHENOMENA, shares, strict=True)))


BLIMP_SOURCE = "Warstadt et al. (2020), BLiMP: The benchmark of linguistic minimal pairs for English, table 3"
BLIMP = (
    _row("5-gram, 3.1 G words", 61.2, 47.9, 71.9, 64.4, 68.5, 70.0, 36.9, 60.2, 79.5, 57.2, 45.5, 53.5, 60.3),
    _row("LSTM, 83 M words", 69.8, 91.7, 73.2, 73.5, 67.0, 85.4, 67.6, 73.9, 89.1, 46.6, 51.7, 64.5, 80.1),
    _row("Transformer-XL", 69.6, 94.1, 72.2, 74.7, 71.5, 83.0, 77.2, 66.6, 78.2, 48.4, 55.2, 69.3, 76.0),
    _row("GPT-2", 83.0, 99.3, 81.8, 80.9, 81.9, 95.8, 89.3, 81.3, 91.9, 72.7, 76.8, 79.0, 86.4),
    _row("People", 88.6, 97.5, 90.0, 87.3, 83.9, 92.2, 85.0, 86.9, 97.0, 84.9, 88.1, 86.6, 90.9),
)

LAMBADA_SOURCE = (
    "Paperno et al. (2016), The LAMBADA dataset: Word prediction requiring a broad discourse context"
)
