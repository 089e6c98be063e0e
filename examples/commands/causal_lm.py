"""A causal model of Hugging Face's transformers, scoring words in a process of its own.

python causal_lm.py MODEL    (a folder with a model and its tokeniser, or a name on the hub)

A word's score is the sum over its pieces, given the pieces before them. A sentence begins with the mark of
the tokeniser for the beginning of a text, or for its end where it has no other; `</s>` is the end of a text.
"""

import sys
from bisect import bisect_right
from itertools import accumulate

import torch
from protocol import serve, spelt
from transformers import AutoModelForCausalLM, AutoTokenizer

END = "</s>"
#: Sentences that are read side by side.
BATCH = 32


class CausalModel:
    def __init__(self, name):
        self.name = name

    def prepare(self, verb, given):
        self.tokeniser = AutoTokenizer.from_pretrained(self.name)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = AutoModelForCausalLM.from_pretrained(self.name).eval().to(device)
        self.end = self.tokeniser.eos_token_id
        if self.end is None:
            yield f"error the tokeniser of {self.name} has no end of text, which stands for {END}"
        self.start = self.tokeniser.bos_token_id
        if self.start is None:
            self.start = self.end
        parameters = list(self.model.parameters())
        yield f"parameters {sum(each.numel() for each in parameters)}"
        yield f"bytes {sum(each.numel() * each.element_size() for each in parameters)}"
        yield "note A word's score is the sum over its pieces; over all words, these do not sum to one."
        yield f"note It computes on {torch.cuda.get_device_name() if device == 'cuda' else 'the CPU'}."

    def scores(self, texts, on):
        rows = [None] * len(texts)
        by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for first in range(0, len(texts), BATCH):
            batch = by_length[first : first + BATCH]
            for index, row in zip(batch, self.side_by_side([texts[each] for each in batch]), strict=True):
                rows[index] = row
        return rows

    @torch.inference_mode()
    def side_by_side(self, texts):
        """ln p of each word of a few sentences."""
        pieces, owners = zip(*map(self.pieces, texts), strict=True)
        parts = [(index, *part) for index, own in enumerate(pieces) for part in self.parts(len(own))]
        ids = torch.full((len(parts), max(stop - start for _, start, _, stop in parts) + 1), self.end)
        for row, (index, start, _, stop) in zip(ids, parts, strict=True):
            read = [self.start, *pieces[index]][start : stop + 1]
            row[: len(read)] = torch.tensor(read)  # what stands behind it bears on none of it
        ids = ids.to(self.model.device)
        logits = self.model(ids[:, :-1]).logits.float()
        scores = logits.log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0].double().cpu()
        sums = [torch.zeros(len(text), dtype=torch.double) for text in texts]
        for row, (index, start, new, stop) in zip(scores, parts, strict=True):
            words = torch.tensor(owners[index][new:stop], dtype=torch.long)
            sums[index].index_add_(0, words, row[new - start : stop - start])
        return [each.tolist() for each in sums]

    def parts(self, length):
        """A sentence in parts of as many pieces as the model reads at once: where each starts and stops, and
        between them, from where on it is new. Half of a part is history, but for the first."""
        most = getattr(self.model.config, "max_position_embeddings", None) or length
        start = new = 0
        while (stop := min(start + most, length)) < length:
            yield start, new, stop
            start, new = stop - most // 2, stop
        yield start, new, stop

    def pieces(self, text):
        """The pieces of a sentence, and the word that each belongs to: that of its last character."""
        words = [spelt(word) for word in text if word != END]
        encoded = self.tokeniser(" ".join(words), add_special_tokens=False, return_offsets_mapping=True)
        ends = [end + index for index, end in enumerate(accumulate(map(len, words)))]
        owners = [bisect_right(ends, max(start, stop - 1)) for start, stop in encoded["offset_mapping"]]
        if text and text[-1] == END:
            return [*encoded["input_ids"], self.end], [*owners, len(words)]
        return encoded["input_ids"], owners


if __name__ == "__main__":
    serve(CausalModel(sys.argv[1]))
