"""The networks, one step at a time, on numpy arrays or torch tensors [.., number]: docs/export.md has the equations.

A network is its spec, which follows from the config, and its tensors by name. Both architectures are here, and nowhere else
in this package; their recurrent layers are in nmn.cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, NamedTuple

from nmn.actions import action_space
from nmn.activations import ACTIVATIONS, Array, clip, concatenate
from nmn.cells import CELLS
from nmn.config import Config
from nmn.heads import make_head

# Of a normalised observation; farther away is cut.
MOST_DEVIATIONS = 10.0


class Inputs(NamedTuple):
    """What a step reads beside the observation, each [.., number]: zeros at the first step of an episode."""

    action: Array  # of the step before, as the environment had it; one-hots of choices
    reward: Array  # of the step before, one number
    trial_end: Array  # how it left its trial: 1, 0 terminated, 0, 1 truncated; no number in a task without trials


class State(NamedTuple):
    """What a network remembers: zeros at the first step of an episode."""

    hidden: tuple[Array, ...]  # of each recurrent layer
    signal: Array  # z of the step before; no number in an RNN
    observation: Array  # of the step before


@dataclass(frozen=True)
class NetworkSpec:
    """What follows from a config for its actor or its critic. Shapes are [in, out]."""

    nmn: bool
    critic: bool
    observation_size: int
    action_inputs: int
    trial_inputs: int
    output_size: int
    recurrent_sizes: tuple[int, ...]
    hidden_sizes: tuple[int, ...]
    main_activation: str
    signal_size: int
    signal_activation: str
    signal_lag: bool
    signal_per_layer: bool
    paper_formula: bool
    normalizes_observation: bool
    normalizes_reward: bool
    previous_observation: bool  # whether an RNN reads x of the step before
    cell: str
    hypernetwork: bool

    @classmethod
    def of(cls, config: Config, critic: bool = False) -> NetworkSpec:
        space = action_space(config)
        option = lambda name: str(config.get(f"network.{name}", ""))
        return cls(
            nmn=option("architecture") == "NMN", critic=critic, observation_size=int(config.number("task.observation_size")),
            action_inputs=space.inputs, trial_inputs=2 if config.get("task.has_trials") else 0,
            output_size=1 if critic else make_head(config).outputs,
            recurrent_sizes=tuple(config.numbers("network.recurrent_sizes")),
            hidden_sizes=tuple(config.numbers("network.hidden_sizes")), main_activation=option("main_activation"),
            signal_size=int(config.number("network.signal_size")), signal_activation=option("signal_activation"),
            signal_lag=bool(config.get("network.signal_lag")), signal_per_layer=option("signal_wiring") == "PER_LAYER",
            paper_formula=option("formula") == "FORMULA_PAPER",
            normalizes_observation=bool(config.get("normalize.observation")),
            normalizes_reward=bool(config.get("normalize.reward")),
            previous_observation=bool(config.get("network.previous_observation")), cell=option("cell") or "GRU",
            hypernetwork=option("modulation") == "HYPERNETWORK")

    @property
    def layers(self) -> list[str]:
        """After the GRUs, in order; the last is the head."""
        kind = "main" if self.nmn else "dense"
        return [f"{kind}{i}" for i in range(len(self.hidden_sizes))] + ["head"]

    @property
    def state_sizes(self) -> list[int]:
        """Numbers that each recurrent layer remembers."""
        return [CELLS[self.cell].state_size(units) for units in self.recurrent_sizes]

    @property
    def slice_size(self) -> int:
        """Numbers of z that a layer reads."""
        return self.signal_size // len(self.layers) if self.signal_per_layer else self.signal_size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of each tensor, in the order of a file."""
        shapes: dict[str, tuple[int, ...]] = {}
        size = self.action_inputs + 1 + self.trial_inputs + self.observation_size * (2 if self.previous_observation else 1)
        cell = CELLS[self.cell]
        for i, units in enumerate(self.recurrent_sizes):
            shapes.update({f"{cell.name}{i}.{name}": shape for name, shape in cell.shapes(size, units).items()})
            size = units
        if self.nmn:
            shapes["signal.weight"], shapes["signal.bias"] = (size, self.signal_size), (self.signal_size,)
            size = self.observation_size
        for layer, neurons in zip(self.layers, self.hidden_sizes + (self.output_size,)):
            shapes[f"{layer}.weight"], shapes[f"{layer}.bias"] = (size, neurons), (neurons,)
            if self.nmn:
                scale = (f"{layer}.w_weight", size * neurons) if self.hypernetwork else (f"{layer}.w_scale", neurons)
                shapes[scale[0]], shapes[f"{layer}.w_offset"] = (self.slice_size, scale[1]), (self.slice_size, neurons)
            size = neurons
        if self.normalizes_observation:
            shapes["normalize.observation_mean"] = shapes["normalize.observation_deviation"] = (self.observation_size,)
        if self.normalizes_reward:
            shapes["normalize.reward_scale"] = (1,)
            if self.critic:
                shapes["normalize.return_scale"] = (1,)
        return shapes


