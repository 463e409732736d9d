"""Benchmarks 1 and 2 with the rules of preset `reference` in JAX. A whole update, with its environment, runs as compiled code.

docs/specification.md has the rules; its sections are named here. Prints a JSON object for each update, and before the first one how
long compiling took.

What makes it fast on a CPU:
  - The backward pass of a GRU is written out. Its scan carries one state, and every gradient of a weight is one product after the scan.
  - The policy's full batch goes in groups of 25 segments, whose activations stay in the caches. Their gradients are added.
  - Passes without gradient go step by step through the whole network, so they write no activations.
  - The layers after the GRUs have samples as the last axis, because they are narrow.
  - Several seeds go one after the other: side by side (vmap) they take twice as long on a CPU.
  - With two cores policy and critic run side by side. XLA does not split products this small among cores.

usage: jax_b1.py [--benchmark=b1|b2] [--updates=N] [--cores=1|2] [--seed=N] [--seeds=N]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, Mapping

if __name__ == "__main__":
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_prefer_vector_width=512 --xla_cpu_multi_thread_eigen=false")

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Array = jax.Array
Tree = Any  # of arrays

EPISODES, SEGMENT = 50, 200  # episodes an update, steps of a segment
DISCOUNT, TRACE_DECAY = 0.998, 0.98
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
POLICY_EPOCHS, POLICY_RATE, GROUP = 20, 2e-4, 25  # GROUP segments go through a pass together
CRITIC_EPOCHS, CRITIC_RATE, CRITIC_MINIBATCH, REPLAYED_UPDATES = 10, 6e-3, 25, 3
KL_TARGET, HINGE, BETA_MAX = 0.003, 50.0, 35.0
PI, TURN = np.float32(np.pi), np.float32(2 * np.pi)


@dataclass(frozen=True)
class Task:
    """Sizes of a benchmark (sections 1 and 2.5) and its environment.

    draw(key, task) makes the random numbers of an update: the first state of each episode, and what each step needs.
    observe(state) -> [B, numbers]. step(state, u, drawn) -> state, action as it is fed back, reward."""

    horizon: int  # T
    kept: int  # T'
    observation: int  # numbers in x
    units: tuple[int, ...]  # of each GRU
    hidden: tuple[int, ...]  # neurons of the main network's layers
    slice: int  # numbers of z that a layer reads
    draw: Callable[..., tuple[Tree, Tree]]
    observe: Callable[[Tree], Array]
    step: Callable[[Tree, Array, Tree], tuple[Tree, Array, Array]]

    @property
    def parts(self) -> int:
        """Segments of an episode."""
        return self.kept // SEGMENT


# ---- Environments


def draw_target(key: Array, task: Task, episodes: int = EPISODES) -> tuple[Tree, Tree]:
    """Section 1.1: (alpha, x), and for each step the position after a hit."""
    keys = jax.random.split(key, 3)
    alpha = jax.random.uniform(keys[0], (episodes,), minval=-10, maxval=10)
    positions = jax.random.uniform(keys[1], (task.horizon, episodes), minval=-5, maxval=5)
    return (alpha, jax.random.uniform(keys[2], (episodes,), minval=-5, maxval=5)), positions


def step_target(state: Tree, u: Array, position: Array) -> tuple[Tree, Array, Array]:
    alpha, x = state
    action = jnp.clip(5 * u, -20, 20)
    distance = jnp.abs(action - (x + alpha))
    hit = distance < 1
    return (alpha, jnp.where(hit, position, x)), action, jnp.where(hit, 10.0, jnp.maximum(-distance, -20.0))


def spawns(key: Array, target: Array, shape: tuple[int, ...]) -> Array:
    """Section 1.2: uniform on [-1.5, 1.5]^2, drawn again until farther than 0.6 from the target."""
    near = lambda at: jnp.sum((at - target) ** 2, -1, keepdims=True) <= 0.36
    uniform = lambda key: jax.random.uniform(key, shape, minval=-1.5, maxval=1.5)

    def again(carry: Tree) -> Tree:
        key, at = carry
        key, now = jax.random.split(key)
        return key, jnp.where(near(at), uniform(now), at)

    key, now = jax.random.split(key)
    return lax.while_loop(lambda carry: jnp.any(near(carry[1])), again, (key, uniform(now)))[1]


def draw_wind(key: Array, task: Task, episodes: int = EPISODES) -> tuple[Tree, Tree]:
    """Section 1.2: (target, position), and for each step where a hit leads to and how the wind moves."""
    keys = jax.random.split(key, 5)
    target = jax.random.uniform(keys[0], (episodes, 2), minval=-1, maxval=1)
    main = jax.random.uniform(keys[1], (episodes,), maxval=TURN)
    angle = main + jax.random.uniform(keys[2], (task.horizon, episodes), minval=-np.pi / 5, maxval=np.pi / 5)
    wind = 0.25 * jnp.stack([jnp.cos(angle), jnp.sin(angle)], -1)
    return (target, spawns(keys[3], target, (episodes, 2))), (spawns(keys[4], target, (task.horizon, episodes, 2)), wind)


def step_wind(state: Tree, u: Array, drawn: Tree) -> tuple[Tree, Array, Array]:
    (target, at), (spawn, wind) = state, drawn
    angle = PI * u
    rest = lax.rem(jnp.abs(angle), jnp.full_like(angle, TURN))
    angle = jnp.where(angle > 0, rest, TURN - rest)
    hit = jnp.sum((at - target) ** 2, -1) <= 0.16
    moved = at + 0.25 * jnp.stack([jnp.cos(angle), jnp.sin(angle)], -1) + wind
    moved = jnp.where(moved > 2, moved - 4, jnp.where(moved < -2, moved + 4, moved))
    return (target, jnp.where(hit[:, None], spawn, moved)), angle, jnp.where(hit, 100.0, -2.0)


TASKS = {
    "b1": Task(1400, 400, 1, (50,), (10,), 10, draw_target, lambda state: state[1][:, None], step_target),
    "b2": Task(4000, 2000, 2, (100, 75), (30, 10), 15, draw_wind, lambda state: state[0] - state[1], step_wind),
}


# ---- Networks: a tree of weights by the names of docs/export.md, each matrix [in, out]


def network(key: Array, task: Task, outputs: int) -> dict[str, Array]:
    """Section 2.1."""
    shapes: dict[str, tuple[int, ...]] = {}
    inputs = 2 + task.observation
    for i, n in enumerate(task.units):
        shapes |= {f"gru{i}.w_input": (inputs, 3 * n), f"gru{i}.w_recurrent": (n, 3 * n), f"gru{i}.bias": (2 * n,)}
        inputs = n
    signal = task.slice * (len(task.hidden) + 1)
    shapes |= {"signal.weight": (inputs, signal), "signal.bias": (signal,)}
    inputs = task.observation
    for name, n in [(f"main{i}", n) for i, n in enumerate(task.hidden)] + [("head", outputs)]:
        shapes |= {f"{name}.weight": (inputs, n), f"{name}.bias": (n,)}
        shapes |= {f"{name}.w_scale": (task.slice, n), f"{name}.w_offset": (task.slice, n)}
        inputs = n
    keys = jax.random.split(key, len(shapes))
    return {name: jnp.zeros(shape) if name.endswith("bias") else 0.1 * jax.random.truncated_normal(k, -2, 2, shape)
            for k, (name, shape) in zip(keys, shapes.items())}


def gru_weights(weights: Mapping[str, Array], i: int) -> tuple[Array, Array, Array]:
    return weights[f"gru{i}.w_input"], weights[f"gru{i}.w_recurrent"], weights[f"gru{i}.bias"]


def gru_input(gru: tuple[Array, Array, Array], y: Array) -> Array:
    """What does not depend on the state."""
    w_input, w_recurrent, bias = gru
    return y @ w_input + jnp.pad(bias, (0, len(w_recurrent)))


def gru_cell(w_recurrent: Array, h: Array, i: Array) -> tuple[Array, tuple[Array, ...]]:
    """Section 2.2. -> the new state, and what the backward pass needs. Columns are reset, update, candidate."""
    n = h.shape[-1]
    k = h @ w_recurrent
    reset = jax.nn.sigmoid(i[..., :n] + k[..., :n])
    update = jax.nn.sigmoid(i[..., n:2 * n] + k[..., n:2 * n])
    recurrent = k[..., 2 * n:]
    candidate = jnp.tanh(i[..., 2 * n:] + reset * recurrent)
    return candidate + update * (h - candidate), (reset, update, candidate, recurrent)


@jax.custom_vjp
def gru_sequence(gru: tuple[Array, Array, Array], y: Array, start: Array) -> Array:
    """y [T, B, m], start [B, n] -> states [T, B, n]."""
    return gru_forward(gru, y, start)[0]


def gru_forward(gru: tuple[Array, Array, Array], y: Array, start: Array) -> tuple[Array, Tree]:
    def step(h: Array, i: Array) -> tuple[Array, Tree]:
        h, kept = gru_cell(gru[1], h, i)
        return h, (h, kept)

    _, (states, kept) = lax.scan(step, start, gru_input(gru, y))
    return states, (gru, y, start, states, kept)


def gru_backward(residuals: Tree, d_states: Array) -> Tree:
    (w_input, w_recurrent, _), y, start, states, kept = residuals
    n = start.shape[-1]
    earlier = jnp.concatenate([start[None], states[:-1]])
    transposed = w_recurrent.T

    def step(carried: Array, inputs: Tree) -> tuple[Array, Tree]:
        outer, h, (reset, update, candidate, recurrent) = inputs
        d_h = carried + outer
        d_candidate = d_h * (1 - update) * (1 - candidate ** 2)
        d_reset = d_candidate * recurrent * reset * (1 - reset)
        d_update = d_h * (h - candidate) * update * (1 - update)
        d_recurrent = jnp.concatenate([d_reset, d_update, d_candidate * reset], -1)
        return d_h * update + d_recurrent @ transposed, (d_recurrent, d_candidate)

    d_start, (d_recurrent, d_candidate) = lax.scan(step, jnp.zeros_like(start), (d_states, earlier, kept), reverse=True)
    flat = lambda a: a.reshape(-1, a.shape[-1])
    d_gates, d_candidate, inputs = flat(d_recurrent)[:, :2 * n], flat(d_candidate), flat(y)
    d_input = jnp.concatenate([(inputs.T @ flat(d_recurrent))[:, :2 * n], inputs.T @ d_candidate], 1)
    d_y = d_gates @ w_input[:, :2 * n].T + d_candidate @ w_input[:, 2 * n:].T
    return (d_input, flat(earlier).T @ flat(d_recurrent), d_gates.sum(0)), d_y.reshape(y.shape), d_start


gru_sequence.defvjp(gru_forward, gru_backward)


def after_gru(weights: Mapping[str, Array], task: Task, x: Array, h: Array) -> Array:
    """Section 2.3 of any number of samples: x [.., numbers], h [.., units] -> outputs [.., n]. Within it samples are the last axis."""
    z = jax.nn.relu((h.reshape(-1, h.shape[-1]) @ weights["signal.weight"]).T + weights["signal.bias"][:, None])
    y = x.reshape(-1, x.shape[-1]).T
    for i, name in enumerate([f"main{i}" for i in range(len(task.hidden))] + ["head"]):
        weight, own = weights[name + ".weight"].T, z[i * task.slice:(i + 1) * task.slice]
        both = jnp.concatenate([weights[name + ".w_scale"], weights[name + ".w_offset"]], 1).T @ own
        scale, offset = jnp.split(both, 2)
        y = (1 + scale) * (weight * y if weight.shape[1] == 1 else weight @ y) + weights[name + ".bias"][:, None] + offset
        if name != "head":
            y = jnp.clip(y, -1, 1)
    return y.T.reshape(*x.shape[:-1], -1)


def network_sequence(weights: Mapping[str, Array], task: Task, before: Array, x: Array, starts: Tree) -> Array:
    """before [T, B, action, reward and x of the step before], x [T, B, numbers], starts of each GRU -> outputs [T, B, n]."""
    h = before
    for i, start in enumerate(starts):
        h = gru_sequence(gru_weights(weights, i), h, start)
    return after_gru(weights, task, x, h)


def network_step(weights: Mapping[str, Array], task: Task, before: Array, x: Array, states: Tree) -> tuple[Array, Tree]:
    h, after = before, []
    for i, state in enumerate(states):
        gru = gru_weights(weights, i)
        h, _ = gru_cell(gru[1], state, gru_input(gru, h))
        after.append(h)
    return after_gru(weights, task, x, h), tuple(after)


def scan_segments(step: Callable[[Tree, Tree], tuple[Tree, Tree]], state: Tree, inputs: Tree) -> tuple[Tree, Tree]:
    """lax.scan over time. -> outputs [T, ..], and the state before each segment."""
    def segment(state: Tree, inputs: Tree) -> tuple[Tree, Tree]:
        after, out = lax.scan(step, state, inputs)
        return after, (out, state)

    _, (out, starts) = lax.scan(segment, state, jax.tree.map(lambda a: a.reshape(-1, SEGMENT, *a.shape[1:]), inputs))
    return jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), out), starts


def zero_states(task: Task, episodes: int) -> Tree:
    return tuple(jnp.zeros((episodes, n)) for n in task.units)


def network_episodes(weights: Mapping[str, Array], task: Task, before: Array, x: Array) -> tuple[Array, Tree]:
    """Without gradient and from the zero state. -> outputs [T, B, n], states before each segment [parts, B, units]."""
    def step(states: Tree, inputs: Tree) -> tuple[Tree, Array]:
        output, states = network_step(weights, task, *inputs, states)
        return states, output

    return scan_segments(step, zero_states(task, x.shape[1]), (before, x))


# ---- Training


def gaussian(output: Array) -> tuple[Array, Array]:
    """-> mean and log-variance: section 2.7."""
    return output[..., 1], output[..., 0] - 1


def log_probability(u: Array, mean: Array, log_variance: Array) -> Array:
    """Without its constant."""
    return -0.5 * (log_variance + (u - mean) ** 2 * jnp.exp(-log_variance))


def divergence(old: tuple[Array, Array], new: tuple[Array, Array]) -> Array:
    """KL(old || new) of each sample."""
    ratio = old[1] - new[1]
    return 0.5 * (jnp.exp(ratio) + (old[0] - new[0]) ** 2 * jnp.exp(-new[1]) - 1 - ratio)


def play(actor: Mapping[str, Array], task: Task, key: Array) -> tuple[dict[str, Array], Tree]:
    """-> what happened, [T, B, ..], and the actor's states before each segment."""
    key, noise_key = jax.random.split(key)
    world, drawn = task.draw(key, task)

    def step(carry: Tree, inputs: Tree) -> tuple[Tree, Tree]:
        (world, before, states), (noise, drawn) = carry, inputs
        x = task.observe(world)
        output, states = network_step(actor, task, before, x, states)
        mean, log_variance = gaussian(output)
        u = mean + jnp.exp(log_variance / 2) * noise
        world, action, reward = task.step(world, u, drawn)
        out = {"before": before, "x": x, "u": u, "output": output, "reward": reward}
        return (world, jnp.concatenate([action[:, None], reward[:, None], x], -1), states), out

    start = (world, jnp.zeros((EPISODES, 2 + task.observation)), zero_states(task, EPISODES))
    episodes, starts = scan_segments(step, start, (jax.random.normal(noise_key, (task.horizon, EPISODES)), drawn))
    return episodes, starts[2]


