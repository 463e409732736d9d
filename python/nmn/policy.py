"""A policy that acts in numpy, and remembers between steps what its networks read of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nmn import network, spaces
from nmn.actions import action_space
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

    outputs: dict[str, Numbers]
    raw_action: Numbers

    def __init__(self, file: PolicyFile, *, env: Any = None, temperature: float = 1.0, critic: bool = False,
                 seed: int | None = None) -> None:
        if not temperature >= 0:
            raise ValueError(f"temperature is {temperature}; it must be 0 or more")
        self.file, self.config, self.temperature = file, file.config, temperature
        self.random = np.random.default_rng(seed)
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

    # Acting.

    def reset(self, lanes: int | None = None, *, seed: int | None = None) -> None:
        """Begins an episode. `lanes`: so many at once; every array then has them as its first axis. Without it there are as
        many as before. `seed` begins the policy's own chance anew."""
        if lanes is not None:
            if lanes < 1:
                raise ValueError(f"lanes is {lanes}; it must be 1 or more")
            self._lanes = (lanes,)
        if seed is not None:
            self.random = np.random.default_rng(seed)
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
        inputs = self._inputs(reward, terminated if done is None else done, truncated, previous_action)
        output = self._actor.step(x, inputs)
        if self._critic:
            self._value = self._critic.step(x, inputs)[..., 0]
        self.outputs = self._head.parameters(output)
        if self.temperature == 0:
            self.raw_action = self._head.choose(self.outputs)
        else:
            self.raw_action = self._head.sample(self.outputs, self.temperature, self.random)
        action = self._space.action(self.raw_action)
        self._fed_back, self._begins = self._space.read(action), False
        return self._given(action)

    @property
    def signal(self) -> Numbers:
        """z of the last step; of an RNN no number."""
        return np.asarray(self._actor.state.signal)

    @property
    def value(self) -> Numbers:
        """What the critic expected of the rest of the episode at the last step."""
        if self._critic is None:
            raise AttributeError("value is the critic's: load_policy(.., critic=True) has one")
        return self._value

    @property
    def hidden(self) -> Numbers:
        """The recurrent states after the last step, layers one after the other."""
        return np.concatenate(self._actor.state.hidden, axis=-1)

    def to_torch(self, dtype: Any = None) -> PolicyModule:
        """The same networks as a torch.nn.Module, with parameters of `dtype` (default: float32)."""
        from nmn.torch_module import PolicyModule
        return PolicyModule(self.file, dtype)

    def __repr__(self) -> str:
        return f"<policy of {self.task} after update {self.update}, from {self.file.source}>"

    # What comes and goes.

    def _take_spaces_of(self, env: Any) -> None:
        single = "single_" if hasattr(env, "num_envs") else ""
        reader = spaces.observation_reader(getattr(env, single + "observation_space"))
        writer = spaces.action_writer(getattr(env, single + "action_space"))
        if reader.size != self.observation_size:
            raise ValueError(f"an observation of this environment is {reader.size} numbers, and the policy of "
                             f"{self.file.source} reads {self.observation_size}")
        described = writer.description
        choices = [described["discrete"]] if "discrete" in described else described.get("multi_discrete", [])
        if (choices, writer.width) != (self.choices, self._space.width):
            raise ValueError(f"an action of this environment is {_words(choices, writer.width)}, and the policy of "
                             f"{self.file.source} gives {_words(self.choices, self._space.width)}")
        self._reader, self._writer = reader, writer
        if single:
            self._lanes = (int(env.num_envs),)

    def _observed(self, observation: Any) -> Numbers:
        shape = self._lanes + (self.observation_size,)
        if self._reader is None:
            x = np.asarray(observation, np.float32)
            if x.shape != shape:
                raise ValueError(f"the observation has shape {x.shape}; the policy reads {shape}")
        else:
            x = np.zeros(shape, np.float32)
            (self._reader.write_all if self._lanes else self._reader.write)(observation, x)
        if not np.isfinite(x).all():
            raise ValueError("the observation has a number that is not finite")
        return x.astype(np.float64)

    def _inputs(self, reward: ArrayLike | None, terminated: ArrayLike, truncated: ArrayLike,
                previous_action: ArrayLike | None) -> Inputs:
        lanes, trial_inputs = self._lanes, self._actor.spec.trial_inputs
        if self._begins:
            return Inputs(self._fed_back, np.zeros(lanes + (1,)), np.zeros(lanes + (trial_inputs,)))
        if reward is None:
            raise ValueError("act() needs the reward of the step before, which the networks read; reset() begins an episode")
        rewards = np.broadcast_to(np.asarray(reward, np.float32), lanes).astype(np.float64)
        if not np.isfinite(rewards).all():
            raise ValueError("the reward is not finite")
        ended = np.broadcast_to(np.asarray(terminated, bool), lanes)
        cut = np.broadcast_to(np.asarray(truncated, bool), lanes) & ~ended
        if not trial_inputs and (ended.any() or cut.any()):
            raise ValueError(f"the task {self.task}, which this policy learned, has no trials that end: where an episode ends, "
                             "call reset()")
        ends = np.stack([ended, cut], axis=-1).astype(np.float64)[..., :trial_inputs]
        action = self._fed_back
        if previous_action is not None:
            action = self._space.read(np.asarray(previous_action, np.float32).reshape(lanes + (self._space.width,)))
        return Inputs(action, rewards[..., None], ends)

    def _given(self, action: NDArray[Any]) -> Any:
        if self._writer is None:
            return action
        if self._lanes:
            return self._writer.all(action.astype(np.float32))
        return self._writer.each(action.astype(np.float32)[None])[0]


def _words(choices: list[int], width: int) -> str:
    return f"choices of {choices}" if choices else f"{width} numbers"


def load_policy(path: str | os.PathLike[str], update: int | None = None, *, env: Any = None, temperature: float = 1.0,
                critic: bool = False, seed: int | None = None) -> Policy:
    """The policy of a run directory, of one of its checkpoints, or of a file of `nmn export`. `update`: of a run directory
    the checkpoint after that update, else the newest weights. The others are those of `Policy`."""
    return Policy(load_policy_file(path, update), env=env, temperature=temperature, critic=critic, seed=seed)
