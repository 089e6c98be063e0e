"""Estimates a model from sentences, asks it, and writes it: the n-gram engine without the harness."""

from nextword import NgramModel

sentences = [
    "the students opened their books",
    "the students opened their laptops",
    "the proctor started the clock",
    "as the proctor started the clock the students opened their exams",
]

model = NgramModel.estimate(sentences, order=3)
print(model)

print("log10 p:", round(model.score("the students opened their books"), 3))
for word, probability in model.next_words("the students opened their", top=3):
    print(f"{word:8} {probability:.3f}")

model.to_arpa("students.arpa.gz")  # for KenLM, SRILM and other tools
model.save("students")  # for NgramModel: mapped into memory at once
again = NgramModel("students")
print("perplexity:", round(again.perplexity("the proctor opened the books"), 1))