def discounted_sums(x: Array, factor: float) -> Array:
    """y_t = x_t + factor y_{t+1} along the first axis."""
    def join(later: Tree, earlier: Tree) -> Tree:
        return later[0] * earlier[0], earlier[1] + earlier[0] * later[1]

    factors = jnp.full(x.shape[:1] + (1,) * (x.ndim - 1), factor)
    return lax.associative_scan(join, (factors, x), reverse=True)[1]


def returns_and_advantages(task: Task, reward: Array, values: Array) -> tuple[Array, Array]:
    """Section 3.3. [T, B] -> of the first T' steps."""
    reward = reward * (1 - DISCOUNT)
    next_values = jnp.concatenate([values[1:], jnp.zeros_like(values[:1])])
    advantages = discounted_sums(reward + DISCOUNT * next_values - values, DISCOUNT * TRACE_DECAY)[:task.kept]
    advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-6)
    return discounted_sums(reward, DISCOUNT)[:task.kept], advantages


def segments(task: Task, *series: Array) -> Array:
    """[T', B] or [T', B, d] each -> [parts x B, 200, all their numbers]."""
    columns = [a[:task.kept] if a.ndim == 3 else a[:task.kept, :, None] for a in series]
    joined = jnp.concatenate(columns, -1)
    return joined.reshape(task.parts, SEGMENT, *joined.shape[1:]).swapaxes(1, 2).reshape(-1, SEGMENT, joined.shape[-1])


