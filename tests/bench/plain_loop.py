"""Steps of CartPole a second in one Python process: gymnasium's SyncVectorEnv where gymnasium is installed, else what it
does, written out. Prints one number, and on stderr which of the two it was.

usage: plain_loop.py LANES STEPS
"""

import copy
import sys
import time

import numpy as np

from cartpole import CartPole

lanes, steps = int(sys.argv[1]), int(sys.argv[2])


class PlainVector:
    """The same environments, the same arrays out, the same reset one step after an end."""

    def __init__(self, environments):
        self.environments = environments
        self.observations = np.zeros((len(environments), 4), np.float32)
        self.rewards = np.zeros(len(environments))
        self.terminations, self.truncations, self.over = (np.zeros(len(environments), bool) for _ in range(3))

    def reset(self, seed):
        for i, environment in enumerate(self.environments):
            self.observations[i], _ = environment.reset(seed=seed + i)
        return copy.deepcopy(self.observations)

    def step(self, actions):
        for i, action in enumerate(actions):
            if self.over[i]:
                x, _ = self.environments[i].reset()
                self.rewards[i], self.terminations[i], self.truncations[i] = 0, False, False
            else:
                x, self.rewards[i], self.terminations[i], self.truncations[i], _ = self.environments[i].step(action)
            self.observations[i] = x
        self.over = np.logical_or(self.terminations, self.truncations)
        return copy.deepcopy(self.observations), np.copy(self.rewards), np.copy(self.terminations), np.copy(self.truncations)


def make():
    try:
        import gymnasium
    except ImportError:
        print("written out", file=sys.stderr)
        return PlainVector([CartPole() for _ in range(lanes)])

    class Registered(CartPole, gymnasium.Env):
        observation_space = gymnasium.spaces.Box(-CartPole.observation_space.high, CartPole.observation_space.high)
        action_space = gymnasium.spaces.Discrete(2)

    print(f"gymnasium {gymnasium.__version__}", file=sys.stderr)
    return gymnasium.vector.SyncVectorEnv([Registered] * lanes)


vector = make()
vector.reset(seed=1)
actions = np.random.default_rng(1).integers(0, 2, (97, lanes))
for t in range(steps // 10):
    vector.step(actions[t % 97])
start = time.perf_counter()
for t in range(steps):
    vector.step(actions[t % 97])
print(lanes * steps / (time.perf_counter() - start))
