"""Read the records of finished runs, and use the trained model of one of them."""

from pathlib import Path

import numpy as np

from benchmark.checkpoint import load_trained
from benchmark.generate import Sampling, next_words, sample
from benchmark.record.find import find_run
from benchmark.record.folder import read_runs

results_dir = Path("results")
for run in read_runs(results_dir):
    print(f"{run.result.label} on {run.result.corpus}: {run.result.status}, {run.result.test_perplexity}")

run = find_run(results_dir, "sotu_small/kneser_ney")  # or a run's folder, or the beginning of its id
log_probs = np.load(run.folder / "test_log_probs.npy")  # float32 [targets]
print(f"the least expected target has probability {np.exp(log_probs.min()):.2g}")

model, vocabulary, config = load_trained(run)
context = vocabulary.encode(["the", "state", "of", "the"])
for word, probability in next_words(model, context, vocabulary, top=3):
    print(f"{probability:.3f} {word}")
drawn = sample(model, context, vocabulary, Sampling(temperature=0.8), np.random.default_rng(1))
print(" ".join(drawn))
