"""The networks of a policy as a torch.nn.Module. Importing this needs torch."""

from __future__ import annotations

import os
from typing import Any, Iterator, Optional

import torch
from torch import Tensor

from nmn import checks, network
from nmn.actions import action_space
from nmn.heads import make_head
from nmn.network import Inputs, NetworkSpec, State
from nmn.policy_file import PolicyFile

# What the module remembers between steps: of the actor, and of the critic.
States = tuple[State, State]


class _Tensors(torch.nn.Module):
    """Tensors by names with dots: parameters, but for the statistics of a normalisation, which are not learned."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        super().__init__()
        self.names = list(tensors)
        for name, tensor in tensors.items():
            *folders, last = name.split(".")
            place: torch.nn.Module = self
            for folder in folders:
                if folder not in dict(place.named_children()):
                    place.add_module(folder, torch.nn.Module())
                place = place.get_submodule(folder)
            if folders == ["normalize"]:
                place.register_buffer(last, tensor)
            else:
                place.register_parameter(last, torch.nn.Parameter(tensor))

    def all(self) -> dict[str, Tensor]:
        return dict(self._items())

    def _items(self) -> Iterator[tuple[str, Tensor]]:
        for name in self.names:
            folder, _, last = name.rpartition(".")
            yield name, getattr(self.get_submodule(folder), last)


class PolicyModule(torch.nn.Module):
    """Actor and critic. The names of its state_dict are those of the tensors in a file (docs/export.md), and `save` writes one
    that nmn reads.

    Tensors are [.., number], with any axes before; a reward has those axes alone. Actions are as the environment had them:
    its numbers, or the index of each choice.
    """

    def __init__(self, file: PolicyFile, dtype: Optional[torch.dtype] = None) -> None:
        if not isinstance(file, PolicyFile):
            raise TypeError(f"file is {checks.shown(file)}; it must be an nmn.PolicyFile: nmn.load_policy(path).to_torch() reads "
                            "one")
        if dtype is not None and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
            said = dtype if isinstance(dtype, torch.dtype) else checks.shown(dtype)
            raise TypeError(f"dtype is {said}; it must be torch.float32 or torch.float64 (module.to(device) moves the module)")
        super().__init__()
        self.file, self.specs = file, (file.spec(), file.spec(critic=True))
        kind = torch.float32 if dtype is None else dtype
        self.actor, self.critic = (_Tensors({name: torch.tensor(file.tensors[f"{role}.{name}"], dtype=kind)
                                             for name in spec.shapes()})
                                   for role, spec in zip(("actor", "critic"), self.specs))
        self._head, self._space = make_head(file.config), action_space(file.config)

    def forward(self, observation: Tensor, action: Optional[Tensor] = None, reward: Optional[Tensor] = None,
                trial_end: Optional[Tensor] = None, states: Optional[States] = None) -> tuple[dict[str, Tensor], States]:
        """One step. `action`, `reward` and `trial_end` (0 the trial goes on, 1 terminated, 2 truncated; of a task with trials)
        are those of the step before, and `states` what that step returned; none of them at the first step of an episode.
        -> "mean" and "logvar", or "logit", and "value"; what the next step takes."""
        _check(observation, "observation", None, self.specs[0].observation_size)
        kind = next(self.parameters()).dtype
        if observation.dtype != kind and not torch.is_autocast_enabled():
            raise TypeError(f"observation is of {observation.dtype}, and the module of {kind}: give observation.to({kind})")
        like = lambda size: observation.new_zeros(observation.shape[:-1] + (size,))
        first = states is None
        if first:
            states = (_zeros(self.specs[0], like), _zeros(self.specs[1], like))
        assert states is not None
        if not first and (action is None or reward is None):
            raise ValueError("a step after the first needs the action and the reward of the step before")
        if first and not (action is None and reward is None and trial_end is None):
            raise ValueError("action, reward and trial_end are of the step before, and its states are missing: give states=states, or "
                             "the observation alone where an episode begins")
        if not first:
            lead = tuple(observation.shape[:-1])
            self._check_step(lead, action, reward, trial_end)
            _check_states(states, lead)
        inputs = Inputs(like(self._space.inputs) if first or action is None else self._read(action, observation),
                        like(1) if first or reward is None else reward.to(observation.dtype)[..., None],
                        like(self.specs[0].trial_inputs) if first or trial_end is None else self._ends(trial_end, observation))
        output, actor = network.step(self.specs[0], self.actor.all(), observation, inputs, states[0])
        value, critic = network.step(self.specs[1], self.critic.all(), observation, inputs, states[1])
        return {**self._head.parameters(output), "value": value[..., 0]}, (actor, critic)

    def unroll(self, observations: Tensor, actions: Tensor, rewards: Tensor,
               trial_ends: Optional[Tensor] = None) -> dict[str, Tensor]:
        """Whole episodes, time first: what `forward` returns of each step, given all that was before it. The last action and
        reward are not read."""
        _check(observations, "observations", None, self.specs[0].observation_size)
        lead = tuple(observations.shape[:-1])
        if not lead or not lead[0]:
            raise ValueError(f"observations has shape {tuple(observations.shape)}; it must be [step, .., number], with one step at "
                             "least")
        if lead[0] > 1:
            early = lambda given: given[:lead[0] - 1] if isinstance(given, Tensor) and given.dim() else given
            self._check_step((lead[0] - 1,) + lead[1:], early(actions), early(rewards), early(trial_ends), f"s[:{lead[0] - 1}]")
        steps: list[dict[str, Tensor]] = []
        states: Optional[States] = None
        for t in range(len(observations)):
            before: tuple[Any, ...] = ()
            if t > 0:
                before = (actions[t - 1], rewards[t - 1], None if trial_ends is None else trial_ends[t - 1])
            outputs, states = self(observations[t], *before, states=states)
            steps.append(outputs)
        return {name: torch.stack([outputs[name] for outputs in steps]) for name in steps[0]}

    def policy_file(self) -> PolicyFile:
        """The weights of now, for `nmn.Policy` and `save`."""
        tensors = {f"{role}.{name}": tensor.detach().cpu().float().numpy().copy()
                   for role, network_ in (("actor", self.actor), ("critic", self.critic))
                   for name, tensor in network_.all().items()}
        return PolicyFile(self.file.config, tensors, self.file.update, self.file.source, self.file.metadata)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a file that `nmn eval`, `nmn trace` and `nmn train --init_from` take."""
        self.policy_file().save(path)

    def _check_step(self, lead: tuple[int, ...], action: Any, reward: Any, trial_end: Any, plural: str = "") -> None:
        _check(action, f"action{plural}", lead, self._space.width)
        _check(reward, f"reward{plural}", lead, None)
        if trial_end is not None:
            _check(trial_end, f"trial_end{plural}", lead, None)
        for i, n in enumerate(self._space.choices):
            # Elsewhere to ask would be to wait for the device.
            if action.device.type == "cpu" and not ((action[..., i] >= 0) & (action[..., i] < n)).all():
                raise ValueError(f"action{plural} has a choice that is none of component {i}: they are 0 to {n - 1}")

    def _read(self, action: Tensor, like: Tensor) -> Tensor:
        parts = [torch.nn.functional.one_hot(action[..., i].long(), n).to(like.dtype) for i, n in enumerate(self._space.choices)]
        return torch.cat(parts, dim=-1) if parts else action.to(like.dtype)

    def _ends(self, trial_end: Tensor, like: Tensor) -> Tensor:
        ends = torch.stack([trial_end == 1, trial_end == 2], dim=-1).to(like.dtype)
        return ends[..., :self.specs[0].trial_inputs]


def _check(tensor: Any, name: str, lead: tuple[int, ...] | None, size: int | None) -> None:
    """Its axes: `lead`, and one of `size` numbers; None is any, and none."""
    last = () if size is None else (size,)
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name} is {checks.shown(tensor)}; it must be a torch.Tensor")
    shape = tuple(tensor.shape)
    if lead is None and shape[-1:] != last:
        raise ValueError(f"{name} has shape {shape}; its last axis must be of {size}")
    if lead is not None and shape != lead + last:
        raise ValueError(f"{name} has shape {shape}; beside these observations it must be {lead + last}")


def _check_states(states: Any, lead: tuple[int, ...]) -> None:
    if not (isinstance(states, tuple) and len(states) == 2 and all(isinstance(state, State) for state in states)):
        raise TypeError(f"states is {checks.shown(states)}; it must be what the step before returned with its outputs")
    found = tuple(states[0].observation.shape[:-1])
    if found != lead:
        raise ValueError(f"states are of a step with axes {found}, and observation has {lead}: without states an episode "
                         "begins")


def _zeros(spec: NetworkSpec, like: Any) -> State:
    return State(tuple(map(like, spec.state_sizes)), like(spec.signal_size), like(spec.observation_size))
