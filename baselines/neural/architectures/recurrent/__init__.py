"""Recurrent language models: Elman networks, GRUs and LSTMs."""

from baselines.neural.architectures.recurrent.models import Gru, Lstm, Recurrent, Rnn
from baselines.neural.architectures.recurrent.network import RecurrentNetwork

__all__ = ["Gru", "Lstm", "Recurrent", "RecurrentNetwork", "Rnn"]
