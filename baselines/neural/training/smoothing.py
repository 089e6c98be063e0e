"""Label smoothing without a second pass over the vocabulary."""

from torch import Tensor

from baselines.neural.output.layer import OutputLayer
from baselines.neural.output.softmax import Softmax
from benchmark.errors import UserError


def check_smoothing(output: OutputLayer, smoothing: float) -> None:
    """Raise UserError where an output layer's training cannot be smoothed."""
    if smoothing and type(output) is not Softmax:
        raise UserError(
            f"model.training.label_smoothing={smoothing:g} needs the full softmax: the logits of this output "
            "layer are not one linear map. Set label_smoothing=0 or model/output=softmax"
        )


def smoothing_excess(output: Softmax, features: Tensor, targets: Tensor) -> Tensor:
    """How much more the mean of −ln p over the whole vocabulary is than that of the targets, in nats.

    With logits z = W x + b, −ln p(v) = ln Σ exp z − z(v): the sum over the vocabulary cancels in the
    difference, which is z(target) − z̄ = x · (W[target] − w̄) + b[target] − b̄, bars being means over
    the vocabulary. Label smoothing (Szegedy et al. 2016, section 7) adds ε times this to the loss.
    """
    weight, bias = output.weight, output.bias
    apart = weight.index_select(0, targets) - weight.mean(0)
    return (features * apart).sum(1).mean() + bias.index_select(0, targets).mean() - bias.mean()
