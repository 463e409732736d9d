"""The functions between layers, of numpy arrays and of torch tensors.

tanh and sigmoid are those of the program (common/nn/activations-inl.h): rational functions within 6e-7 of the true ones.
A policy was trained with these, so with these it acts as it does there.
"""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

Array = Any  # a numpy array or a torch tensor: what is done to them here both understand


def clip(x: Array, low: float | None, high: float | None) -> Array:
    return np.clip(x, low, high) if isinstance(x, np.ndarray) else x.clamp(low, high)


def concatenate(parts: list[Array]) -> Array:
    """Along the last axis."""
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts, axis=-1)
    import torch
    return torch.cat(parts, dim=-1)


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    """The first coefficient is of the highest power."""
    value: Array = coefficients[0]
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


def _ratio(above: tuple[float, ...], below: tuple[float, ...], limit: float, x: Array) -> Array:
    x = clip(x, -limit, limit)
    square = x * x
    return x * _polynomial(above, square) / _polynomial(below, square)


def tanh(x: Array) -> Array:
    return _ratio((-6.26293500427e-9, 7.21863599242e-6, 0.00270257205532, 0.127176241484, 0.999999244729),
                  (0.000197615554113, 0.0228745389958, 0.460506777813, 1.0), 7.8, x)


def sigmoid(x: Array) -> Array:
    return 0.5 + _ratio((-6.1161474651e-12, 2.81977968454e-8, 4.22276883645e-5, 0.00794851509274, 0.249999811182),
                        (3.08774303302e-6, 0.00142965868724, 0.115126694453, 1.0), 15.6, x)


# By the names of network.main_activation and network.signal_activation.
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "SATURATED_RELU": lambda x: clip(x, -1.0, 1.0),
    "SIGMOID": sigmoid,
    "RELU": lambda x: clip(x, 0.0, None),
    "TANH": tanh,
    "IDENTITY": lambda x: x,
}