def new_adam(weights: Tree) -> Tree:
    return jax.tree.map(jnp.zeros_like, weights), jax.tree.map(jnp.zeros_like, weights), jnp.float32(0)


def adam_step(weights: Tree, gradient: Tree, adam: Tree, rate: Array | float) -> tuple[Tree, Tree]:
    first, second, steps = adam
    steps = steps + 1
    first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, gradient)
    second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, gradient)
    # A power of 0.999 in float32 would lose digits.
    left1, left2 = (-jnp.expm1(steps * math.log(beta)) for beta in (BETA1, BETA2))
    move = lambda w, m, v: w - rate / left1 * m / (jnp.sqrt(v / left2) + EPSILON)
    return jax.tree.map(move, weights, first, second), (first, second, steps)


def policy_loss(weights: Tree, task: Task, batch: Array, starts: Tree, beta: Array | float) -> Array:
    """Section 3.5, the mean over the samples of batch [N, 200, numbers]: before, x, u, old output, advantage."""
    ends = np.cumsum([2 + task.observation, task.observation, 1, 2])
    before, x, u, old_output, advantage = jnp.split(batch.swapaxes(0, 1), ends, axis=-1)
    old, new = gaussian(old_output), gaussian(network_sequence(weights, task, before, x, starts))
    kl = divergence(old, new)
    ratio = jnp.exp(log_probability(u[..., 0], *new) - log_probability(u[..., 0], *old))
    return jnp.mean(-advantage[..., 0] * ratio + beta * kl + HINGE * jax.nn.relu(kl - 2 * KL_TARGET) ** 2)


