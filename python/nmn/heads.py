"""What the outputs of an actor mean: a distribution over actions. On numpy arrays or torch tensors [.., number], but for the
samples, which are numpy's. An action is raw here: what the environment makes of it is `nmn.actions`."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nmn.actions import action_space
from nmn.activations import Array, clip
from nmn.config import Config

Numbers = NDArray[np.float64]


class Head(Protocol):
    outputs: int  # numbers of the last layer

    def parameters(self, output: Array) -> dict[str, Array]:
        """By the names that `nmn trace` has, without the index."""

    def choose(self, parameters: dict[str, Numbers]) -> Numbers:
        """The action without chance [.., width]: what it holds for best."""

    def sample(self, parameters: dict[str, Numbers], temperature: float, random: np.random.Generator) -> Numbers:
        """An action [.., width] at a temperature above 0, as `nmn eval --temperature`."""


class GaussianHead:
    """Independent numbers, each N(mean, exp(logvar))."""

    def __init__(self, numbers: int, low: float, high: float) -> None:
        self.numbers, self.outputs, self.low, self.high = numbers, 2 * numbers, low, high

    def parameters(self, output: Array) -> dict[str, Array]:
        logvar = output[..., :self.numbers] - 1
        if self.low != 0 or self.high != 0:
            logvar = clip(logvar, self.low, self.high)
        return {"mean": output[..., self.numbers:], "logvar": logvar}

    def choose(self, parameters: dict[str, Numbers]) -> Numbers:
        return parameters["mean"]

    def sample(self, parameters: dict[str, Numbers], temperature: float, random: np.random.Generator) -> Numbers:
        mean = parameters["mean"]
        return mean + temperature * np.exp(parameters["logvar"] / 2) * random.standard_normal(mean.shape)


class CategoricalHead:
    """One choice or several; `logit` holds their logits one component after the other, an action its indices."""

    def __init__(self, choices: list[int]) -> None:
        self.choices, self.outputs = choices, sum(choices)

    def parameters(self, output: Array) -> dict[str, Array]:
        return {"logit": output}

    def choose(self, parameters: dict[str, Numbers]) -> Numbers:
        return self._each(parameters["logit"])

    def sample(self, parameters: dict[str, Numbers], temperature: float, random: np.random.Generator) -> Numbers:
        # The largest of logits with Gumbel noise has the probabilities of a softmax.
        logits = parameters["logit"] / temperature
        return self._each(logits + random.gumbel(size=logits.shape))

    def _each(self, scores: Numbers) -> Numbers:
        parts = np.split(scores, np.cumsum(self.choices)[:-1], axis=-1)
        return np.stack([part.argmax(axis=-1) for part in parts], axis=-1).astype(np.float64)


def make_head(config: Config) -> Head:
    space = action_space(config)
    if space.choices:
        return CategoricalHead(space.choices)
    low, high = (config.number(f"network.{end}_log_variance") for end in ("min", "max"))
    return GaussianHead(space.width, low, high)
