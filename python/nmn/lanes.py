"""The environments of one worker, one a lane, over arrays that it shares with the program that started it."""

import random

import numpy as np

from nmn import spaces
from nmn.errors import Refusal, Wrong

GOING_ON, TERMINATED, TRUNCATED = 0, 1, 2
TOO_LARGE = "the reward is larger than any float32; scale it down"


def is_flag(x):
    """Whether x says yes or no: text that says "no" is true to Python."""
    return isinstance(x, (bool, int, np.bool_, np.integer)) or (
        isinstance(x, np.ndarray) and x.shape == () and x.dtype.kind in "biu")


def check_interface(environment, *names):
    for name in ("reset", "step") + names:
        if not hasattr(environment, name):
            raise Refusal(f"the factory returned a {type(environment).__name__} without {name}; it must return a "
                          "gymnasium.Env or a gymnasium.vector.VectorEnv")


class SharedArrays:
    """Arrays that both sides see; how they lie is said where they are made (bridge/segment.h). `horizon` is T."""

    horizon = 0

    def open(self, arrays):
        self.observation, self.action = arrays["observation"], arrays["action"]
        self.reward, self.trial_end = arrays["reward"], arrays["trial_end"]
        self.final_observation = arrays["final_observation"]
        self.trial_seed, self.task_seed = arrays["trial_seed"], arrays["task_seed"]
        self.count, self.step_number, self.lane_now = (arrays["control"][i:i + 1].data for i in range(3))


class Lanes(SharedArrays):
    """Steps every lane's environment in turn. Where one ends, its next trial begins in the same step."""

    def __init__(self, factory, first):
        check_interface(first, "action_space", "observation_space")
        self.factory, self.environments = factory, [first]
        self.reader = spaces.observation_reader(first.observation_space)
        self.writer = spaces.action_writer(first.action_space)
        self.chooses_by_set_task = hasattr(first, "set_task") and hasattr(first, "sample_tasks")
        self.doing = "reset"  # for errors

    def open(self, arrays):
        super().open(arrays)
        self.rows, self.finals = list(self.observation), list(self.final_observation)
        # A number of a memoryview costs a third of one of an array.
        self.rewards, self.ends = self.reward.data, self.trial_end.data
        self.trial_seeds, self.task_seeds = self.trial_seed.data, self.task_seed.data

    def reset(self):
        """Begins an episode in every lane that counts."""
        for lane in range(self.count[0]):
            self.lane_now[0] = lane
            if lane == len(self.environments):
                self.doing = "the factory"
                self.environments.append(self.factory())
            if self.chooses_by_set_task:
                self.set_task(lane)
            self.reader.write(self.begin_trial(lane), self.rows[lane])

    def set_task(self, lane):
        """The older manner of tasks: drawn by the environment's own generator, which is seeded for it."""
        environment, seed = self.environments[lane], self.task_seeds[lane]
        self.doing = "sample_tasks"
        random.seed(seed)
        np.random.seed(seed)
        if hasattr(environment, "seed"):
            environment.seed(seed)
        tasks = environment.sample_tasks(1)
        self.doing = "set_task"
        environment.set_task(tasks[0])

    def begin_trial(self, lane):
        """-> the trial's first observation."""
        self.doing = "reset"
        result = self.environments[lane].reset(seed=self.trial_seeds[lane], options={"task_seed": self.task_seeds[lane]})
        if not isinstance(result, tuple) or len(result) != 2:
            raise Wrong("it returned no tuple (observation, info), as gymnasium's reset does")
        return result[0]

    def step(self):
        """One step of every lane that counts."""
        count, last = self.count[0], self.step_number[0] + 1 == self.horizon
        actions = self.writer.each(self.action[:count])
        environments, rows, rewards, write = self.environments, self.rows, self.rewards, self.reader.write
        lane_now = self.lane_now
        self.trial_end[:count] = GOING_ON
        self.doing = "step"
        for lane in range(count):
            lane_now[0] = lane
            result = environments[lane].step(actions[lane])
            try:
                x, reward, terminated, truncated, _ = result
            except (TypeError, ValueError):
                raise Wrong("it returned no tuple (observation, reward, terminated, truncated, info), as gymnasium's step "
                            "does") from None
            try:
                rewards[lane] = reward
            except TypeError:
                raise Wrong(f"the reward is a {type(reward).__name__}, and must be a number") from None
            except (OverflowError, ValueError):  # a whole number of hundreds of digits
                raise Wrong(TOO_LARGE) from None
            if terminated or truncated:
                if not (is_flag(terminated) and is_flag(truncated)):
                    raise Wrong(f"terminated and truncated are a {type(terminated).__name__} and a "
                                f"{type(truncated).__name__}, and must be bool")
                self.ends[lane] = TERMINATED if terminated else TRUNCATED
                if not terminated:
                    write(x, self.finals[lane])
                if not last:
                    x = self.begin_trial(lane)
                write(x, rows[lane])
                self.doing = "step"
            else:
                write(x, rows[lane])

    def close(self):
        for environment in self.environments:
            if hasattr(environment, "close"):
                environment.close()
