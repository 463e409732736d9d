"""A policy that acts in numpy, and remembers between steps what its networks read of them."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nmn import arrays, checks, network, spaces
from nmn.actions import action_space
from nmn.errors import Refusal, Wrong
from nmn.heads import make_head
from nmn.network import Inputs, NetworkSpec, State
from nmn.policy_file import PolicyFile, load_policy_file

if TYPE_CHECKING:
    from nmn.torch_module import PolicyModule

Numbers = NDArray[np.float64]


class _Network:
    """One of the two networks and its state [.., number]."""

    def __init__(self, spec: NetworkSpec, file: PolicyFile, role: str) -> None:
        self.spec = spec
        self.tensors = {name: file.tensors[f"{role}.{name}"].astype(np.float64) for name in spec.shapes()}

    def reset(self, lanes: tuple[int, ...]) -> None:
        zeros = lambda size: np.zeros(lanes + (size,))
        self.state = State(tuple(map(zeros, self.spec.state_sizes)), zeros(self.spec.signal_size),
                           zeros(self.spec.observation_size))

    def step(self, observation: Numbers, inputs: Inputs) -> Numbers:
        output, self.state = network.step(self.spec, self.tensors, observation, inputs, self.state)
        return np.asarray(output)


class Policy:
    """The policy of a file, for one episode at a time, or for several side by side.

        policy.reset()
        action = policy.act(observation)
        while playing:
            observation, reward, terminated, truncated, info = env.step(action)
            action = policy.act(observation, reward, terminated, truncated)

    An episode is what the hidden state lives for: all trials of one draw of the task. After a step that ended a trial
    `act` gets the first observation of the next one, and how the last one ended. `reset` begins the next episode.

    Without spaces an observation is d numbers, and an action an array of m numbers, or the index of each choice. With
    `env`, or anything that has its `observation_space` and `action_space`, both are what these spaces say; with a
    gymnasium.vector.VectorEnv of all its environments.

    `temperature` scales the chance that it acts with: 1 as in training, 0 none. `critic`: also compute `value`.
    After each step `outputs` has what the action was drawn from ("mean" and "logvar", or "logit"), `raw_action` the action
    before the environment's bounds, `signal` z, `hidden` the recurrent states, and `value` the critic's, by the names and
    with the numbers of `nmn trace`.
    """

    def __init__(self, file: PolicyFile, *, env: Any = None, temperature: float = 1.0, critic: bool = False,
                 seed: int | None = None) -> None:
        if not isinstance(file, PolicyFile):
            raise TypeError(f"file is {checks.shown(file)}; it must be an nmn.PolicyFile: nmn.load_policy takes a path or an "
                            "nmn.Run")
        self.file, self.config, self.temperature = file, file.config, temperature
        self.random = _generator(seed)
        self._outputs: dict[str, Numbers] | None = None
        self._raw_action: Numbers | None = None
        self._value: Numbers | None = None
        self._actor = _Network(file.spec(), file, "actor")
        self._critic = _Network(file.spec(critic=True), file, "critic") if critic else None
        self._head, self._space = make_head(file.config), action_space(file.config)
        self._reader = self._writer = None
        self._lanes: tuple[int, ...] = ()  # the axes before the numbers: none, or how many episodes
        if env is not None:
            self._take_spaces_of(env)
        self.reset()

    # What the task is.

    @property
    def task(self) -> str:
        return str(self.config.get("task.name", self.config.get("benchmark", "")))

    @property
    def horizon(self) -> int:
        """Steps of an episode."""
        return int(self.config.number("task.horizon"))

    @property
    def has_trials(self) -> bool:
        return self._actor.spec.trial_inputs != 0

    @property
    def observation_size(self) -> int:
        return self._actor.spec.observation_size

    @property
    def choices(self) -> list[int]:
        """How many there are for each component of an action; empty where an action is numbers."""
        return self._space.choices

    @property
    def update(self) -> int:
        return self.file.update

    @property
    def lanes(self) -> int | None:
        """How many episodes it plays side by side; None where it plays one, and arrays have no axis for them."""
        return self._lanes[0] if self._lanes else None

    # Acting.

    def reset(self, lanes: int | None = None, *, seed: int | None = None) -> None:
        """Begins an episode. `lanes`: so many at once; every array then has them as its first axis. Without it there are as
        many as before. `seed` begins the policy's own chance anew."""
        if lanes is not None:
            self._lanes = (checks.whole(lanes, "lanes", 1),)
        if seed is not None:
            self.random = _generator(seed)
        self._actor.reset(self._lanes)
        if self._critic:
            self._critic.reset(self._lanes)
        self._fed_back = np.zeros(self._lanes + (self._space.inputs,))
        self._begins = True

    def act(self, observation: Any, reward: ArrayLike | None = None, terminated: ArrayLike = False,
            truncated: ArrayLike = False, *, done: ArrayLike | None = None, previous_action: ArrayLike | None = None) -> Any:
        """-> the action. `reward` and the two ends are those of the step before, and mean nothing at the first step of an
        episode. `done`, for environments that do not tell the two ends apart, is `terminated`. `previous_action`: the action
        that was taken where it is not the one that this policy chose."""
        x = self._observed(observation)
        if done is not None:
            if terminated is not False:
                raise ValueError("terminated and done are both given, and done stands for terminated: give one of them")
            terminated = done
        inputs = self._inputs(reward, terminated, truncated, previous_action, "terminated" if done is None else "done")
        output = self._actor.step(x, inputs)
        if self._critic:
            self._value = self._critic.step(x, inputs)[..., 0]
        self._outputs = self._head.parameters(output)
        if self._temperature == 0:
            self._raw_action = self._head.choose(self._outputs)
        else:
            self._raw_action = self._head.sample(self._outputs, self._temperature, self.random)
        action = self._space.action(self._raw_action)
        self._fed_back, self._begins = self._space.read(action), False
        return self._given(action)

    @property
    def temperature(self) -> float:
        return self._temperature

    @temperature.setter
    def temperature(self, value: float) -> None:
        try:
            found = math.nan if isinstance(value, (str, bytes)) else float(value)
        except (TypeError, ValueError):
            found = math.nan
        if not 0 <= found < math.inf:
            raise ValueError(f"temperature is {checks.shown(value)}; it must be a number, 0 or more")
        self._temperature = found

    @property
    def outputs(self) -> dict[str, Numbers]:
        """What the last action was drawn from."""
        return _after_a_step(self._outputs, "outputs")

    @property
    def raw_action(self) -> Numbers:
        """The last action before the environment's bounds."""
        return _after_a_step(self._raw_action, "raw_action")

    @property
    def signal(self) -> Numbers:
        """z of the last step; of an RNN no number."""
        return np.asarray(self._actor.state.signal)

    @property
    def value(self) -> Numbers:
        """What the critic expected of the rest of the episode at the last step."""
        if self._critic is None:
            raise AttributeError("value is the critic's: load_policy(.., critic=True) has one")
        return _after_a_step(self._value, "value")

    @property
    def hidden(self) -> Numbers:
        """The recurrent states after the last step, layers one after the other."""
        return np.concatenate(self._actor.state.hidden, axis=-1)

    def to_torch(self, dtype: Any = None) -> PolicyModule:
        """The same networks as a torch.nn.Module, with parameters of `dtype` (default: float32)."""
        try:
            import torch  # noqa: F401
        except (ImportError, OSError) as error:
            kind = ModuleNotFoundError if isinstance(error, ModuleNotFoundError) else ImportError
            raise kind(f"to_torch needs torch, and this Python cannot import it ({error}): pip install torch",
                       name="torch") from None
        from nmn.torch_module import PolicyModule
        return PolicyModule(self.file, dtype)

    def __repr__(self) -> str:
        return f"<policy of {self.task} after update {self.update}, from {self.file.source}>"

    # What comes and goes.

    def _take_spaces_of(self, env: Any) -> None:
        self._reader, self._writer = self.read_spaces(env)
        if hasattr(env, "num_envs"):
            self._lanes = (int(env.num_envs),)

    def read_spaces(self, env: Any) -> tuple[Any, Any]:
        """What reads the environment's observations and what writes its actions; an error where the policy learned others."""
        single = "single_" if hasattr(env, "num_envs") else ""
        found = [getattr(env, f"{single}{kind}_space", None) for kind in ("observation", "action")]
        if any(space is None for space in found):
            raise TypeError(f"env is {checks.shown(env)}; it must be an environment, with {single}observation_space and "
                            f"{single}action_space")
        try:
            reader, writer = spaces.observation_reader(found[0]), spaces.action_writer(found[1])
        except Refusal as error:
            raise ValueError(f"env is {checks.shown(env)} with spaces that no policy of nmn has: {error}") from None
        if reader.size != self.observation_size:
            raise ValueError(f"an observation of this environment is {_numbers(reader.size)}, and the policy of "
                             f"{self.file.source} reads {self.observation_size}")
        described = writer.description
        choices = [described["discrete"]] if "discrete" in described else described.get("multi_discrete", [])
        if (choices, writer.width) != (self.choices, self._space.width):
            raise ValueError(f"an action of this environment is {_words(choices, writer.width)}, and the policy of "
                             f"{self.file.source} gives {_words(self.choices, self._space.width)}")
        return reader, writer

    def _observed(self, observation: Any) -> Numbers:
        shape = self._lanes + (self.observation_size,)
        if self._reader is None:
            x = arrays.numbers(observation, "the observation", _numbers(self.observation_size))
            if x.shape != shape:
                raise ValueError(f"the observation has shape {x.shape}; the policy reads {shape}{self._of_lanes()}")
        else:
            x = np.zeros(shape, np.float32)
            try:
                (self._reader.write_all if self._lanes else self._reader.write)(observation, x)
            except Wrong as error:
                raise ValueError(f"{error}{arrays.of_reset(observation)}{self._of_lanes()}") from None
            except arrays.CONVERSION as error:
                raise ValueError(f"the observation is {checks.shown(observation)}, and its space says something else "
                                 f"({error})") from None
        return arrays.to_float32(x, "the observation").astype(np.float64)

    def _of_lanes(self) -> str:
        return f" ({self._lanes[0]} episodes are played side by side)" if self._lanes else ""

    def _for_each(self, value: Any, name: str, wanted: str) -> NDArray[Any]:
        """One for all episodes, or one for each."""
        array = arrays.numbers(value, name, wanted)
        if array.shape not in ((), self._lanes):
            each = f", or {self._lanes[0]}, one for each episode" if self._lanes else ""
            raise ValueError(f"{name} has shape {array.shape}; it must be {wanted}{each}")
        return array

    def _flags(self, value: Any, name: str) -> NDArray[np.bool_]:
        array = self._for_each(value, name, "True or False")
        if array.dtype.kind != "b" and not ((array == 0) | (array == 1)).all():
            raise ValueError(f"{name} is {checks.shown(value)}; it must be True or False")
        return np.broadcast_to(array.astype(bool), self._lanes)

    def _inputs(self, reward: ArrayLike | None, terminated: ArrayLike, truncated: ArrayLike,
                previous_action: ArrayLike | None, end: str) -> Inputs:
        lanes, trial_inputs = self._lanes, self._actor.spec.trial_inputs
        if self._begins:
            return Inputs(self._fed_back, np.zeros(lanes + (1,)), np.zeros(lanes + (trial_inputs,)))
        if reward is None:
            raise ValueError("act() needs the reward of the step before, which the networks read; reset() begins an episode")
        numbers = arrays.to_float32(self._for_each(reward, "the reward", "one number"), "the reward")
        rewards = np.broadcast_to(numbers, lanes).astype(np.float64)
        ended = self._flags(terminated, end)
        cut = self._flags(truncated, "truncated") & ~ended
        if not trial_inputs and (ended.any() or cut.any()):
            raise ValueError(f"the task {self.task}, which this policy learned, has no trials that end: where an episode ends, "
                             "call reset()")
        ends = np.stack([ended, cut], axis=-1).astype(np.float64)[..., :trial_inputs]
        action = self._fed_back if previous_action is None else self._space.read(self._taken(previous_action))
        return Inputs(action, rewards[..., None], ends)

    def _taken(self, action: ArrayLike) -> NDArray[Any]:
        """An action as the environment had it -> as the networks read it: choices count from 0."""
        name, width, choices = "previous_action", self._space.width, self._space.choices
        shape = self._lanes + (width,)
        array = arrays.numbers(action, name, _words(choices, width))
        if array.size != math.prod(shape):
            raise ValueError(f"{name} has shape {array.shape}; it must be {shape}{self._of_lanes()}")
        numbers = arrays.to_float32(array, name).reshape(shape)
        if not choices:
            return numbers
        first = np.broadcast_to(getattr(self._writer, "start", 0), (width,))
        index = array.reshape(shape).astype(np.float64) - first
        if not ((index == np.floor(index)) & (index >= 0) & (index < choices)).all():
            said = " and ".join(f"{start} to {start + n - 1}" for start, n in zip(first.tolist(), choices))
            what = array.tolist() if array.size <= width else "an array"
            raise ValueError(f"{name} is {what}; its choices are whole numbers, {said}")
        return index

    def _given(self, action: NDArray[Any]) -> Any:
        if self._writer is None:
            return action
        if self._lanes:
            return self._writer.all(action.astype(np.float32))
        return self._writer.each(action.astype(np.float32)[None])[0]


def _generator(seed: int | None) -> np.random.Generator:
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        kind = ValueError if isinstance(seed, int) else TypeError
        raise kind(f"seed is {checks.shown(seed)}; it must be a whole number, 0 or more, or None") from None


_T = TypeVar("_T")


def _after_a_step(value: _T | None, name: str) -> _T:
    if value is None:
        raise AttributeError(f"{name} is that of the last step, and there was none yet: call act() first")
    return value


def _words(choices: list[int], width: int) -> str:
    return f"choices of {choices}" if choices else _numbers(width)


def _numbers(count: int) -> str:
    return "1 number" if count == 1 else f"{count} numbers"


def load_policy(path: str | os.PathLike[str], update: int | None = None, *, env: Any = None, temperature: float = 1.0,
                critic: bool = False, seed: int | None = None) -> Policy:
    """The policy of a run directory (or of an nmn.Run), of one of its checkpoints, or of a file of `nmn export`. `update`: of a
    run directory the checkpoint after that update, else the newest weights. The others are those of `Policy`."""
    return Policy(load_policy_file(path, update), env=env, temperature=temperature, critic=critic, seed=seed)
