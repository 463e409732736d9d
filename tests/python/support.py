"""What the tests of python/ share: the program, small runs, and a loud end where something is missing."""

import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
PACKAGE = os.path.join(ROOT, "python")
TASKS = os.path.join(ROOT, "tests", "unit", "bridge")
sys.path.insert(0, PACKAGE)
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
sys.dont_write_bytecode = True

SKIPPED = 77

# A run of a second: benchmark 1 cut to short episodes.
TINY = ["env.horizon=60", "ppo.kept_steps=40", "ppo.segment_steps=20", "ppo.episodes_per_update=12", "ppo.critic.replay_episodes=24",
        "ppo.policy.epochs=2", "ppo.critic.epochs=2", "ppo.policy.minibatch_segments=6", "ppo.critic.minibatch_segments=6",
        "work.unit_episodes=4", "checkpoint.every_updates=2"]
# The same of a task of one's own.
TINY_OWN = ["ppo.episodes_per_update=12", "ppo.critic.replay_episodes=24", "ppo.policy.minibatch_segments=6",
            "ppo.critic.minibatch_segments=6", "work.unit_episodes=4", "checkpoint.every_updates=2",
            "network.recurrent_sizes=8", "network.hidden_sizes=4"]


def need(*modules):
    """Ends the test as skipped, and says why, where one cannot be imported."""
    for module in modules:
        try:
            __import__(module)
        except ImportError:
            skip(f"NO {module.upper()} for {sys.executable}: `make test-python` installs it")


def skip(why):
    print(f"SKIPPED: {why}", flush=True)
    sys.exit(SKIPPED)


def environment(**more):
    """Of programs and of other Pythons: nothing of the person's own."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("NMN_", "PYTHON"))}
    return {**variables, "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1", **more}


def run(*command, **more):
    """-> stdout of a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(**more))
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def nmn(*arguments):
    """`nmn` of the build under test. Tasks of one's own are those of the bridge's tests."""
    return run(os.path.join(sys.argv[1], "nmn"), *arguments, PYTHONPATH=TASKS)


def sets(assignments):
    return [word for assignment in assignments for word in ("--set", assignment)]


def train(directory, *more, tiny=None):
    nmn("train", f"--run_dir={directory}", "--no_figure", "--metrics=off", *sets(TINY if tiny is None else tiny), *more)
    return directory


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name

    def place(self, name):
        return os.path.join(self.folder, name)

    def refusal(self, kind, act):
        """-> the message of the error that `act` raises, which is one line."""
        with self.assertRaises(kind) as caught:
            act()
        self.assertNotIn("\n", str(caught.exception))
        return str(caught.exception)


def main():
    unittest.main(module="__main__", argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
