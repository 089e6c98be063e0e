"""Train two models on one corpus, score them on the same targets, and compare the scores target by target."""

import numpy as np
from omegaconf import OmegaConf

from baselines.neural.architectures.recurrent import Lstm
from baselines.neural.training.recipe import Training
from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.contract import RunLog
from benchmark.corpus import open_corpus
from benchmark.measure.perplexity import perplexity
from benchmark.settings import conf_dir

settings = OmegaConf.to_container(OmegaConf.load(conf_dir() / "corpus" / "sotu_small.yaml"))
corpus = open_corpus(settings, corpora_dir=None, cache_dir=None, say=print)

ngram = KneserNey(order=3)
recipe = Training(epochs=1, optimiser="adam", learning_rate=0.008, clip=1.0, output_bias="unigram")
network = Lstm(layers=1, embedding_size=64, hidden_size=64, training=recipe)
for model in (ngram, network):
    model.fit(corpus.train, corpus.valid, RunLog())

# of each model one natural-log probability a target: float32 [targets]
scores = {type(model).__name__: model.log_probs(corpus.test) for model in (ngram, network)}
for name, log_probs in scores.items():
    print(f"{name}: perplexity {perplexity(log_probs):.1f} over {len(log_probs):,} targets")

better = np.mean(scores["Lstm"] > scores["KneserNey"])
print(f"the network gives the higher probability to {better:.0%} of the targets")

prompt = corpus.vocabulary.encode(corpus.tokenise("the state of the"))
likeliest = np.argsort(-ngram.next_log_probs([prompt])[0])[:3]
print("likeliest next words:", ", ".join(corpus.vocabulary.decode(likeliest)))
