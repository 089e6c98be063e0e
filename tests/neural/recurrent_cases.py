"""Recurrent networks of a few units, and what they compute, written out in numpy one token at a time."""

import numpy as np
import torch
from neural_cases import CLASSES, QUICK, vocabulary

IDS = [3, 5, 2, 2, 7, 1, 10, 4, 4, 0, 9]
SIZES = {"embedding_size": 6, "hidden_size": 6, "device": "cpu", "training": QUICK, "seed": 3}


def network(name, end=True, **options):
    """A network in float64, evaluating, with random weights: no gain is one, no bias zero."""
    built = CLASSES[name](**{**SIZES, **options}).build(vocabulary(end=end)).double()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.uniform_(-0.7, 0.7, generator=generator)
    return built.eval()


def tokens(built, rows=1, repeats=1):
    """The start symbol and then IDS, turned by one place from row to row: [time, rows]."""
    ids = IDS * repeats
    turned = [[built.start, *ids[row:], *ids[:row]] for row in range(rows)]
    return torch.tensor(turned).t().contiguous()


def features(built):
    """What the network computes before each of IDS and after the last: [time, features]."""
    read = tokens(built)
    with torch.no_grad():
        return built(read, built.initial_state(1))[0].squeeze(1).numpy()


def sigmoid(value):
    return 1 / (1 + np.exp(-value))


def elman(w, x, state, squash=np.tanh):
    return (squash(w["weight_ih"] @ x + w["bias_ih"] + w["weight_hh"] @ state[0] + w["bias_hh"]),)


def gru(w, x, state):
    (h,) = state
    read = np.split(w["weight_ih"] @ x + w["bias_ih"], 3)
    kept = np.split(w["weight_hh"] @ h + w["bias_hh"], 3)
    reset, update = (sigmoid(read[gate] + kept[gate]) for gate in (0, 1))
    return ((1 - update) * np.tanh(read[2] + reset * kept[2]) + update * h,)


def lstm(w, x, state):
    h, c = state
    i, f, g, o = np.split(w["weight_ih"] @ x + w["bias_ih"] + w["weight_hh"] @ h + w["bias_hh"], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def loop(built, step, states, skip="none"):
    """The features that `features` should give, by steps of layers with so many state vectors."""
    w = {name: parameter.detach().numpy() for name, parameter in built.named_parameters()}
    widths = [layer.units for layer in built.stack.layers]
    carried = [(np.zeros(units),) * states for units in widths]
    expected = []
    for token in [built.start, *IDS]:
        x = w["embedding.weight"][token]
        for place, units in enumerate(widths):
            layer = {key: w[f"stack.layers.{place}.{key}"] for key in ("weight_ih", "weight_hh")}
            layer |= {key: w[f"stack.layers.{place}.{key}"] for key in ("bias_ih", "bias_hh")}
            carried[place] = step(layer, x, carried[place])
            y = carried[place][0]
            if f"stack.norms.{place}.weight" in w:
                y = (y - y.mean()) / np.sqrt(y.var() + 1e-5)
                y = y * w[f"stack.norms.{place}.weight"] + w[f"stack.norms.{place}.bias"]
            if skip == "dense":
                x = np.concatenate([x, y])
            elif skip == "residual" and len(x) == units:
                x = x + y
            elif skip == "highway" and len(x) == units:
                name = f"stack.skips.{place}.gate"
                gate = sigmoid(w[f"{name}.weight"] @ x + w[f"{name}.bias"])
                x = gate * y + (1 - gate) * x
            else:
                x = y
        expected.append(w["projection.weight"] @ x if "projection.weight" in w else x)
    return np.array(expected)
