"""Three motors push a point in space towards 0. Their wiring is hidden: how strong each motor is, and which way it turns.

    PYTHONPATH=examples nmn train --task_python=hidden_wiring:HiddenWiring

It needs only numpy, because nmn takes whatever looks like a gymnasium.Env. Each trial begins at another place. The wiring is the same
in all trials of an episode, so a policy that has tried the motors once knows them.
"""

import numpy as np


class Box:
    """What nmn asks of a gymnasium.spaces.Box."""

    def __init__(self, low, high, shape):
        self.low, self.high = np.full(shape, low, np.float32), np.full(shape, high, np.float32)
        self.shape, self.dtype = self.low.shape, self.low.dtype


class HiddenWiring:
    horizon = 40
    version = 1
    observation_space = Box(-4, 4, (3,))
    action_space = Box(-1, 1, (3,))
    steps_of_a_trial = 10

    def reset(self, *, seed=None, options=None):
        task = np.random.default_rng(options["task_seed"])
        self.strength = task.uniform(0.5, 1.5, 3) * task.choice([-1, 1], 3)
        self.x = np.random.default_rng(seed).uniform(-2, 2, 3)
        self.steps = 0
        return self.observe(), {}

    def step(self, action):
        self.x = np.clip(self.x + self.strength * action, -4, 4)
        self.steps += 1
        return self.observe(), -float(np.linalg.norm(self.x)), False, self.steps == self.steps_of_a_trial, {}

    def observe(self):
        return self.x.astype(np.float32)
