"""CartPole-v1 of gymnasium with a pole whose length is hidden. An episode has several trials with one pole. The policy
must find out in the first trial how to balance it. This needs gymnasium and numpy.

    PYTHONPATH=examples nmn train --task_python=hidden_cartpole:HiddenCartPole --updates=20 --scale_schedule
"""

import gymnasium
import numpy as np
from gymnasium.envs.classic_control import CartPoleEnv


class HiddenCartPole(gymnasium.Wrapper):
    horizon = 1500  # steps of an episode: three trials of 500 if the pole stays up
    version = 1     # of the rules: raise it when they change

    def __init__(self):
        # TimeLimit truncates a trial after 500 steps.
        super().__init__(gymnasium.wrappers.TimeLimit(CartPoleEnv(), max_episode_steps=500))

    def reset(self, *, seed=None, options=None):
        # The pole depends on task_seed alone, so it is the same in all trials of an episode.
        task = np.random.default_rng(options["task_seed"])
        cart = self.unwrapped
        cart.length = task.uniform(0.25, 1.5)
        cart.polemass_length = cart.masspole * cart.length
        return self.env.reset(seed=seed)

    def step(self, action):
        # An episode always has T steps, so a reward of 1 a step adds up to the same whatever the policy does. So a fall costs 50.
        x, reward, terminated, truncated, info = self.env.step(action)
        return x, reward - 50 * terminated, terminated, truncated, info