def step(spec: NetworkSpec, tensors: Mapping[str, Array], observation: Array, inputs: Inputs,
         state: State) -> tuple[Array, State]:
    """One step of an episode. -> the outputs of the last layer [.., output_size], what the next step remembers."""
    x, before, reward = _normalized(spec, tensors, observation, state.observation, inputs.reward)
    fed_back = [inputs.action, reward, inputs.trial_end]
    y = concatenate(fed_back + [before] if spec.nmn else [x] + fed_back + [before] * spec.previous_observation)
    hidden = []
    cell = CELLS[spec.cell]
    for i, (remembered, units) in enumerate(zip(state.hidden, spec.recurrent_sizes)):
        hidden.append(cell.step(tensors, f"{cell.name}{i}.", y, remembered))
        y = hidden[-1][..., :units]
    signal = state.signal
    if spec.nmn:
        signal = ACTIVATIONS[spec.signal_activation](y @ tensors["signal.weight"] + tensors["signal.bias"])
        y = x
    early = state.signal if spec.signal_lag else signal  # what the hidden layers read
    for i, layer in enumerate(spec.layers[:-1]):
        y = ACTIVATIONS[spec.main_activation](_layer(spec, tensors, layer, i, y, early))
    output = _layer(spec, tensors, "head", len(spec.hidden_sizes), y, signal)
    return output, State(tuple(hidden), signal, observation)


def _normalized(spec: NetworkSpec, tensors: Mapping[str, Array], x: Array, before: Array,
                reward: Array) -> tuple[Array, Array, Array]:
    if spec.normalizes_observation:
        mean, deviation = tensors["normalize.observation_mean"], tensors["normalize.observation_deviation"]
        x, before = (clip((v - mean) / deviation, -MOST_DEVIATIONS, MOST_DEVIATIONS) for v in (x, before))
    if spec.normalizes_reward:
        reward = reward / tensors["normalize.reward_scale"]
    return x, before, reward


def _layer(spec: NetworkSpec, tensors: Mapping[str, Array], name: str, index: int, y: Array, signal: Array) -> Array:
    """Before its activation."""
    product, bias = y @ tensors[name + ".weight"], tensors[name + ".bias"]
    if not spec.nmn:
        return product + bias
    if spec.signal_per_layer:
        signal = signal[..., index * spec.slice_size:(index + 1) * spec.slice_size]
    offset = signal @ tensors[name + ".w_offset"]
    if spec.hypernetwork:
        own = (signal @ tensors[name + ".w_weight"]).reshape(signal.shape[:-1] + tensors[name + ".weight"].shape)
        return product + (y[..., None, :] @ own)[..., 0, :] + bias + offset
    scale = signal @ tensors[name + ".w_scale"]
    return scale * (product + bias) + offset if spec.paper_formula else (1 + scale) * product + bias + offset