def policy_gradient(weights: Tree, task: Task, batch: Array, starts: Tree, beta: Array | float) -> tuple[Array, Tree]:
    """Loss and gradient of the full batch, a group of segments at a time."""
    groups = len(batch) // GROUP
    cut = lambda a: a.reshape(groups, GROUP, *a.shape[1:])

    def add(total: Tree, group: Tree) -> tuple[Tree, None]:
        return jax.tree.map(jnp.add, total, jax.value_and_grad(policy_loss)(weights, task, *group, beta)), None

    zero = (jnp.float32(0), jax.tree.map(jnp.zeros_like, weights))
    total, _ = lax.scan(add, zero, (cut(batch), jax.tree.map(cut, starts)))
    return jax.tree.map(lambda a: a / groups, total)


def control(kl: Array, beta: Array, multiplier: Array) -> tuple[Array, Array, Array]:
    """Section 3.6. -> whether to revert, beta, the rate's multiplier. A KL that is NaN counts as above every threshold."""
    revert, high, low = ~(kl <= 4 * KL_TARGET), ~(kl <= 2 * KL_TARGET), kl < KL_TARGET / 2
    beta = jnp.where(revert, jnp.minimum(BETA_MAX, 1.5 * beta), beta)
    beta = jnp.where(high, jnp.minimum(BETA_MAX, 1.5 * beta), jnp.where(low, jnp.maximum(1 / BETA_MAX, beta / 1.5), beta))
    multiplier = jnp.where(high & (beta > 30), multiplier / 1.5, jnp.where(low & (beta < 1 / 30), multiplier * 1.5, multiplier))
    return revert, beta, multiplier


