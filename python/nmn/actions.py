"""The action space of a task: what the environment makes of a raw action, and what a network reads of one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmn.config import Config

Numbers = NDArray[np.float64]


class ActionSpace:
    """`width`: numbers of an action as it is recorded. `inputs`: numbers that a network reads of it. `choices`: of each
    component, empty where an action is numbers."""

    width: int
    inputs: int
    choices: list[int]

    def action(self, raw: Numbers) -> NDArray[Any]:
        """What the environment gets, and is fed back [.., width]."""
        raise NotImplementedError

    def read(self, action: NDArray[Any]) -> Numbers:
        """What a network reads of an action that was taken [.., inputs]."""
        raise NotImplementedError


class Box(ActionSpace):
    """Numbers: offset + scale u, clipped to the bounds, or wrapped into them."""

    def __init__(self, box: Config) -> None:
        self.low, self.high, self.scale, self.offset = (np.array(box.numbers(name), np.float32)
                                                        for name in ("low", "high", "scale", "offset"))
        self.wraps = box.get("bound") == "WRAP"
        self.width = self.inputs = len(self.low)
        self.choices = []

    def action(self, raw: Numbers) -> NDArray[np.float32]:
        numbers = self.offset + self.scale.astype(np.float64) * raw
        if self.wraps:
            low = self.low.astype(np.float64)
            numbers = low + np.mod(numbers - low, self.high - low)
        return np.clip(numbers.astype(np.float32), self.low, self.high)

    def read(self, action: NDArray[Any]) -> Numbers:
        return action.astype(np.float64)


class Choices(ActionSpace):
    """The index of each choice, from 0; read as one-hots, one after the other."""

    def __init__(self, choices: list[int]) -> None:
        self.choices, self.width, self.inputs = choices, len(choices), sum(choices)

    def action(self, raw: Numbers) -> NDArray[np.int64]:
        return raw.astype(np.int64)

    def read(self, action: NDArray[Any]) -> Numbers:
        parts = [np.arange(n) == action[..., i:i + 1] for i, n in enumerate(self.choices)]
        return np.concatenate(parts, axis=-1).astype(np.float64)


def action_space(config: Config) -> ActionSpace:
    action = config["task.action"]
    if "box" in action:
        return Box(Config(action["box"], ""))
    if "discrete" in action:
        return Choices([int(action["discrete"])])
    return Choices([int(n) for n in Config(action["multi_discrete"], "").numbers("choices")])
