"""A pole on a cart (Barto, Sutton, Anderson 1983), as a person writes it in plain Python; the length of the pole is the task."""

import math

import numpy as np


class Box:
    def __init__(self, high):
        self.high = np.array(high, np.float32)
        self.low, self.shape, self.dtype = -self.high, self.high.shape, self.high.dtype


class Discrete:
    def __init__(self, n):
        self.n, self.start = n, 0


class CartPole:
    horizon = 1000
    observation_space = Box([4.8, np.inf, 0.5, np.inf])
    action_space = Discrete(2)
    metadata, render_mode, spec = {}, None, None

    def reset(self, *, seed=None, options=None):
        # Without a seed, as SyncVectorEnv begins what ended, another length all the same: both sides do the same work.
        task = None if options is None else options.get("task_seed")
        self.length = np.random.default_rng(task).uniform(0.25, 1)
        self.state = np.random.default_rng(seed).uniform(-0.05, 0.05, 4).tolist()
        self.steps = 0
        return np.array(self.state, np.float32), {}

    def step(self, action):
        x, v, angle, turn = self.state
        force = 10.0 if action == 1 else -10.0
        cosine, sine = math.cos(angle), math.sin(angle)
        push = (force + 0.1 * self.length * turn * turn * sine) / 1.1
        turning = (9.8 * sine - cosine * push) / (self.length * (4 / 3 - 0.1 * cosine * cosine / 1.1))
        pushing = push - 0.1 * self.length * turning * cosine / 1.1
        self.state = [x + 0.02 * v, v + 0.02 * pushing, angle + 0.02 * turn, turn + 0.02 * turning]
        self.steps += 1
        fell = abs(self.state[0]) > 2.4 or abs(self.state[2]) > 0.2095
        return np.array(self.state, np.float32), 1.0, fell, self.steps == 500, {}

    def close(self):
        pass