def update_policy(task: Task, policy: Tree, episodes: dict[str, Array], starts: Tree, advantages: Array) -> tuple[Tree, Tree]:
    """policy is weights, Adam's state, beta and the rate's multiplier."""
    batch = segments(task, episodes["before"], episodes["x"], episodes["u"], episodes["output"], advantages)
    starts = jax.tree.map(lambda a: a[:task.parts].reshape(-1, a.shape[-1]), starts)
    rate = POLICY_RATE * policy["multiplier"]

    def epoch(_: int, carry: Tree) -> Tree:
        weights, adam = carry
        _, gradient = policy_gradient(weights, task, batch, starts, policy["beta"])
        return adam_step(weights, gradient, adam, rate)

    old = (policy["weights"], policy["adam"])
    new = lax.fori_loop(0, POLICY_EPOCHS, epoch, old)
    before, x, output = (episodes[name][:task.kept] for name in ("before", "x", "output"))
    kl = jnp.mean(divergence(gaussian(output), gaussian(network_episodes(new[0], task, before, x)[0])))
    revert, beta, multiplier = control(kl, policy["beta"], policy["multiplier"])
    weights, adam = jax.tree.map(lambda a, b: jnp.where(revert, a, b), old, new)
    return {"weights": weights, "adam": adam, "beta": beta, "multiplier": multiplier}, {"kl": kl, "reverted": revert}


