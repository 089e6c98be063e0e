"""The loop of `estimation.interpolate`, to be compiled: see `loops.build` and `loops.words`.

Every step is one that `estimation.arithmetic` takes, in the same order, and LLVM keeps to IEEE 754, so that
the results are the same to the last bit.
"""

from __future__ import annotations

import numpy as np


def interpolated(
    contexts: np.ndarray,
    counted: np.ndarray,
    lower: np.ndarray,
    length: int,
    numbers: np.ndarray,
    cut: int,
    kept: np.ndarray,
    weights: np.ndarray,
    probs: np.ndarray,
) -> int:
    """The probabilities of the n-grams of some contexts, and the weights of these from the first one on.

    `counted` are adjusted counts, `lower` the probabilities of the suffixes. `numbers` float64 [5]: 0, the
    three discounts, and 1 (a constant would not be part of the code). If `cut`, n-grams that are not `kept`
    leave their share to the lower order. `weights` float64 are 1 before.
    """
    begin, first = 0, contexts[0]
    while begin < length:
        context = contexts[begin]
        total, ones, twos, more = 0, 0, 0, 0
        end = begin
        while end < length and contexts[end] == context:
            count = int(counted[end])
            total += count
            ones += int(count == 1)
            twos += int(count == 2)
            more += int(count > 2)
            end += 1
        weight, divisor = numbers[4], numbers[4]
        if total > 0:
            divisor = np.float64(total)
            weight = (numbers[1] * ones + numbers[2] * twos + numbers[3] * more) / divisor
        if cut:
            lost = numbers[0]
            for index in range(begin, end):
                if not kept[index]:
                    lost += (counted[index] - numbers[min(int(counted[index]), 3)]) / divisor
            weight += lost
        weights[context - first] = weight
        for index in range(begin, end):
            own = (counted[index] - numbers[min(int(counted[index]), 3)]) / divisor
            probs[index] = np.float32(own + lower[index] * weight)
        begin = end
    return 0


SIGNATURES = {
    "interpolated": "int32* int32* float32* int64 float64* int64 uint8* float64* float32*",
}
HELPERS: tuple[str, ...] = ()
