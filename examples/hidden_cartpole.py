"""CartPole-v1 of gymnasium with a pole whose length is hidden: an episode has several trials with one pole, and how to
balance it must be found out in the first. Needs gymnasium and numpy.

    PYTHONPATH=examples nmn train --task_python=hidden_cartpole:HiddenCartPole --updates=20 --scale_schedule
"""

import gymnasium
import numpy as np
from gymnasium.envs.classic_control import CartPoleEnv


class HiddenCartPole(gymnasium.Wrapper):
    horizon = 1500  # steps of an episode: three trials of 500 where the pole stays up
    version = 1     # of its rules: another number where they change

    def __init__(self):
        # TimeLimit truncates a trial after 500 steps.
        super().__init__(gymnasium.wrappers.TimeLimit(CartPoleEnv(), max_episode_steps=500))

    def reset(self, *, seed=None, options=None):
        # The task of an episode is a function of task_seed alone, and the same in all its trials.
        task = np.random.default_rng(options["task_seed"])
        cart = self.unwrapped
        cart.length = task.uniform(0.25, 1.5)
        cart.polemass_length = cart.masspole * cart.length
        return self.env.reset(seed=seed)

    def step(self, action):
        # An episode always has T steps, so 1 for each step is the same sum whatever is done: a fall has its price.
        x, reward, terminated, truncated, info = self.env.step(action)
        return x, reward - 50 * terminated, terminated, truncated, info
