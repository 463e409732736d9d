"""Tasks that do not work. Each goes wrong at step 3 of the third environment that its factory made."""

import os
import resource
import signal
import sys
import time

import numpy as np

import stand_in
from stand_in import Box, Dict, Discrete, Env, MultiBinary


class Faulty(Env):
    made = 0

    def __init__(self):
        type(self).made += 1
        self.number, self.steps = type(self).made, 0

    def step(self, action):
        self.steps += 1
        if self.number == 3 and self.steps == 4:
            return self.fault()
        return super().step(action)


class Raises(Faulty):
    def fault(self):
        raise ValueError("the motor\nis too hot")


class RaisesOfAFileThatIsNotUtf8(Faulty):
    def fault(self):
        raise ValueError("no file caf\udce9 " + "x" * 3000000)


class CutsTheMemory(Faulty):
    def fault(self):
        shared = f"/proc/{os.getppid()}/fd"
        for number in os.listdir(shared):
            if "nmn-task" in os.readlink(f"{shared}/{number}"):
                os.truncate(f"{shared}/{number}", 0)


class RaisesInReset(Faulty):
    def fault(self):
        self.broken = True
        return self.observe(), 0.0, True, False, {}

    def reset(self, **options):
        if hasattr(self, "broken"):
            raise RuntimeError("no way back")
        return super().reset(**options)


class Hangs(Faulty):
    def fault(self):
        while True:
            time.sleep(3600)


class Freezes(Faulty):
    """In a cgroup of the freezer, where no signal reaches it nor the other children of its parent."""

    def fault(self):
        folder, parent = os.environ["TASK_TEST_FREEZER"], os.getppid()
        for thread in os.listdir(f"/proc/{parent}/task"):
            with open(f"/proc/{parent}/task/{thread}/children") as children:
                for child in children.read().split():
                    with open(f"{folder}/cgroup.procs", "w") as processes:
                        processes.write(child)
        with open(f"{folder}/freezer.state", "w") as state:
            state.write("FROZEN")
        return super().step(0)


class LeavesItsGroupAndHangs(Faulty):
    def fault(self):
        os.setpgid(0, os.getpgid(os.getppid()))
        while True:
            time.sleep(3600)


class Exits(Faulty):
    def fault(self):
        sys.exit(3)


class EndsAtOnce(Faulty):
    def fault(self):
        os._exit(7)


class IsKilled(Faulty):
    def fault(self):
        os.kill(os.getpid(), signal.SIGKILL)


class IsNotANumber(Faulty):
    def fault(self):
        return np.array([0, np.nan], np.float32), 0.0, False, False, {}


class HasNoReward(Faulty):
    def fault(self):
        return self.observe(), None, False, False, {}


class RewardIsInfinite(Faulty):
    def fault(self):
        return self.observe(), float("inf"), False, False, {}


class RewardHas400Digits(Faulty):
    def fault(self):
        return self.observe(), 10**400, False, False, {}


class WrongShape(Faulty):
    def fault(self):
        return np.zeros(3, np.float32), 0.0, False, False, {}


class WrongType(Faulty):
    def fault(self):
        return np.zeros(2, np.float64), 0.0, False, False, {}


class List(Faulty):
    def fault(self):
        return [0.0, 0.0], 0.0, False, False, {}


class OutsideTheBox(Faulty):
    def fault(self):
        return np.array([0, 1.5], np.float32), 0.0, False, False, {}


class EndsInWords(Faulty):
    def fault(self):
        return self.observe(), 0.0, "no", False, {}


class FourValues(Faulty):
    def fault(self):
        return self.observe(), 0.0, False, {}


class TakesAllMemory(Faulty):
    def fault(self):
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        held = []
        while True:
            held.append(bytearray(1 << 27))


class Forks(Faulty):
    """Leaves a child that sleeps, and one that comes back from step."""

    def fault(self):
        child = os.fork()
        if child == 0:
            time.sleep(3600)
        with open(os.environ["TASK_TEST_FILE"], "w") as file:
            file.write(f"{os.getpid()} {child} ")
        back = os.fork()
        if back > 0:
            os.waitpid(back, 0)
        return Env.step(self, 0)


class FailsOnce(Faulty):
    """In one process of all that there are."""

    def fault(self):
        try:
            os.close(os.open(os.environ["TASK_TEST_FILE"], os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return Env.step(self, 0)
        raise ValueError("the first time")


# Spaces that are refused, each as a factory.


def with_observation(space):
    def make():
        environment = Env()
        environment.observation_space = space
        return environment

    make.horizon = 8
    return make


def with_action(space):
    def make():
        environment = Env()
        environment.action_space = space
        return environment

    make.horizon = 8
    return make


picture = with_observation(Box(0, 255, (4, 4, 3), np.uint8))
text = with_observation(stand_in.Text())
unbounded = with_observation(Box(float("nan"), 1.0, (2,), np.float32))
binary = with_observation(MultiBinary(4))
nested = with_observation(Dict({"in": Dict({"x": Discrete(2)})}))
binary_action = with_action(MultiBinary(4))
whole_action = with_action(Box(0, 9, (1,), np.int64))
one_choice = with_action(Discrete(1))


def said(**attributes):
    """A factory that says these things of its task."""
    def make():
        return Env()

    vars(make).update({"horizon": 8, **attributes})
    return make


long_horizon = said(horizon=2**32 + 8)
horizon_of_truth = said(horizon=True)
horizon_of_words = said(horizon="8")
negative_version = said(version=-1)
version_of_words = said(version="two")
many_choices = with_action(Discrete(2**32 + 2))


def no_horizon():
    environment = Env()
    environment.horizon = None
    return environment


def no_environment():
    return "an environment"


def raises():
    raise OSError("no simulator here")
