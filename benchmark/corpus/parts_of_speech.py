"""Parts of speech: twelve coarse classes for the tags of the corpora that have any.

Classes and mapping are those of Petrov, Das & McDonald (2012), *A universal part-of-speech tagset*. Some of
it may surprise: subordinating conjunctions are prepositions, "my" is a determiner, and a word with a
contracted verb, such as "I'll", is a particle where it is one token (as in Brown).
"""

from __future__ import annotations

import re
from functools import cache

#: The names of the classes. A tag is kept as the index of its class.
CLASSES = (
    *("nouns", "verbs", "adjectives", "adverbs", "numbers", "pronouns", "determiners", "prepositions"),
    *("conjunctions", "particles", "punctuation", "other"),
)
#: The index that stands for a `</s>` at the end of a line.
LINE_END = len(CLASSES)

_BROWN = {
    "nouns": "NN NN$ NNS NNS$ NP NP$ NPS NPS$ NR NR$ NRS PN PN$ CD$ NN+IN NN+NN",
    "verbs": "BE BED BEDZ BEG BEM BEN BER BEZ DO DOD DOZ HV HVD HVG HVN HVZ MD VB VBD VBG VBN VBZ "
    "HV+TO MD+HV MD+PPSS MD+TO VB+AT VB+IN VB+JJ VB+PPO VB+RP VB+TO VB+VB VBG+TO VBN+TO",
    "adjectives": "AP AP+AP JJ JJ+JJ JJR JJR+CS JJS JJT OD",
    "adverbs": "* QL QLP RB RB+CS RBR RBR+CS RBT RN WQL WRB",
    "numbers": "CD",
    "pronouns": "PP$$ PPL PPLS PPO PPS PPSS WPO WPS",
    "determiners": "ABX AT DT DT$ DTI DTS DTX PP$ WDT WP$",
    "prepositions": "CS IN IN+IN IN+PPO",
    "conjunctions": "CC",
    "particles": "ABL ABN AP$ EX JJ$ RB$ RP RP+IN TO TO+VB UH WRB+IN",
    "punctuation": ". , : ( ) -- `` '' '",
    "other": "NIL DO+PPSS WDT+BER+PP WDT+DO+PPS",
}
_PENN = {
    "nouns": "NN NNS NNP NNPS",
    "verbs": "MD VB VBD VBG VBN VBP VBZ",
    "adjectives": "JJ JJR JJS",
    "adverbs": "RB RBR RBS WRB",
    "numbers": "CD",
    "pronouns": "PRP PRP$ WP WP$",
    "determiners": "DT EX PDT WDT",
    "prepositions": "IN",
    "conjunctions": "CC",
    "particles": "POS RP TO",
    "punctuation": ". , : ( ) -LRB- -RRB- `` '' # $",
}


def _by_tag(classes: dict[str, str]) -> dict[str, int]:
    return {tag: CLASSES.index(name) for name, tags in classes.items() for tag in tags.split()}


#: The tags of each tagset by the name of NLTK's corpus that uses it.
_TAGSETS = {"brown": _by_tag(_BROWN), "treebank": _by_tag(_PENN), "conll2000": _by_tag(_PENN)}
_OTHER = CLASSES.index("other")
#: Brown marks words of titles, headlines and citations behind the tag; -N and -T are misprints of them.
_MARKS = re.compile(r"(-(TL|HL|NC|N|T))+$")


def is_tagged(corpus: str) -> bool:
    """Whether the tags of NLTK's corpus of this name are known."""
    return corpus in _TAGSETS


@cache
def class_of(tag: str, corpus: str) -> int:
    """The index of the class of a tag of NLTK's corpus of this name; unknown tags are `other`."""
    known = _TAGSETS[corpus]
    if corpus != "brown" or tag.startswith("FW-"):  # a foreign word
        return known.get(tag, _OTHER)
    tag = _MARKS.sub("", tag)
    tag = tag.rstrip("*") or tag  # a negated verb
    return known.get(tag, CLASSES.index("particles") if "+" in tag else _OTHER)
