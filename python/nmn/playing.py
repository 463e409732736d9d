"""Episodes of a policy in an environment, as nmn plays them (docs/tasks.md)."""

from __future__ import annotations

from typing import Any

import numpy as np

from nmn.policy import Policy
from nmn.tables import Table, as_table, from_rows

_SEEDS = 2**31


def play(policy: Policy, env: Any, episodes: int = 1, *, seed: int = 0) -> Table:
    """A row an episode: its return, the trials that it completed, and the return of the first and the last of them. Each
    episode draws the task anew, and plays all of the policy's `horizon`. The policy must have been made with env=env."""
    rows = []
    for episode in range(episodes):
        random = np.random.default_rng([seed, episode])
        policy.reset(seed=int(random.integers(_SEEDS)))
        rows.append({"episode": episode, **_returns(_trials(policy, env, random))})
    return as_table(from_rows(rows))


def _trials(policy: Policy, env: Any, random: np.random.Generator) -> list[tuple[float, bool]]:
    """-> the return of each trial, and whether it was completed."""
    task_seed = int(random.integers(_SEEDS))
    begin = lambda: env.reset(seed=int(random.integers(_SEEDS)), options={"task_seed": task_seed})[0]
    trials, total = [], 0.0
    observation, reward, terminated, truncated = begin(), 0.0, False, False
    for step in range(policy.horizon):
        action = policy.act(observation, reward, terminated, truncated)
        observation, reward, terminated, truncated, _ = env.step(action)
        total += float(reward)
        if terminated or truncated:
            trials.append((total, True))
            total = 0.0
            if step + 1 < policy.horizon:
                observation = begin()
    if not (terminated or truncated):
        trials.append((total, False))
    return trials


def _returns(trials: list[tuple[float, bool]]) -> dict[str, Any]:
    complete = [total for total, completed in trials if completed]
    return {"return": float(sum(total for total, _ in trials)), "trials": len(complete),
            "first_trial_return": complete[0] if complete else None, "last_trial_return": complete[-1] if complete else None}
