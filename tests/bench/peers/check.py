"""Whether the peers play by the rules that nmn plays by. run.py --check calls it, in the interpreter that has them.

  network      the outputs of a policy that nmn exported, in each peer's network, are those of a trace of nmn
  environment  the returns of two rules in each peer's environment are those of nmn eval, within 4 standard errors
  learning     PyTorch and JAX, with the same weights and the same episodes, have the same advantages, losses and gradients,
               and the same KL after a whole policy update

Ends with exit code 1 if one of them does not hold.

usage: check.py --nmn=BINARY --folder=FOLDER [--peers=torch,jax,sb3]
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Callable

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "python"))

from nmn.policy_file import load_policy_file  # noqa: E402

Tensors = dict[str, np.ndarray]
HORIZON, DISCOUNT = 1400, 0.998
NETWORK_TOLERANCE, LEARNING_TOLERANCE, UPDATE_TOLERANCE = 1e-5, 1e-4, 1e-3
# What nmn eval calls a rule -> its action before it is multiplied by 5, from the target and uniform numbers of [-1, 1].
RULES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "oracle": lambda target, uniform: target / 5,
    "random": lambda target, uniform: 4 * uniform,
}

failed = False


def say(what: str, good: bool, figure: str) -> None:
    global failed
    failed = failed or not good
    print(f"{'ok     ' if good else 'DIFFERS'}  {what}: {figure}", flush=True)


def say_distance(what: str, distance: float, tolerance: float) -> None:
    say(what, distance <= tolerance, f"largest difference {distance:.1e}, allowed {tolerance:.0e}")


def distance(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, as a share of the largest expected number; infinite if a number is not finite."""
    share = float(np.abs(np.asarray(found, np.float64) - expected).max() / max(np.abs(expected).max(), 1e-30))
    return share if math.isfinite(share) else math.inf


