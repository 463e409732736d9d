"""The recurrent layers, one step at a time, on numpy arrays or torch tensors: docs/specification.md sections 2.2 and 2.9.

The first numbers of what a layer remembers are what the next layer reads.
"""

from __future__ import annotations

from typing import Mapping, Protocol

from nmn.activations import Array, clip, concatenate, sigmoid, tanh

Shapes = dict[str, tuple[int, ...]]


class Cell(Protocol):
    name: str  # of its layers in files

    def shapes(self, inputs: int, units: int) -> Shapes:
        """Of its tensors, in the order of a file."""

    def state_size(self, units: int) -> int:
        """Numbers that it remembers."""

    def step(self, tensors: Mapping[str, Array], layer: str, y: Array, before: Array) -> Array:
        """What it remembers after a step with inputs y [.., input]. `layer` is "lstm0." or the like."""


class Gru:
    name = "gru"

    def shapes(self, inputs: int, units: int) -> Shapes:
        return {"w_input": (inputs, 3 * units), "w_recurrent": (units, 3 * units), "bias": (2 * units,)}

    def state_size(self, units: int) -> int:
        return units

    def step(self, tensors: Mapping[str, Array], layer: str, y: Array, before: Array) -> Array:
        units = before.shape[-1]
        read, remembered = y @ tensors[layer + "w_input"], before @ tensors[layer + "w_recurrent"]
        gates = sigmoid(read[..., :2 * units] + remembered[..., :2 * units] + tensors[layer + "bias"])
        reset, update = gates[..., :units], gates[..., units:]
        candidate = tanh(read[..., 2 * units:] + reset * remembered[..., 2 * units:])
        return candidate + update * (before - candidate)


class Lstm:
    name = "lstm"

    def shapes(self, inputs: int, units: int) -> Shapes:
        return {"w_input": (inputs, 4 * units), "w_recurrent": (units, 4 * units), "bias": (4 * units,)}

    def state_size(self, units: int) -> int:
        return 2 * units

    def step(self, tensors: Mapping[str, Array], layer: str, y: Array, before: Array) -> Array:
        units = before.shape[-1] // 2
        h, c = before[..., :units], before[..., units:]
        gates = y @ tensors[layer + "w_input"] + h @ tensors[layer + "w_recurrent"] + tensors[layer + "bias"]
        take, keep, new, show = (gates[..., i * units:(i + 1) * units] for i in range(4))
        c = sigmoid(keep + 1) * c + sigmoid(take) * tanh(new)
        return concatenate([sigmoid(show) * tanh(c), c])


class Plastic:
    name = "plastic"

    def shapes(self, inputs: int, units: int) -> Shapes:
        return {"w_input": (inputs, units), "w_recurrent": (units, units), "plasticity": (units, units), "bias": (units,),
                "rate": (1,)}

    def state_size(self, units: int) -> int:
        return units + units * units

    def step(self, tensors: Mapping[str, Array], layer: str, y: Array, before: Array) -> Array:
        bias = tensors[layer + "bias"]
        units, lead = bias.shape[0], before.shape[:-1]
        h, trace = before[..., :units], before[..., units:].reshape(lead + (units, units))
        weights = tensors[layer + "w_recurrent"] + tensors[layer + "plasticity"] * trace
        after = tanh(y @ tensors[layer + "w_input"] + bias + (h[..., None, :] @ weights)[..., 0, :])
        trace = self._trace(tensors, layer, after, trace, h[..., :, None] * after[..., None, :])
        return concatenate([after, trace.reshape(lead + (units * units,))])

    def _trace(self, tensors: Mapping[str, Array], layer: str, after: Array, trace: Array, product: Array) -> Array:
        return trace + tensors[layer + "rate"] * (product - trace)


class ModulatedPlastic(Plastic):
    def shapes(self, inputs: int, units: int) -> Shapes:
        shapes = super().shapes(inputs, units)
        del shapes["rate"]
        return {**shapes, "w_rate": (units, 1), "rate_bias": (1,)}

    def _trace(self, tensors: Mapping[str, Array], layer: str, after: Array, trace: Array, product: Array) -> Array:
        rate = tanh(after @ tensors[layer + "w_rate"] + tensors[layer + "rate_bias"])
        return clip(trace + rate[..., None] * product, -1.0, 1.0)
#By the names of network.cell.
CELLS: dict[str, Cell] = {
  "GRU" : Gru(), "LSTM" : Lstm(), "PLASTIC" : Plastic(), "MODULATED_PLASTIC" : ModulatedPlastic()
}
