"""Tasks that work."""

import os
import signal

import numpy as np

from stand_in import Box, Dict, Discrete, Env, MultiDiscrete, Tuple


class Drift(Env):
    """x drifts by a hidden slope and by the action, and a trial ends beyond 1 (terminated) or after 5 steps (truncated)."""

    horizon = 12
    version = 3
    observation_space = Box(-2, 2, (2,))
    action_space = Box(np.float32([-1, 0]), np.float32([1, np.inf]))

    def reset(self, *, seed=None, options=None):
        self.slope = np.random.default_rng(options["task_seed"]).uniform(-0.5, 0.5)
        self.x, self.steps = np.random.default_rng(seed).uniform(-0.5, 0.5), 0
        return self.observe(), {}

    def step(self, action):
        self.x += self.slope + 0.1 * float(action[0]) - 0.01 * float(action[1])
        self.steps += 1
        return self.observe(), float(self.x), abs(self.x) > 1, self.steps == 5, {}

    def observe(self):
        return np.array([np.clip(self.x, -2, 2), self.slope], np.float32)


class Seeds(Env):
    """Shows the seeds that it is given, in units of 2^31, and how often it was reset. Every third step ends a trial, the
    first two ways in turn."""

    horizon = 7
    observation_space = Box(0, 100, (3,), np.float64)

    def __init__(self):
        self.resets = 0

    def reset(self, *, seed=None, options=None):
        assert isinstance(seed, int) and isinstance(options["task_seed"], int)
        self.resets += 1
        self.steps, self.seed, self.task = 0, seed / 2**31, options["task_seed"] / 2**31
        return self.observe(), {}

    def step(self, action):
        self.steps += 1
        over = self.steps == 3
        return self.observe(), self.steps, over and self.resets % 2 == 1, over and self.resets % 2 == 0, {}

    def observe(self):
        return np.array([self.seed, self.task, self.resets])


class Thrice(Seeds):
    """Trials of three steps as those of Seeds, but a function of its seeds: it shows the step, and the end is drawn."""

    def step(self, action):
        self.steps += 1
        over = self.steps == 3
        return self.observe(), self.steps, over and self.seed < 0.5, over and self.seed >= 0.5, {}

    def observe(self):
        return np.array([self.seed, self.task, self.steps])


class ByList(Env):
    """Tasks in the older manner."""

    observation_space = Box(0, 1, (2,))

    def __init__(self):
        self.random = np.random.RandomState()

    def seed(self, seed):
        self.random.seed(seed)

    def sample_tasks(self, count):
        return [(self.random.rand(), np.random.rand()) for _ in range(count)]

    def set_task(self, task):
        self.task = task

    def observe(self):
        return np.array(self.task, np.float32)


class Parts(Env):
    """A Dict of a one-hot that begins at 3, and a Box of one number; shows its last action."""

    observation_space = Dict({"choice": Discrete(3, start=3), "back": Box(-9, 9, (1,))})
    action_space = Discrete(4, start=-1)
    action = 0

    def step(self, action):
        self.action = action
        return super().step(action)

    def observe(self):
        return {"choice": 3 + abs(self.action) % 3, "back": np.array([self.action], np.float32)}


class Several(Env):
    """Choices as action and a Tuple of two numbers, one without a shape."""

    observation_space = Tuple([Box(-9, 9, ()), Box(0, 9, (1,), np.uint8)])
    action_space = MultiDiscrete([3, 5], start=[-1, 2])

    def reset(self, *, seed=None, options=None):
        self.action = (0, 0)
        return super().reset(seed=seed, options=options)

    def step(self, action):
        self.action = action
        return super().step(action)

    def observe(self):
        return np.float32(self.action[0]), np.array([self.action[1]], np.uint8)


class Ending(Env):
    """Says when it is closed."""

    def close(self):
        with open(os.environ["TASK_TEST_FILE"], "a") as file:
            file.write("closed\n")


class Prints(Env):
    def step(self, action):
        print("hello from a task")
        return super().step(action)


class Restless(Env):
    """No function of its seeds: its generator lives on."""

    random = np.random.default_rng(1)

    def observe(self):
        return self.random.uniform(-1, 1, 2).astype(np.float32)


class Mode:
    def __init__(self, name):
        self.name = name


class VectorDrift:
    """Three of Drift as one object, as a gymnasium.vector.VectorEnv is."""

    horizon, version, num_envs = Drift.horizon, Drift.version, 3
    single_observation_space, single_action_space = Drift.observation_space, Drift.action_space
    metadata = {"autoreset_mode": Mode("DISABLED")}

    def __init__(self):
        self.environments = [Drift() for _ in range(3)]
        self.over = np.ones(3, bool)

    def reset(self, *, seed=None, options=None):
        mask = options["reset_mask"]
        for i in np.flatnonzero(mask):
            self.environments[i].reset(seed=seed[i], options={"task_seed": options["task_seed"][i]})
        self.over &= ~mask
        # What is not asked for is nobody's to read.
        return np.array([e.observe() if m else [7, 7] for e, m in zip(self.environments, mask)], np.float32), {}

    def step(self, actions):
        assert not self.over.any(), "an environment that ended was not reset"
        results = [e.step(a) for e, a in zip(self.environments, actions)]
        observations, rewards, terminated, truncated, _ = map(np.array, zip(*results))
        self.over = terminated | truncated
        return observations, rewards, terminated, truncated, {}

    def close(self):
        pass


class ResetsItself(VectorDrift):
    metadata = {"autoreset_mode": Mode("NEXT_STEP")}


class FailsAtFirst(Env):
    """Whichever process steps first fails."""

    def step(self, action):
        try:
            os.close(os.open(os.environ["TASK_TEST_FILE"], os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return super().step(action)
        raise ValueError("the first time")


def where_modules_come_from():
    import modules_of_this_folder  # noqa: F401, in the working directory

    return Env()


class Once(Drift):
    """Drift under its name, but the fourth environment of whichever process comes there first does something else, in its sixth
    trial."""

    name = "tasks.Drift"
    made = 0

    def __init__(self):
        Once.made += 1
        self.number, self.trials = Once.made, 0

    def reset(self, *, seed=None, options=None):
        self.trials += 1
        return super().reset(seed=seed, options=options)

    def step(self, action):
        if self.number == 4 and self.trials == 6:
            try:
                with os.fdopen(os.open(os.environ["TASK_TEST_FILE"], os.O_CREAT | os.O_EXCL | os.O_WRONLY), "w") as file:
                    file.write(str(os.getpid()))
                self.act()
            except FileExistsError:
                pass
        return super().step(action)


class KillsOnce(Once):
    """$TASK_TEST_VICTIM is killed: the worker, its parent, or the process whose number is in that file."""

    def act(self):
        victim = os.environ["TASK_TEST_VICTIM"]
        if victim == "worker":
            pid = os.getpid()
        elif victim == "parent":
            pid = os.getppid()
        else:
            with open(victim) as file:
                pid = int(file.read())
        os.kill(pid, signal.SIGKILL)


class HangsOnce(Once):
    def act(self):
        print("it hangs", flush=True)
        signal.pause()
