"""The environments of one worker where the factory returns a gymnasium.vector.VectorEnv: many in one object."""

import numpy as np

from nmn import spaces
from nmn.errors import Refusal, Wrong
from nmn.lanes import GOING_ON, TERMINATED, TOO_LARGE, TRUNCATED, SharedArrays, check_interface


def check_that_it_waits(vector):
    """Which trial begins when is ours to say, so that each gets its seeds."""
    mode = getattr(vector, "metadata", {}).get("autoreset_mode")
    name = getattr(mode, "name", str(mode))
    if name != "DISABLED":
        raise Refusal(f"the VectorEnv begins episodes by itself (autoreset_mode is {name}): make it with "
                      "autoreset_mode=gymnasium.vector.AutoresetMode.DISABLED")


class VectorLanes(SharedArrays):
    """As many objects as the lanes need, each of num_envs lanes; what is left over of the last is played for nobody."""

    def __init__(self, factory, first):
        check_interface(first, "single_action_space", "single_observation_space")
        check_that_it_waits(first)
        self.factory, self.vectors = factory, [first]
        self.width = int(first.num_envs)
        self.reader = spaces.observation_reader(first.single_observation_space)
        self.writer = spaces.action_writer(first.single_action_space)
        self.seen = np.zeros((self.width, self.reader.size), np.float32)
        self.doing = "reset"  # for errors

    def blocks(self):
        """-> number of an object, its lanes."""
        for first in range(0, self.count[0], self.width):
            self.lane_now[0] = first
            yield first // self.width, slice(first, min(first + self.width, self.count[0]))

    def padded(self, array, lanes):
        """Of all environments of an object; zeros for those that are left over."""
        part = array[lanes]
        return np.concatenate([part, np.zeros((self.width - len(part),) + part.shape[1:], part.dtype)])

    def reset(self):
        for number, lanes in self.blocks():
            if number == len(self.vectors):
                self.doing = "the factory"
                self.vectors.append(self.factory())
                if self.vectors[-1].num_envs != self.width:
                    raise Wrong(f"it returned {self.vectors[-1].num_envs} environments, and {self.width} before")
            self.begin_trials(number, lanes, np.ones(self.width, bool))

    def begin_trials(self, number, lanes, which):
        """Writes the first observations of those environments whose mask is set."""
        self.doing = "reset"
        options = {"reset_mask": which, "task_seed": self.padded(self.task_seed, lanes).astype(np.int64)}
        result = self.vectors[number].reset(seed=self.padded(self.trial_seed, lanes).tolist(), options=options)
        if not isinstance(result, tuple) or len(result) != 2:
            raise Wrong("it returned no tuple (observations, infos), as gymnasium's reset does")
        self.reader.write_all(result[0], self.seen)
        here = which[:lanes.stop - lanes.start]
        self.observation[lanes][here] = self.seen[:len(here)][here]

    def step(self):
        last = self.step_number[0] + 1 == self.horizon
        for number, lanes in self.blocks():
            self.doing = "step"
            count = lanes.stop - lanes.start
            result = self.vectors[number].step(self.writer.all(self.padded(self.action, lanes)))
            try:
                x, reward, terminated, truncated, _ = result
            except (TypeError, ValueError):
                raise Wrong("it returned no tuple (observations, rewards, terminations, truncations, infos), as "
                            "gymnasium's step does") from None
            terminated, truncated = np.asarray(terminated), np.asarray(truncated)
            if terminated.dtype.kind not in "biu" or truncated.dtype.kind not in "biu":
                raise Wrong(f"terminations and truncations are of {terminated.dtype} and {truncated.dtype}, and must be of bool")
            terminated, truncated = terminated.astype(bool), truncated.astype(bool)
            if np.shape(reward) != (self.width,) or terminated.shape != (self.width,) or truncated.shape != (self.width,):
                raise Wrong(f"rewards and ends are of {np.shape(reward)}, {terminated.shape} and {truncated.shape}, and there "
                            f"are {self.width} environments")
            self.reader.write_all(x, self.seen)
            self.observation[lanes] = self.seen[:count]
            try:
                self.reward[lanes] = reward[:count]
            except OverflowError:  # a whole number of hundreds of digits
                raise Wrong(TOO_LARGE) from None
            self.trial_end[lanes] = np.where(terminated, TERMINATED, np.where(truncated, TRUNCATED, GOING_ON))[:count]
            over = terminated | truncated
            if over.any():
                self.final_observation[lanes] = self.seen[:count]
            if over.any() and not last:
                self.begin_trials(number, lanes, over)

    def close(self):
        for vector in self.vectors:
            vector.close()