def critic_loss(weights: Tree, task: Task, batch: Array, starts: Tree) -> Array:
    """Section 3.7, the mean over the samples of batch [N, 200, numbers]: before, x, target."""
    before, x, target = jnp.split(batch.swapaxes(0, 1), np.cumsum([2 + task.observation, task.observation]), axis=-1)
    return jnp.mean((network_sequence(weights, task, before, x, starts) - target) ** 2)


def update_critic(task: Task, critic: Tree, episodes: dict[str, Array], returns: Array, number: Array, key: Array) -> tuple[Tree, Tree]:
    """critic is weights, Adam's state and the segments of the last updates, [updates, segments, 200, numbers]. number is from 1."""
    newest = segments(task, episodes["before"], episodes["x"], returns)
    replay = critic["replay"].at[(number - 1) % REPLAYED_UPDATES].set(newest)
    valid = jnp.minimum(number, REPLAYED_UPDATES) * len(newest)
    flat = replay.reshape(-1, SEGMENT, replay.shape[-1])
    total = len(flat)

    # [updates, parts, B, 200, n] -> [T', updates x B, n], and the states back.
    series = replay.reshape(REPLAYED_UPDATES, task.parts, EPISODES, SEGMENT, -1).transpose(1, 3, 0, 2, 4)
    series = series.reshape(task.kept, REPLAYED_UPDATES * EPISODES, -1)
    width = 2 + task.observation
    _, starts = network_episodes(critic["weights"], task, series[..., :width], series[..., width:width + task.observation])
    by_update = lambda a: a.reshape(task.parts, REPLAYED_UPDATES, EPISODES, -1).swapaxes(0, 1).reshape(total, -1)
    starts = jax.tree.map(by_update, starts)

    def epoch(i: Array, carry: Tree) -> Tree:
        # A random order of those that are there; those that are not yet there come last and are not used.
        place = jax.random.uniform(jax.random.fold_in(key, i), (total,)) + (jnp.arange(total) >= valid)
        cut = lambda a: a[jnp.argsort(place)].reshape(-1, CRITIC_MINIBATCH, *a.shape[1:])
        batches, first = cut(flat), jax.tree.map(cut, starts)

        def minibatch(j: Array, carry: Tree) -> Tree:
            weights, adam, loss = carry
            own = jax.tree.map(lambda a: a[j], first)
            one, gradient = jax.value_and_grad(critic_loss)(weights, task, batches[j], own)
            return *adam_step(weights, gradient, adam, CRITIC_RATE), loss + one

        used = valid // CRITIC_MINIBATCH
        weights, adam, loss = lax.fori_loop(0, used, minibatch, (*carry[:2], jnp.float32(0)))
        return weights, adam, loss / used

    weights, adam, loss = lax.fori_loop(0, CRITIC_EPOCHS, epoch, (critic["weights"], critic["adam"], jnp.float32(0)))
    return {"weights": weights, "adam": adam, "replay": replay}, {"critic_loss": loss}


def begin(task: Task, seed: int) -> Tree:
    key, actor_key, critic_key = jax.random.split(jax.random.key(seed), 3)
    actor, critic = network(actor_key, task, 2), network(critic_key, task, 1)
    replay = jnp.zeros((REPLAYED_UPDATES, task.parts * EPISODES, SEGMENT, 3 + 2 * task.observation))
    policy = {"weights": actor, "adam": new_adam(actor), "beta": jnp.float32(1), "multiplier": jnp.float32(1)}
    return {"key": key, "policy": policy, "critic": {"weights": critic, "adam": new_adam(critic), "replay": replay}}


