"""The network of all recurrent language models: embeddings, a stack of recurrent layers, output."""

from torch import Tensor, nn

from baselines.neural.architectures.recurrent.settings import RecurrentSettings
from baselines.neural.layers.dropout import Dropout, WordDropout
from baselines.neural.layers.stack import Reading, Stack
from baselines.neural.network import Network, State
from benchmark.contract import Vocabulary


class RecurrentNetwork(Network):
    """What `RecurrentSettings` describes. The state holds that of each layer, from the lowest up."""

    def __init__(self, vocabulary: Vocabulary, options: RecurrentSettings):
        def dropout(share: float | None) -> Dropout:
            return Dropout(options.dropout if share is None else share, options.variational)

        stack = Stack(
            options.embedding_size,
            options.widths,
            options.layer,
            skip=options.skip,
            layer_norm=options.layer_norm,
            between=dropout(options.between_dropout),
            last=dropout(options.output_dropout),
        )
        features = options.embedding_size if options.tied else stack.features
        super().__init__(
            vocabulary, options.embedding_size, features, tied=options.tied, output=options.output
        )
        self.word_dropout = WordDropout(options.embedding_dropout)
        self.input_dropout = dropout(options.input_dropout)
        self.stack = stack
        narrowed = stack.features != features
        self.projection = nn.Linear(stack.features, features, bias=False) if narrowed else nn.Identity()
        self._activation = options.activation_regularisation
        self._temporal = options.temporal_activation_regularisation

    def initial_state(self, rows: int) -> State:
        return self.stack.initial_state(rows)

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        reading = self._read(tokens, state)
        return reading.features, reading.state

    def regularised(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor | None]:
        reading = self._read(tokens, state)
        return reading.features, reading.state, self._penalty(reading.raw, reading.dropped)

    def initialise_own(self) -> None:
        self.stack.initialise_own()

    def _read(self, tokens: Tensor, state: State) -> Reading:
        x = self.word_dropout(self.embed(tokens), tokens, self.embedding.num_embeddings)
        reading: Reading = self.stack(self.input_dropout(x), state)
        return reading._replace(features=self.projection(reading.features))

    def _penalty(self, raw: Tensor, dropped: Tensor) -> Tensor | None:
        """α mean(d²) + β mean((hₜ₊₁ − hₜ)²) for outputs h and d, [time, rows, units]; None without either."""
        penalty = None
        if self._activation:
            penalty = self._activation * dropped.square().mean()
        if self._temporal and len(raw) > 1:  # one step has no difference
            slowness = self._temporal * raw.diff(dim=0).square().mean()
            penalty = slowness if penalty is None else penalty + slowness
        return penalty
