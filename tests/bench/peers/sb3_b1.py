"""Benchmark 1 as a Gymnasium environment, and RecurrentPPO of sb3-contrib on it for so many seconds.

The environment has the rules of docs/specification.md section 1.1. Its observation has the action and the reward of the step before
beside x, so that a recurrent policy reads what ours reads. Algorithm and network are those of sb3-contrib: LSTMs of 50 units, the clipped
ratio, every step used. So it is another amount of work for an update, and what may be compared is steps a second and returns.

An episode has four rollouts. So it begins where a rollout begins, which suits RecurrentPPO: it cuts its sequences at such a step.

Prints one JSON object.

usage: sb3_b1.py [--seconds=S] [--threads=N] [--seed=N]
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import gymnasium
import numpy as np
import torch
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv

EPISODES, HORIZON, ROLLOUT = 50, 1400, 350  # environments side by side, T, steps of a rollout
DISCOUNT, TRACE_DECAY = 0.998, 0.98


class MovingTarget(gymnasium.Env):
    """Section 1.1. The last info of an episode has its return and its discounted return."""

    observation_space = gymnasium.spaces.Box(-20, 20, (3,), np.float32)
    action_space = gymnasium.spaces.Box(-4, 4, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self.t, self.total, self.discounted = 0, 0.0, 0.0
        self.alpha = self.np_random.uniform(-10, 10)
        self.x = self.np_random.uniform(-5, 5)
        return np.array([self.x, 0, 0], np.float32), {}

    def step(self, u: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        action = min(20.0, max(-20.0, 5 * float(u[0])))
        distance = abs(action - (self.x + self.alpha))
        hit = distance < 1
        reward = 10.0 if hit else max(-distance, -20.0)
        if hit:
            self.x = self.np_random.uniform(-5, 5)
        self.total += reward
        self.discounted += DISCOUNT ** self.t * reward
        self.t += 1
        over = self.t == HORIZON
        info = {"return": self.total, "discounted": self.discounted} if over else {}
        return np.array([self.x, action, reward], np.float32), reward, over, False, info


class Watch(BaseCallback):
    """Ends training after `seconds`, but not within the first iteration. Counts whole iterations: a rollout and its training."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.returns: list[tuple[float, float]] = []
        self.steps, self.elapsed, self.rollouts = 0, 0.0, 0

    def _on_training_start(self) -> None:
        self.began = time.perf_counter()

    def _on_rollout_start(self) -> None:
        if self.rollouts:
            self.steps, self.elapsed = self.num_timesteps, time.perf_counter() - self.began
        self.rollouts += 1

    def _on_step(self) -> bool:
        self.returns += [(info["return"], info["discounted"]) for info in self.locals["infos"] if "return" in info]
        return self.rollouts < 2 or time.perf_counter() - self.began < self.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description="RecurrentPPO on benchmark 1.")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = RecurrentPPO("MlpLstmPolicy", DummyVecEnv([MovingTarget] * EPISODES), n_steps=ROLLOUT, batch_size=EPISODES * ROLLOUT, n_epochs=10,
                         gamma=DISCOUNT, gae_lambda=TRACE_DECAY, learning_rate=3e-4, seed=arguments.seed, device="cpu",
                         policy_kwargs={"lstm_hidden_size": 50, "net_arch": [20, 10]})
    watch = Watch(arguments.seconds)
    model.learn(10 ** 12, callback=watch)
    last = watch.returns[-EPISODES:]
    raw, discounted = (sum(column) / len(last) for column in zip(*last)) if last else (None, None)
    print(json.dumps({"steps": watch.steps, "seconds": watch.elapsed, "steps_per_second": watch.steps / watch.elapsed,
                      "episodes": len(watch.returns), "return_mean": raw, "discounted_mean": discounted}), flush=True)


if __name__ == "__main__":
    main()