def nmn(binary: str, *arguments: str) -> str:
    done = subprocess.run([binary, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"nmn {' '.join(arguments)} failed:\n{done.stderr}")
    return done.stdout


# ---- What nmn says


def trained(binary: str, folder: Path) -> tuple[Tensors, Tensors, Tensors]:
    """-> actor and critic after a few updates, and a trace of the policy: columns [T, episodes]."""
    # Preset fast learns enough in this time for z to matter. Its bounds of the log-variance are taken away: they are no rule of reference.
    nmn(binary, "train", "--benchmark=b1", "--preset=fast", "--updates=40", "--seed=1", "--metrics=off", "--no_figure", f"--run_dir={folder}/run",
        "--set", "network.min_log_variance=0", "--set", "network.max_log_variance=0")
    nmn(binary, "export", f"{folder}/run", f"--out={folder}/policy.safetensors")
    nmn(binary, "trace", f"--policy={folder}/policy.safetensors", "--episodes=4", f"--csv={folder}/trace.csv")
    tensors = load_policy_file(folder / "policy.safetensors").tensors
    role = lambda prefix: {name[len(prefix):]: array for name, array in tensors.items() if name.startswith(prefix)}
    with open(folder / "trace.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    column = lambda name: np.array([float(row[name]) for row in rows]).reshape(-1, HORIZON).T
    names = ["x0", "previous_action", "previous_reward", "u", "mean", "logvar", "reward"]
    return role("actor."), role("critic."), {name: column(name) for name in names}


def inputs(trace: Tensors) -> tuple[np.ndarray, np.ndarray]:
    """-> what the modulator reads, [T, B, 3], and x, [T, B, 1]."""
    x = trace["x0"]
    before = np.stack([trace["previous_action"], trace["previous_reward"], np.concatenate([np.zeros_like(x[:1]), x[:-1]])], -1)
    return before.astype(np.float32), x[..., None].astype(np.float32)


# ---- The environments: a rule and how many episodes -> rewards [T, episodes]

Player = Callable[[Callable[[np.ndarray, np.ndarray], np.ndarray], int], np.ndarray]


def play_torch(rule: Callable[[np.ndarray, np.ndarray], np.ndarray], episodes: int) -> np.ndarray:
    import torch_b1
    rng = np.random.default_rng(1)
    environment = torch_b1.MovingTarget(episodes, rng)
    return np.array([environment.step(rule(environment.x + environment.alpha, rng.uniform(-1, 1, episodes)))[1] for _ in range(HORIZON)])


def play_jax(rule: Callable[[np.ndarray, np.ndarray], np.ndarray], episodes: int) -> np.ndarray:
    import jax
    import jax_b1
    task = jax_b1.TASKS["b1"]
    world, drawn = task.draw(jax.random.key(1), task, episodes)
    uniform = jax.random.uniform(jax.random.key(2), (HORIZON, episodes), minval=-1, maxval=1)

    def step(world: jax_b1.Tree, inputs: jax_b1.Tree) -> tuple[jax_b1.Tree, jax.Array]:
        world, _, reward = task.step(world, rule(world[0] + world[1], inputs[1]), inputs[0])
        return world, reward

    return np.asarray(jax.lax.scan(step, world, (drawn, uniform))[1], np.float64)


def play_sb3(rule: Callable[[np.ndarray, np.ndarray], np.ndarray], episodes: int) -> np.ndarray:
    import sb3_b1
    environment, rng = sb3_b1.MovingTarget(), np.random.default_rng(1)
    rewards = np.empty((HORIZON, episodes))
    for episode in range(episodes):
        environment.reset(seed=episode)
        for t in range(HORIZON):
            u = rule(np.array([environment.x + environment.alpha]), rng.uniform(-1, 1, 1))
            _, rewards[t, episode], over, _, info = environment.step(u)
            assert over == (t == HORIZON - 1)
        assert np.isclose(info["discounted"], DISCOUNT ** np.arange(HORIZON) @ rewards[:, episode])
    return rewards


PLAYERS: dict[str, tuple[Player, int]] = {"torch": (play_torch, 4000), "jax": (play_jax, 4000), "sb3": (play_sb3, 300)}


def check_environments(binary: str, peers: list[str]) -> None:
    for name, rule in RULES.items():
        expected = json.loads(nmn(binary, "eval", "--benchmark=b1", f"--policy={name}", "--episodes=4000", "--seed=1", "--json").splitlines()[-1])
        for peer in peers:
            play, episodes = PLAYERS[peer]
            rewards = play(rule, episodes)
            for kind, factors in (("return", np.ones(HORIZON)), ("discounted", DISCOUNT ** np.arange(HORIZON))):
                returns = factors @ rewards
                mean, error = returns.mean(), np.hypot(returns.std() / np.sqrt(episodes), expected[f"{kind}_sem"])
                # A rule without chance has no standard error. A sum of floats has a rounding error.
                good = abs(mean - expected[f"{kind}_mean"]) <= 4 * error + 1e-5 * abs(mean)
                say(f"environment, {peer}, {name}, {kind}", bool(good),
                    f"{mean:.1f}, nmn {expected[f'{kind}_mean']:.1f}, standard error of the difference {error:.1f}")


# ---- Networks and learning


def outputs_torch(weights: Tensors, before: np.ndarray, x: np.ndarray) -> np.ndarray:
    import torch
    import torch_b1
    network = torch_b1.Network(weights["head.bias"].size)
    network.take(weights)
    with torch.no_grad():
        return network(torch.tensor(before), torch.tensor(x), torch.zeros(x.shape[1], torch_b1.UNITS))[0].numpy()


def outputs_torch_steps(weights: Tensors, before: np.ndarray, x: np.ndarray) -> np.ndarray:
    import torch
    import torch_b1
    network = torch_b1.Network(weights["head.bias"].size)
    network.take(weights)
    h, outputs = torch.zeros(x.shape[1], torch_b1.UNITS), []
    with torch.no_grad():
        for t in range(HORIZON):
            output, h = network.step(torch.tensor(before[t]), torch.tensor(x[t]), h)
            outputs.append(output.numpy())
    return np.array(outputs)


def outputs_jax(weights: Tensors, before: np.ndarray, x: np.ndarray) -> np.ndarray:
    import jax_b1
    task = jax_b1.TASKS["b1"]
    return np.asarray(jax_b1.network_sequence(weights, task, before, x, jax_b1.zero_states(task, x.shape[1])))


def outputs_jax_steps(weights: Tensors, before: np.ndarray, x: np.ndarray) -> np.ndarray:
    import jax_b1
    return np.asarray(jax_b1.network_episodes(weights, jax_b1.TASKS["b1"], before, x)[0])


NETWORKS = {"torch": {"a sequence": outputs_torch, "step by step": outputs_torch_steps},
            "jax": {"a sequence": outputs_jax, "step by step": outputs_jax_steps}}


def check_networks(peers: list[str], actor: Tensors, trace: Tensors) -> None:
    expected = np.stack([trace["logvar"] + 1, trace["mean"]], -1)
    say("network, what is compared", np.abs(expected).max() > 1, f"outputs of up to {np.abs(expected).max():.1f} in magnitude")
    for peer in peers:
        for name, outputs in NETWORKS.get(peer, {}).items():
            say_distance(f"network, {peer}, {name}", distance(outputs(actor, *inputs(trace)), expected), NETWORK_TOLERANCE)


def check_learning(actor: Tensors, critic: Tensors) -> None:
    """Of episodes that the policy plays in PyTorch's environment. The weights that learn are somewhat off those that played, so that
    ratio and KL are not those of equal policies."""
    import jax
    import jax.numpy as jnp
    import torch
    import torch_b1
    import jax_b1
    torch.set_num_threads(1)  # several wait for each other where other programs have the cores
    task = jax_b1.TASKS["b1"]
    learner = torch_b1.Learner()
    learner.actor.take(actor)
    learner.critic.take(critic)
    rollout = torch_b1.play(learner.actor, np.random.default_rng(3))
    episodes = {name: jnp.asarray(getattr(rollout, name)) for name in ("before", "x", "u", "output", "reward")}
    values = learner.values(rollout)
    returns, advantages = torch_b1.returns_and_advantages(rollout.reward, values)

    outputs, states = jax_b1.network_episodes(critic, task, episodes["before"], episodes["x"])
    say_distance("learning, values", distance(outputs[..., 0], values), LEARNING_TOLERANCE)
    other = jax_b1.returns_and_advantages(task, episodes["reward"], jnp.asarray(values))
    say_distance("learning, returns", distance(other[0], returns.numpy()), LEARNING_TOLERANCE)
    say_distance("learning, advantages", distance(other[1], advantages.numpy()), LEARNING_TOLERANCE)

    def check_gradients(name: str, network: torch_b1.Network, loss: torch.Tensor, found: tuple[jax.Array, dict[str, jax.Array]]) -> None:
        loss.backward()
        say_distance(f"learning, {name} loss", distance(np.asarray(found[0]), np.asarray(loss.item())), LEARNING_TOLERANCE)
        expected = network.named(gradients=True)
        worst = max((distance(found[1][tensor], gradient), tensor) for tensor, gradient in expected.items())
        say_distance(f"learning, {name} gradient ({worst[1]})", worst[0], LEARNING_TOLERANCE)

    rng = np.random.default_rng(4)

    def move(network: Tensors) -> Tensors:
        """Away from the minimum, where a gradient is a sum of terms that cancel."""
        return {name: (array + 0.02 * rng.standard_normal(array.shape) * np.abs(array).max()).astype(np.float32) for name, array in network.items()}

    moved, moved_critic = move(actor), move(critic)
    mover = torch_b1.Learner()
    mover.actor.take(moved)
    mover.critic.take(moved_critic)
    batch = tuple(torch_b1.segments(series) for series in rollout[:4])
    starts = torch_b1.segment_starts(rollout.states)
    loss = mover.policy_loss(batch, starts, torch_b1.segments(advantages))
    packed = jax_b1.segments(task, *(episodes[name] for name in ("before", "x", "u", "output")), jnp.asarray(advantages))
    check_gradients("policy", mover.actor, loss, jax_b1.policy_gradient(moved, task, packed, (jnp.asarray(starts),), 1.0))

    starts = torch_b1.segment_starts(learner.critic(rollout.before[:400], rollout.x[:400], torch.zeros(50, 50))[1].detach())
    say_distance("learning, states before a segment", distance(np.asarray(states[0][:2]).reshape(100, 50), starts.numpy()), LEARNING_TOLERANCE)
    chosen = torch.arange(40, 65)  # of both halves of an episode
    loss = mover.critic_loss(*(torch_b1.segments(series)[:, chosen] for series in (rollout.before, rollout.x, returns)), starts[chosen])
    packed = jax_b1.segments(task, episodes["before"], episodes["x"], jnp.asarray(returns))[40:65]
    found = jax.value_and_grad(jax_b1.critic_loss)(moved_critic, task, packed, (jnp.asarray(starts[chosen]),))
    check_gradients("critic", mover.critic, loss, found)

    kl, reverted = learner.update_policy(rollout, advantages)
    policy = {"weights": {name: jnp.asarray(array) for name, array in actor.items()}, "beta": jnp.float32(1), "multiplier": jnp.float32(1)}
    policy["adam"] = jax_b1.new_adam(policy["weights"])
    _, states = jax_b1.network_episodes(actor, task, episodes["before"], episodes["x"])
    after, metrics = jax.jit(jax_b1.update_policy, static_argnums=0)(task, policy, episodes, states, jnp.asarray(advantages))
    same = (bool(metrics["reverted"]), round(float(after["beta"]), 4)) == (reverted, round(learner.beta, 4))
    say("learning, what the KL decides", same, f"reverted {reverted}, beta {learner.beta:.3f}, in JAX {float(after['beta']):.3f}")
    say_distance(f"learning, KL {kl:.5f} after 20 epochs", abs(float(metrics["kl"]) / kl - 1), UPDATE_TOLERANCE)


def main() -> int:
    parser = argparse.ArgumentParser(description="Whether the peers play by the rules of nmn.")
    parser.add_argument("--nmn", required=True, help="the program")
    parser.add_argument("--folder", type=Path, required=True, help="what nmn writes goes here")
    parser.add_argument("--peers", default="torch,jax,sb3")
    arguments = parser.parse_args()
    peers = arguments.peers.split(",")
    actor, critic, trace = trained(arguments.nmn, arguments.folder)
    check_networks(peers, actor, trace)
    check_environments(arguments.nmn, peers)
    if {"torch", "jax"} <= set(peers):
        check_learning(actor, critic)
    else:
        print("skipped  learning: it compares PyTorch with JAX")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
