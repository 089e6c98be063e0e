"""English text in the tokens of corpora that write it differently."""

from __future__ import annotations

import numpy as np
import pytest
from judge_cases import reader, vocabulary

from benchmark.errors import UserError
from benchmark.judge.reading import Reader, split_sentences
from benchmark.judge.writing import Writing

#: Words with their training counts, in the habits of three well-known corpora.
PTB = vocabulary(
    {"</s>": 42, "<unk>": 45, "the": 50, "N": 32, "'s": 9, "$": 7, "n't": 3, "do": 2, "dog": 2, "sleep": 1}
)
WIKITEXT = vocabulary(
    {"the": 99, "The": 20, ".": 73, "</s>": 36, '"': 28, "@-@": 16, "'s": 14, "<unk>": 54, "'t": 5}
    | {"don": 4, "I": 3, "dog": 2, "Mary": 2, "ex": 1, "wife": 1, "3": 1, "5": 1, "@.@": 1}
)
BROWN = vocabulary(
    {
        "the": 60,
        "The": 7,
        ".": 30,
        "``": 4,
        "''": 4,
        "don't": 5,
        "isn't": 3,
        "Mary's": 2,
        "dog": 2,
        "<unk>": 9,
    }
)


def written(known: Reader, sentence: str) -> list[str]:
    return known.vocabulary.decode(known.sentence(sentence))


def test_the_penn_treebank_has_no_capitals_no_punctuation_and_n_for_numbers() -> None:
    ptb = reader(PTB)
    assert written(ptb, "The dog's 3,500 dogs don't sleep.") == [
        *("the", "dog", "'s", "N", "<unk>", "do", "n't", "sleep", "</s>")
    ]
    assert ptb.describe_sentences() == [
        "words by NLTKWordTokenizer",
        "lower case",
        "negation as in “do n't”, possessives as in “dog 's”",
        "punctuation left out",
        "numbers as N",
        "</s> at its end",
    ]


def test_wikitext_keeps_case_and_sets_marks_within_words_apart() -> None:
    wikitext = reader(WIKITEXT)
    assert written(wikitext, "Mary's ex-wife, I don't sleep 3.5.") == [
        *("Mary", "'s", "ex", "@-@", "wife", "<unk>", "I", "don", "'t", "<unk>", "3", "@.@", "5", ".", "</s>")
    ]
    assert written(wikitext, 'The "dog".') == ["The", '"', "dog", '"', ".", "</s>"]


def test_brown_keeps_contractions_and_possessives_whole_and_has_no_end_of_line() -> None:
    brown = reader(BROWN)
    assert written(brown, "Mary's dog isn't the dog.") == ["Mary's", "dog", "isn't", "the", "dog", "."]
    assert written(brown, "The dog's dog don't.") == ["The", "<unk>", "dog", "don't", "."]


def test_nltk_words_are_those_of_the_corpus() -> None:
    known = vocabulary({"the": 5, "do": 3, "n't": 3, ".": 3, "</s>": 3, "<unk>": 3, "dogs": 1, "'": 1})
    words = reader(known, "words", lowercase=True)
    assert written(words, "The dogs' dogs don't.") == [
        *("the", "dogs", "'", "dogs", "do", "n't", ".", "</s>")
    ]


def test_the_majority_decides_where_a_corpus_has_both() -> None:
    counts = {"dog": 9, "'s": 3, "dog's": 5, "n't": 4, "don't": 1, ".": 2}
    habits = Writing.of(vocabulary(counts))
    assert (habits.negation, "'s" in habits.apart) == ("n't", False)


def test_characters_are_cut_by_the_corpus() -> None:
    letters = vocabulary(dict.fromkeys(["t", "h", "e", " ", "</s>"], 1))
    assert written(reader(letters, "characters", lowercase=True), "The he") == [*"the he", "</s>"]


def test_a_vocabulary_that_cannot_hold_the_text_says_so() -> None:
    letters = vocabulary(dict.fromkeys("abc", 1))
    with pytest.raises(UserError, match=r"of mine has no <unk>, so it cannot hold 'T'"):
        reader(letters, "characters").sentence("The he")


def test_sentences_end_at_full_stops_with_the_quotes_after_them() -> None:
    tokens = ["``", "no", "!", "''", "he", "said", ".", "mr.", "x", "left", "...", "they"]
    assert list(split_sentences(tokens)) == [
        ["``", "no", "!", "''"],
        ["he", "said", "."],
        ["mr.", "x", "left", "...", "they"],
    ]


def test_passages_have_sentence_ends_where_a_line_is_a_sentence() -> None:
    passage = ["the", "dog", ".", "the", "dog", "do", "n't", "sleep", ".", "the", "dog"]
    history, target = reader(PTB).passage(passage)
    assert PTB.decode(history) == ["the", "dog", "</s>", "the", "dog", "do", "n't", "sleep", "</s>", "the"]
    assert target == PTB.ids["dog"]
    # in WikiText a line is a paragraph, and words take their most frequent case
    history, target = reader(WIKITEXT).passage(["the", "dog", ".", "the", "mary"])
    assert WIKITEXT.decode(history) == ["The", "dog", ".", "The"]
    assert target == WIKITEXT.ids["Mary"]


def test_the_case_of_a_word_is_not_that_of_a_part_that_a_clitic_makes_of_it() -> None:
    """`do n't` is written `don 't`, and Don is a name."""
    names = vocabulary(
        {"Don": 9, '"': 9, ".": 9, "I": 9, "'t": 5, "do": 4, "</s>": 2, "we": 2, "We": 1, "don": 1}
    )
    history, _ = reader(names).passage(["``", "we", "do", "n't", ".", "i", "do", "n't", "we"])
    assert names.decode(history) == ['"', "We", "don", "'t", ".", "I", "don", "'t"]


def test_a_target_that_begins_a_sentence_stands_behind_its_end() -> None:
    history, target = reader(PTB).passage(["dog", ".", "sleep"])
    assert PTB.decode(history) == ["dog", "</s>"]
    assert target == PTB.ids["sleep"]


@pytest.mark.parametrize("word", ["stranger", "<unk>", "ex-wife"])
def test_a_target_outside_the_vocabulary_is_unknown(word: str) -> None:
    for known in (PTB, WIKITEXT):
        history, target = reader(known).passage(["the", word])
        assert (len(history), target) == (1, None)


def test_ids_are_those_of_the_vocabulary() -> None:
    assert np.array_equal(reader(PTB).sentence("the dog"), [2, 8, 0])
