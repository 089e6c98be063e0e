"""A network that reads a text token by token, with its state in place of the history."""

import numpy as np
import torch

from baselines.neural.arithmetic import tf32
from baselines.neural.network import Network
from benchmark.contract import Reader


class NetworkReader(Reader):
    """Carries the state from token to token. After the id `restart` the history begins anew (None: never)."""

    def __init__(self, network: Network, restart: int | None):
        self._network, self._restart = network.eval(), restart
        self._device = next(network.parameters()).device
        self._begin()

    def next_log_probs(self) -> np.ndarray:
        with torch.no_grad(), tf32(False, self._device):
            row: np.ndarray = self._network.output.distribution(self._features)[0].cpu().numpy()
        return row

    def read(self, token: int) -> None:
        if token == self._restart:
            self._begin()
        else:
            self._step(token)

    def _begin(self) -> None:
        self._state = self._network.initial_state(1)
        self._step(self._network.start)

    def _step(self, token: int) -> None:
        with torch.no_grad(), tf32(False, self._device):
            tokens = torch.tensor([[token]], device=self._device)
            features, self._state = self._network(tokens, self._state)
            self._features = features[-1]
