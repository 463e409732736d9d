"""Benchmark 1 with the rules of preset `reference`, as a plain PyTorch script: autograd, a loop over steps, Adam.

docs/specification.md has the rules; its sections are named here. Prints a JSON object for each update.

usage: torch_b1.py [--updates=N] [--threads=N] [--seed=N]
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from typing import Iterator, Mapping, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

EPISODES, HORIZON, KEPT, SEGMENT = 50, 1400, 400, 200  # episodes an update; T, T', and steps of a segment
DISCOUNT, TRACE_DECAY = 0.998, 0.98
POLICY_EPOCHS, POLICY_RATE = 20, 2e-4
CRITIC_EPOCHS, CRITIC_RATE, CRITIC_MINIBATCH, REPLAYED_UPDATES = 10, 6e-3, 25, 3
KL_TARGET, HINGE, BETA_MAX = 0.003, 50.0, 35.0
UNITS, SIGNAL, HIDDEN = 50, 20, 10  # of the modulator's GRU, of z, of the main network


class MovingTarget:
    """Several episodes of section 1.1, side by side."""

    def __init__(self, episodes: int, rng: np.random.Generator) -> None:
        self.rng = rng
        self.alpha = rng.uniform(-10, 10, episodes)
        self.x = rng.uniform(-5, 5, episodes)

    def step(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """-> the action as it is fed back, and the reward."""
        action = np.clip(5 * u, -20, 20)
        distance = np.abs(action - (self.x + self.alpha))
        hit = distance < 1
        self.x = np.where(hit, self.rng.uniform(-5, 5, len(hit)), self.x)
        return action, np.where(hit, 10.0, np.maximum(-distance, -20.0))


class Modulated(nn.Module):
    """(1 + z w_scale) (y weight) + bias + z w_offset: section 2.3."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.w_scale = nn.Parameter(torch.empty(SIGNAL // 2, outputs))
        self.w_offset = nn.Parameter(torch.empty(SIGNAL // 2, outputs))

    def forward(self, y: Tensor, z: Tensor) -> Tensor:
        return (1 + z @ self.w_scale) * (y @ self.weight) + self.bias + z @ self.w_offset


class Network(nn.Module):
    """An NMN of section 2.5. It reads (action, reward, observation) of the step before, [T, B, 3], and the observation, [T, B, 1]."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.gru = nn.GRU(3, UNITS)
        self.signal = nn.Linear(UNITS, SIGNAL)
        self.main, self.head = Modulated(1, HIDDEN), Modulated(HIDDEN, outputs)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.trunc_normal_(parameter, std=0.1, a=-0.2, b=0.2)
            else:
                nn.init.zeros_(parameter)
        # nn.GRU has two biases for each gate; section 2.2 has one for each of two gates. The others stay 0.
        self.gru.bias_hh_l0.requires_grad_(False)
        trained = torch.cat([torch.ones(2 * UNITS), torch.zeros(UNITS)])
        self.gru.bias_ih_l0.register_hook(lambda gradient: gradient * trained)

    def after_gru(self, x: Tensor, h: Tensor) -> Tensor:
        first, second = torch.relu(self.signal(h)).chunk(2, -1)
        return self.head(self.main(x, first).clamp(-1, 1), second)

    def forward(self, before: Tensor, x: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """start [B, units] -> outputs [T, B, n], states [T, B, units]."""
        h, _ = self.gru(before, start[None])
        return self.after_gru(x, h), h

    def step(self, before: Tensor, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        gru = self.gru
        h = torch.gru_cell(before, h, gru.weight_ih_l0, gru.weight_hh_l0, gru.bias_ih_l0, gru.bias_hh_l0)
        return self.after_gru(x, h), h

    def take(self, tensors: Mapping[str, np.ndarray]) -> None:
        """The weights of an exported network, by their names in docs/export.md without the role."""
        with torch.no_grad():
            for name, mine in (("weight_ih_l0", "w_input"), ("weight_hh_l0", "w_recurrent")):
                getattr(self.gru, name).copy_(torch.tensor(tensors["gru0." + mine]).T)
            self.gru.bias_ih_l0[:2 * UNITS] = torch.tensor(tensors["gru0.bias"])
            self.signal.weight.copy_(torch.tensor(tensors["signal.weight"]).T)
            self.signal.bias.copy_(torch.tensor(tensors["signal.bias"]))
            for layer, prefix in ((self.main, "main0."), (self.head, "head.")):
                for name, parameter in layer.named_parameters():
                    parameter.copy_(torch.tensor(tensors[prefix + name]))

    def named(self, gradients: bool = False) -> dict[str, np.ndarray]:
        """Weights or gradients by the names of docs/export.md."""
        value = lambda p: (p.grad if gradients else p).detach().numpy()
        found = {"gru0.w_input": value(self.gru.weight_ih_l0).T, "gru0.w_recurrent": value(self.gru.weight_hh_l0).T,
                 "gru0.bias": value(self.gru.bias_ih_l0)[:2 * UNITS],
                 "signal.weight": value(self.signal.weight).T, "signal.bias": value(self.signal.bias)}
        for layer, prefix in ((self.main, "main0."), (self.head, "head.")):
            found.update({prefix + name: value(parameter) for name, parameter in layer.named_parameters()})
        return found


class Rollout(NamedTuple):
    """Of one update, [T, B, ..]."""

    before: Tensor  # action, reward and observation of the step before
    x: Tensor
    u: Tensor  # without a last axis
    output: Tensor  # log-variance + 1, mean
    states: Tensor  # the modulator's, after the step
    reward: np.ndarray


def gaussian(output: Tensor) -> tuple[Tensor, Tensor]:
    """-> mean and log-variance: section 2.7."""
    return output[..., 1], output[..., 0] - 1


def log_probability(u: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Without its constant."""
    return -0.5 * (log_variance + (u - mean) ** 2 * torch.exp(-log_variance))


def divergence(old: tuple[Tensor, Tensor], new: tuple[Tensor, Tensor]) -> Tensor:
    """KL(old || new) of each sample."""
    ratio = old[1] - new[1]
    return 0.5 * (torch.exp(ratio) + (old[0] - new[0]) ** 2 * torch.exp(-new[1]) - 1 - ratio)


@torch.no_grad()
def play(actor: Network, rng: np.random.Generator) -> Rollout:
    environment = MovingTarget(EPISODES, rng)
    noise = torch.from_numpy(rng.standard_normal((HORIZON, EPISODES), np.float32))
    before, h = torch.zeros(EPISODES, 3), torch.zeros(EPISODES, UNITS)
    steps, rewards = [], []
    for t in range(HORIZON):
        x = torch.from_numpy(environment.x.astype(np.float32))[:, None]
        output, h = actor.step(before, x, h)
        mean, log_variance = gaussian(output)
        u = mean + torch.exp(log_variance / 2) * noise[t]
        action, reward = environment.step(u.numpy())
        steps.append((before, x, u, output, h))
        rewards.append(reward)
        before = torch.cat([torch.from_numpy(np.stack([action, reward], 1).astype(np.float32)), x], 1)
    return Rollout(*(torch.stack(column) for column in zip(*steps)), np.array(rewards, np.float32))


def returns_and_advantages(reward: np.ndarray, values: np.ndarray) -> tuple[Tensor, Tensor]:
    """Section 3.3. [T, B] -> of the first T' steps."""
    reward = reward * (1 - DISCOUNT)
    returns, advantages = np.empty_like(reward), np.empty_like(reward)
    later_return = later_advantage = later_value = np.zeros_like(reward[0])
    for t in reversed(range(len(reward))):
        later_return = returns[t] = reward[t] + DISCOUNT * later_return
        error = reward[t] + DISCOUNT * later_value - values[t]
        later_advantage = advantages[t] = error + DISCOUNT * TRACE_DECAY * later_advantage
        later_value = values[t]
    advantages = advantages[:KEPT]
    advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-6)
    return torch.from_numpy(returns[:KEPT]), torch.from_numpy(advantages)


def segments(series: Tensor) -> Tensor:
    """[T', B, ..] -> [200, segments, ..]"""
    return torch.cat(series[:KEPT].split(SEGMENT), 1)


def segment_starts(states: Tensor) -> Tensor:
    """The state before each segment, [segments, units]: section 3.4."""
    return torch.cat([torch.zeros_like(states[0])] + [states[t - 1] for t in range(SEGMENT, KEPT, SEGMENT)])


class Learner:
    def __init__(self) -> None:
        self.actor, self.critic = Network(2), Network(1)
        trained = lambda network: [p for p in network.parameters() if p.requires_grad]
        self.actor_adam = torch.optim.Adam(trained(self.actor), lr=POLICY_RATE)
        self.critic_adam = torch.optim.Adam(trained(self.critic), lr=CRITIC_RATE)
        self.beta, self.rate_multiplier = 1.0, 1.0
        self.replay: list[tuple[Tensor, Tensor, Tensor]] = []

    @torch.no_grad()
    def values(self, rollout: Rollout) -> np.ndarray:
        return self.critic(rollout.before, rollout.x, torch.zeros(EPISODES, UNITS))[0][..., 0].numpy()

    def policy_loss(self, batch: tuple[Tensor, ...], starts: Tensor, advantages: Tensor) -> Tensor:
        """Section 3.5. batch is before, x, u and the old output of each segment."""
        before, x, u, old_output = batch
        old, new = gaussian(old_output), gaussian(self.actor(before, x, starts)[0])
        kl = divergence(old, new)
        ratio = torch.exp(log_probability(u, *new) - log_probability(u, *old))
        return (-advantages * ratio + self.beta * kl + HINGE * torch.relu(kl - 2 * KL_TARGET) ** 2).mean()

    def update_policy(self, rollout: Rollout, advantages: Tensor) -> tuple[float, bool]:
        """-> the KL and whether the update was reverted: section 3.6."""
        saved = copy.deepcopy((self.actor.state_dict(), self.actor_adam.state_dict()))
        self.actor_adam.param_groups[0]["lr"] = POLICY_RATE * self.rate_multiplier
        batch = tuple(segments(series) for series in rollout[:4])
        starts, advantages = segment_starts(rollout.states), segments(advantages)
        for _ in range(POLICY_EPOCHS):
            self.actor_adam.zero_grad()
            self.policy_loss(batch, starts, advantages).backward()
            self.actor_adam.step()
        with torch.no_grad():
            output, _ = self.actor(rollout.before[:KEPT], rollout.x[:KEPT], torch.zeros(EPISODES, UNITS))
            kl = divergence(gaussian(rollout.output[:KEPT]), gaussian(output)).mean().item()
        nan = math.isnan(kl)
        reverted = nan or kl > 4 * KL_TARGET
        if reverted:
            self.actor.load_state_dict(saved[0])
            self.actor_adam.load_state_dict(saved[1])
            self.beta = min(BETA_MAX, 1.5 * self.beta)
        if nan or kl > 2 * KL_TARGET:
            self.beta = min(BETA_MAX, 1.5 * self.beta)
            if self.beta > 30:
                self.rate_multiplier /= 1.5
        elif kl < KL_TARGET / 2:
            self.beta = max(1 / BETA_MAX, self.beta / 1.5)
            if self.beta < 1 / 30:
                self.rate_multiplier *= 1.5
        return kl, reverted

    def critic_loss(self, before: Tensor, x: Tensor, returns: Tensor, starts: Tensor) -> Tensor:
        return ((self.critic(before, x, starts)[0][..., 0] - returns) ** 2).mean()

    def update_critic(self, rollout: Rollout, returns: Tensor) -> float:
        """-> the mean loss of the last epoch: sections 3.1 and 3.7."""
        self.replay = (self.replay + [(rollout.before[:KEPT], rollout.x[:KEPT], returns)])[-REPLAYED_UPDATES:]
        before, x, targets = (torch.cat(column, 1) for column in zip(*self.replay))
        with torch.no_grad():
            starts = segment_starts(self.critic(before, x, torch.zeros(x.shape[1], UNITS))[1])
        before, x, targets = segments(before), segments(x), segments(targets)
        losses: list[float] = []
        for _ in range(CRITIC_EPOCHS):
            losses = []
            for chosen in torch.randperm(len(starts)).split(CRITIC_MINIBATCH):
                self.critic_adam.zero_grad()
                loss = self.critic_loss(before[:, chosen], x[:, chosen], targets[:, chosen], starts[chosen])
                loss.backward()
                self.critic_adam.step()
                losses.append(loss.item())
        return sum(losses) / len(losses)


def train(updates: int, seed: int) -> Iterator[dict[str, object]]:
    torch.manual_seed(seed)
    rng, learner = np.random.default_rng(seed), Learner()
    for update in range(1, updates + 1):
        began = time.perf_counter()
        rollout = play(learner.actor, rng)
        returns, advantages = returns_and_advantages(rollout.reward, learner.values(rollout))
        kl, reverted = learner.update_policy(rollout, advantages)
        critic_loss = learner.update_critic(rollout, returns)
        discounted = float((DISCOUNT ** np.arange(HORIZON) @ rollout.reward).mean())
        yield {"update": update, "seed": seed, "seconds": time.perf_counter() - began, "return_mean": float(rollout.reward.sum(0).mean()),
               "discounted_mean": discounted, "kl": kl if math.isfinite(kl) else None, "reverted": reverted, "critic_loss": critic_loss}


def main() -> None:
    parser = argparse.ArgumentParser(description="Benchmark 1, preset reference, in plain PyTorch.")
    parser.add_argument("--updates", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for line in train(arguments.updates, arguments.seed):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
