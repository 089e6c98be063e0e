"""Trigrams of Reuters: how fast they are counted, what they predict by which tokens, what they write."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmark import text
from benchmark.build import build_model
from benchmark.contract import LanguageModel, RunLog, TokenStream, Vocabulary
from benchmark.corpus import END
from benchmark.generate import Sampling, next_words
from benchmark.report.blocks import Block, Paragraph, Quotes
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence
from benchmark.study.quantities import Quantity, counted, over_seeds
from benchmark.study.record import Data
from benchmark.study.sampled import copied_shares, draw_texts, returning_shares, stretches_of

VERSION = 1

#: How often the word list is counted, to see how the time varies.
FITS = 3
#: Words of a text that is drawn, how many texts are shown, and what they begin with.
LENGTH, SHOWN, PROMPT = 40, 3, ("today", "the")
#: Orders of which the copied share is measured, and the one that a rule is about.
ORDERS, RULED = (3, 4, 5, 6, 8, 10), 8
#: The most frequent words, whose return says nothing of a topic.
COMMON = 100
WORD_LIST, CORPUS = "Word list of all documents", "corpus=reuters"


def measure(evidence: Evidence) -> Data:
    """The time to build, the tables of next words with both tokenisations, and what is drawn."""
    (run,) = evidence.runs
    corpus = evidence.corpus(run)
    documents = run.job.corpus_texts(evidence.say)
    lists = {part: word_list(documents[part]) for part in ("test", "text")}
    whole, training = one_stream([*lists["test"], *lists["text"]]), one_stream(lists["text"])
    fits = [_fitted(run.job.config["model"], whole) for _ in range(FITS)]
    model = fits[0][0]
    models = {
        WORD_LIST: (model, whole),
        "Word list of the training documents": (_fitted(run.job.config["model"], training)[0], training),
        CORPUS: (run.model(), corpus.train),
    }
    texts = evidence.settings["texts"]
    options = Sampling(length=LENGTH)
    written = draw_texts(model, whole.vocabulary, options, texts, PROMPT)
    read = stretches_of(whole, LENGTH, texts)
    return {
        "words": len(whole),
        "types": len(whole.vocabulary),
        "build_seconds": [seconds for _, seconds in fits],
        "tables": [
            {**table, "given": {name: _given(*pair, table) for name, pair in models.items()}}
            for table in evidence.settings["tables"]
        ],
        "orders": list(ORDERS),
        "copied": copied_shares(whole, written, ORDERS),
        "returning": [returning_shares(stream, COMMON) for stream in (written, read)],
        "texts": {
            WORD_LIST: _shown(model, whole.vocabulary),
            CORPUS: _shown(models[CORPUS][0], corpus.vocabulary),
        },
    }


def word_list(documents: Iterable[str]) -> list[str]:
    """The words of documents in lower case: runs of letters and digits, and runs of other characters."""
    from nltk.tokenize import WordPunctTokenizer

    tokenise = WordPunctTokenizer().tokenize
    return [word for document in documents for word in tokenise(document.lower())]


def one_stream(words: Sequence[str]) -> TokenStream:
    """Words as one line without ends, over the vocabulary of all of them."""
    ranked = Counter(words).most_common()
    vocabulary = Vocabulary(tuple(word for word, _ in ranked), np.array([count for _, count in ranked]))
    return TokenStream.from_ids(vocabulary.encode(words), vocabulary)


def _fitted(settings: Mapping[str, Any], stream: TokenStream) -> tuple[LanguageModel, float]:
    """A model of the stream with these settings, and the processor's seconds that it took.

    On an idle machine these are seconds of the clock; on a busy one, they are fewer.
    """
    model = build_model(settings)
    start = time.process_time()
    model.fit(stream, stream, RunLog())
    return model, time.process_time() - start


def _given(model: LanguageModel, stream: TokenStream, table: Mapping[str, Any]) -> dict[str, Any]:
    """What a model says after the words of a table: of the words that stand there, and its likeliest.

    A word that it does not know has None.
    """
    context, vocabulary = stream.vocabulary.encode(table["after"].split()), stream.vocabulary
    scores = model.next_log_probs([context])[0]
    return {
        "occurrences": occurrences(stream.ids, context[-2:]),
        "next": {
            word: float(np.exp(scores[vocabulary.ids[word]])) if word in vocabulary.ids else None
            for word in table["next"]
        },
        "likeliest": next_words(model, context, vocabulary, len(table["next"])),
    }


def occurrences(ids: np.ndarray, sequence: np.ndarray) -> int:
    """How often a sequence of ids stands in a text."""
    ids = np.asarray(ids)
    width = len(sequence)
    if len(ids) < width:
        return 0
    windows = np.lib.stride_tricks.sliding_window_view(ids, width)
    return int((windows == np.asarray(sequence)).all(axis=1).sum())


def _shown(model: LanguageModel, vocabulary: Vocabulary) -> list[str]:
    drawn = draw_texts(model, vocabulary, Sampling(length=LENGTH), SHOWN, PROMPT)
    return [" ".join(vocabulary.decode(line.ids)).replace(END, "/") for line in drawn.each_line()]


def quantities(data: Data) -> dict[str, Quantity]:
    seconds = data["build_seconds"]
    deviations = [
        abs((table["given"][WORD_LIST]["next"][word] or 0.0) - published)
        for table in data["tables"]
        for word, published in table["next"].items()
    ]
    written, read = data["returning"]
    differences = [here - there for here, there in zip(written, read, strict=False)]
    return {
        "build_seconds": Quantity(_median(seconds), min(seconds), max(seconds), f"{len(seconds)} times"),
        "largest_deviation": counted(max(deviations)),
        "copied_8": _over_texts(data["copied"][data["orders"].index(RULED)]),
        "returning_difference": _over_texts(differences),
    }


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _over_texts(values: Sequence[float]) -> Quantity:
    found = over_seeds(values)
    return Quantity(found.value, found.low, found.high, text.plural(len(values), "text"))


def show(data: Data) -> list[Block]:
    build = (
        f"{data['words']:,} words of {data['types']:,} types are counted in "
        f"{text.duration(_median(data['build_seconds']))} of one core (the median of {FITS} times)."
    )
    first = data["tables"][0]
    counts = [f"{each['occurrences']} times in “{name}”" for name, each in first["given"].items()]
    why = (
        f"Why the models differ: “{first['after']}” stands {text.listed(counts)}. After so few, each "
        "occurrence moves a probability a great deal."
    )
    shares = [
        (order, float(np.mean(each))) for order, each in zip(data["orders"], data["copied"], strict=True)
    ]
    copied = line_figure(
        "reuters_copied",
        "Stretches of words that are copied",
        "How many of the stretches of words that the model of the word list writes stand in the corpus, too. "
        "Those of three words all do, because a trigram model writes nothing else.",
        [Curve.of("Drawn texts", "count", shares)],
        Axes("words in the stretch", "share in the corpus"),
    )
    written, read = (float(np.mean(shares)) for shares in data["returning"])
    topic = (
        f"Of the words of a text that are not among the {COMMON} most frequent, {text.percent(written)} "
        f"stood in it before if the model wrote it, and {text.percent(read)} in stretches of the corpus."
    )
    quotes = Quotes(
        tuple((name, " ".join(PROMPT), words) for name, texts in data["texts"].items() for words in texts)
    )
    tables = [_table(number, table) for number, table in enumerate(data["tables"], start=1)]
    return [Paragraph((build,)), *tables, Paragraph((why,)), copied, Paragraph((topic,)), quotes]


def _table(number: int, table: Mapping[str, Any]) -> Block:
    given = table["given"]
    likeliest = "; ".join(
        f"{name}: {', '.join(f'{word} {text.three_decimals(p)}' for word, p in each['likeliest'])} (after "
        f"{text.plural(each['occurrences'], 'occurrence')} of the last two words)"
        for name, each in given.items()
    )
    return plain_table(
        f"reuters_next_{number}",
        f"Probabilities after “{table['after']}”; a dash: the word is not in the vocabulary. The likeliest "
        f"words of each model: {likeliest}.",
        [
            ("Next word", None),
            ("Lecture", text.three_decimals),
            *((name, lambda value: text.decimals(value, 4)) for name in given),
        ],
        [
            [word, published, *(each["next"][word] for each in given.values())]
            for word, published in sorted(table["next"].items(), key=lambda item: -item[1])
        ],
    )
