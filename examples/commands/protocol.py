"""A program's side of nextword's protocol. It needs Python alone: copy it beside a model of yours."""

import io
import os
import sys


def serve(model):
    """Answer nextword with a model until the input ends. The model has these methods:

    `prepare(verb, given)`: learn (`fit`) or read (`load`) a model; `given` has the lines of the request.
    Returns or yields lines that say something of it, such as `parameters 1000`.
    `scores(texts, on)`: ln p of each word of each text, a list of lists. A text is a list of words; with `on`
    it carries on from the text before it.
    `following(texts, on)`: ln p of all words of the vocabulary after each text.
    """
    asked = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="\n")
    answers = io.TextIOWrapper(os.fdopen(os.dup(1), "wb"), encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # what else prints to standard output is no answer
    if asked.readline() != "nextword 1\n":
        sys.exit("this program answers nextword, in version 1 of its protocol")
    print("nextword 1", file=answers, flush=True)
    for header in asked:
        verb, *details = header.split()
        if verb in ("fit", "load"):
            lines = iter(lambda: asked.readline().rstrip("\n"), "")
            for fact in model.prepare(verb, dict(line.split(" ", 1) for line in lines)):
                print(fact, file=answers, flush=True)
            print("ready", file=answers)
        else:
            texts = [asked.readline().rstrip("\n") for _ in range(int(details[0]))]
            answer = model.scores if verb == "score" else model.following
            for row in answer([text.split(" ") if text else [] for text in texts], "on" in details):
                print(*map(repr, map(float, row)), file=answers)
        answers.flush()


def vocabulary(given):
    """The words of the vocabulary, in their order."""
    with open(given["vocabulary"], encoding="utf-8", newline="\n") as file:
        return [line.rstrip("\n") for line in file]


def spelt(word):
    """A word as it is in the text, where it holds spaces, ends of lines, tabs or backslashes."""
    parts = word.split("\\\\")
    marks = {"\\s": " ", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
    for mark, character in marks.items():
        parts = [part.replace(mark, character) for part in parts]
    return "\\".join(parts)