def collect(task: Task, actor: Tree, key: Array) -> tuple[Tree, Tree, Tree]:
    episodes, starts = play(actor, task, key)
    reward = episodes["reward"]
    discounted = DISCOUNT ** jnp.arange(task.horizon) @ reward
    return episodes, starts, {"return_mean": reward.sum(0).mean(), "discounted_mean": discounted.mean()}


def judge(task: Task, critic: Tree, episodes: Tree) -> tuple[Array, Array]:
    values, _ = network_episodes(critic, task, episodes["before"], episodes["x"])
    return returns_and_advantages(task, episodes["reward"], values[..., 0])


Update = Callable[[Tree, Array], tuple[Tree, Tree]]


def on_one_core(task: Task) -> Update:
    @partial(jax.jit, donate_argnums=0)
    def update(state: Tree, number: Array) -> tuple[Tree, Tree]:
        key, play_key, critic_key = jax.random.split(state["key"], 3)
        episodes, starts, metrics = collect(task, state["policy"]["weights"], play_key)
        returns, advantages = judge(task, state["critic"]["weights"], episodes)
        policy, steps = update_policy(task, state["policy"], episodes, starts, advantages)
        critic, loss = update_critic(task, state["critic"], episodes, returns, number, critic_key)
        return {"key": key, "policy": policy, "critic": critic}, metrics | steps | loss

    return update


def on_two_cores(task: Task) -> Update:
    """The same, with the policy on one device of the host and the critic on the other."""
    one, two = jax.devices()[:2]
    run = lambda function, *donated: jax.jit(partial(function, task), donate_argnums=donated)
    collects, judges, policy_step, critic_step = run(collect), run(judge), run(update_policy, 0), run(update_critic, 0)

    def update(state: Tree, number: Array) -> tuple[Tree, Tree]:
        key, play_key, critic_key = jax.random.split(state["key"], 3)
        policy, critic = jax.device_put(state["policy"], one), jax.device_put(state["critic"], two)
        episodes, starts, metrics = collects(policy["weights"], jax.device_put(play_key, one))
        there = jax.device_put(episodes, two)
        returns, advantages = judges(critic["weights"], there)
        critic, loss = critic_step(critic, there, returns, jax.device_put(number, two), jax.device_put(critic_key, two))
        policy, steps = policy_step(policy, episodes, starts, jax.device_put(advantages, one))
        return {"key": key, "policy": policy, "critic": critic}, metrics | steps | loss

    return update


def main() -> None:
    parser = argparse.ArgumentParser(description="Benchmarks 1 and 2, preset reference, in JAX.")
    parser.add_argument("--benchmark", choices=sorted(TASKS), default="b1")
    parser.add_argument("--updates", type=int, default=6)
    parser.add_argument("--cores", type=int, choices=(1, 2), default=1)
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--seeds", type=int, default=1, help="how many runs; of each update they go one after the other")
    arguments = parser.parse_args()
    jax.config.update("jax_num_cpu_devices", arguments.cores)
    task = TASKS[arguments.benchmark]
    update = on_two_cores(task) if arguments.cores == 2 else on_one_core(task)
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)

    began = time.perf_counter()
    jax.block_until_ready(update(begin(task, 0), jnp.int32(1)))
    print(json.dumps({"compile_seconds": time.perf_counter() - began}), flush=True)  # with one update
    states = {seed: jax.block_until_ready(begin(task, seed)) for seed in seeds}
    for number in range(1, arguments.updates + 1):
        for seed in seeds:
            began = time.perf_counter()
            states[seed], metrics = jax.block_until_ready(update(states[seed], jnp.int32(number)))
            seconds = time.perf_counter() - began
            found = {name: value.item() for name, value in jax.device_get(metrics).items()}
            found = {name: value if math.isfinite(value) else None for name, value in found.items()}
            print(json.dumps({"update": number, "seed": seed, "seconds": seconds, **found}), flush=True)


if __name__ == "__main__":
    main()
