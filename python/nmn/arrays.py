"""Numbers that somebody gives, as numpy arrays; an error is one sentence that names the argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmn import checks

_LARGEST = np.float64(np.finfo(np.float32).max)
# What numpy raises of what is no array of numbers.
CONVERSION = (TypeError, ValueError, RuntimeError, ArithmeticError)


def numbers(value: Any, name: str, wanted: str) -> NDArray[Any]:
    try:
        array = np.asarray(value)
        kind = array.dtype.kind
        if kind == "O":  # such as whole numbers that are too large for numpy
            kind, array = "f", array.astype(np.float64)
            if value is None:
                kind = "O"
    except OverflowError:
        raise ValueError(f"{name} is not finite in float32: it has a number that is too large") from None
    except RuntimeError as error:  # a tensor of torch that numpy cannot take
        raise TypeError(f"{name} is {_kind_of(value)}, which numpy cannot take: {' '.join(str(error).split())}") from None
    except CONVERSION:
        kind = "O"
    if kind not in "biuf":
        raise TypeError(f"{name} is {_kind_of(value)}; it must be {wanted}{of_reset(value)}")
    return array


def to_float32(array: NDArray[Any], name: str) -> NDArray[np.float32]:
    fits = np.abs(array) <= _LARGEST
    if not fits.all():
        at = np.argwhere(~fits)[0].tolist()
        where = f": the number at {at if len(at) > 1 else at[0]} is {array[tuple(at)]}" if at else f": it is {array}"
        raise ValueError(f"{name} is not finite in float32{where}")
    return array.astype(np.float32)


def _kind_of(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"{checks.shown(value)}, and no array of numbers"
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray) else checks.shown(value)


def of_reset(observation: Any) -> str:
    """What a tuple is that should be an observation."""
    if isinstance(observation, tuple) and len(observation) == 2 and isinstance(observation[1], dict):
        return "; reset() of an environment returns (observation, info): give the first of them"
    return ""
