"""Episodes of a policy in an environment, as nmn plays them (docs/tasks.md)."""

from __future__ import annotations

from typing import Any

import numpy as np

from nmn import checks
from nmn.policy import Policy
from nmn.tables import Table, as_table, from_rows

_SEEDS = 2**31


def play(policy: Policy, env: Any, episodes: int = 1, *, seed: int = 0) -> Table:
    """A row an episode: its return, the trials that it completed, and the return of the first and the last of them. Each
    episode draws the task anew, and plays all of the policy's `horizon`. The policy must have been made with env=env."""
    _check(policy, env)
    seed = checks.whole(seed, "seed", 0)
    rows = []
    for episode in range(checks.whole(episodes, "episodes", 1)):
        random = np.random.default_rng([seed, episode])
        policy.reset(seed=int(random.integers(_SEEDS)))
        rows.append({"episode": episode, **_returns(_trials(policy, env, random))})
    return as_table(from_rows(rows))


def _check(policy: Any, env: Any) -> None:
    """Whether the policy can play in the environment at all."""
    if not isinstance(policy, Policy):
        hint = "give play(policy, env)" if isinstance(env, Policy) else "nmn.load_policy(path, env=env) makes one"
        raise TypeError(f"policy is {checks.shown(policy)}; it must be an nmn.Policy: {hint}")
    if isinstance(env, type):
        raise TypeError(f"env is {checks.shown(env)}; it must be an environment: {env.__name__}() makes one")
    missing = [name for name in ("reset", "step") if not callable(getattr(env, name, None))]
    if missing:
        raise TypeError(f"env is {checks.shown(env)}, which has no {' and no '.join(missing)}; it must be an environment")
    if hasattr(env, "num_envs"):
        raise ValueError(f"env is {checks.shown(env)} of {env.num_envs} environments, and play takes one; policy.act takes them "
                         "all")
    if policy.lanes is not None:
        raise ValueError(f"the policy plays {policy.lanes} episodes side by side, and play one at a time: load it anew, with "
                         "env=env")
    if hasattr(env, "observation_space") and hasattr(env, "action_space"):
        policy.read_spaces(env)


def _trials(policy: Policy, env: Any, random: np.random.Generator) -> list[tuple[float, bool]]:
    """-> the return of each trial, and whether it was completed."""
    task_seed = int(random.integers(_SEEDS))
    begin = lambda: _first(env, int(random.integers(_SEEDS)), task_seed)
    trials, total = [], 0.0
    observation, reward, terminated, truncated = begin(), 0.0, False, False
    for step in range(policy.horizon):
        action = policy.act(observation, reward, terminated, truncated)
        observation, reward, terminated, truncated = _next(env, env.step(action))
        total += reward
        if terminated or truncated:
            trials.append((total, True))
            total = 0.0
            if step + 1 < policy.horizon:
                observation = begin()
    if not (terminated or truncated):
        trials.append((total, False))
    return trials


def _first(env: Any, seed: int, task_seed: int) -> Any:
    """-> the first observation of a trial."""
    try:
        result = env.reset(seed=seed, options={"task_seed": task_seed})
    except TypeError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            raise  # from within
        raise TypeError(f"reset of {checks.shown(env)} takes no seed= and options=, as gymnasium's reset does "
                        f"({error})") from None
    if not isinstance(result, tuple) or len(result) != 2:
        raise ValueError(f"reset of {checks.shown(env)} returned {checks.shown(result)} and no tuple (observation, info), as "
                         "gymnasium's reset does")
    return result[0]


def _next(env: Any, result: Any) -> tuple[Any, float, Any, Any]:
    try:
        observation, reward, terminated, truncated, _ = result
    except (TypeError, ValueError):
        raise ValueError(f"step of {checks.shown(env)} returned no tuple (observation, reward, terminated, truncated, info), "
                         "as gymnasium's step does") from None
    try:
        return observation, float("x" if isinstance(reward, str) else reward), terminated, truncated
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"step of {checks.shown(env)} returned the reward {checks.shown(reward)}; it must be a "
                         "number") from None


def _returns(trials: list[tuple[float, bool]]) -> dict[str, Any]:
    complete = [total for total, completed in trials if completed]
    return {"return": float(sum(total for total, _ in trials)), "trials": len(complete),
            "first_trial_return": complete[0] if complete else None, "last_trial_return": complete[-1] if complete else None}
