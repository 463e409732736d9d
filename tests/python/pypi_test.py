#!/usr/bin/env python3
"""pypi_test.py BIN FOLDER: what needs packages of PyPI. `pip install` of python/ with its extra [gym] into a bare venv, the
event file of a run read by TensorBoard's own reader, and policies in gymnasium's environments. FOLDER keeps the venv, so that
only the first time asks PyPI. Exit code 77: skipped, PyPI cannot be reached."""

import json
import os
import shutil
import subprocess
import sys

from support import PACKAGE, ROOT, Case, environment, main, need, run, sets, skip, train

need("numpy", "ensurepip")
# pylint: disable=wrong-import-position
import numpy as np

import nmn as package

TENSORBOARD = ["tensorboard==2.21.0", "setuptools<81", "wheel"]  # its reader imports pkg_resources, which setuptools 81 lost

READ_EVENTS = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0}).Reload()
print(json.dumps({tag: [[e.step, e.value, e.wall_time] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}))
"""

# Tags of the event file: the field of metrics.jsonl.
TAGS = {"charts/episodic_return": "return_mean", "charts/discounted_return": "discounted_mean", "charts/episodes": "episodes",
        "losses/approx_kl": "kl", "losses/value_loss": "critic_loss", "losses/reverted": "reverted",
        "charts/learning_rate": "policy_learning_rate", "measures/distance": "measures.distance"}

IN_GYMNASIUM = """
import sys, gymnasium, numpy as np, nmn
from hidden_cartpole import HiddenCartPole
vector = gymnasium.vector.SyncVectorEnv([HiddenCartPole] * 3, autoreset_mode=gymnasium.vector.AutoresetMode.DISABLED)
policy = nmn.load_policy(sys.argv[1], env=vector, temperature=0)
alone = nmn.load_policy(sys.argv[1], env=HiddenCartPole(), temperature=0)
options = {"task_seed": np.array([4, 5, 6]), "reset_mask": np.ones(3, bool)}
seen, reward, ended, cut = vector.reset(seed=[1, 2, 3], options=options)[0], np.zeros(3), np.zeros(3, bool), np.zeros(3, bool)
for step in range(4):
    actions = policy.act(seen, reward, ended, cut)
    assert vector.action_space.contains(actions), actions
    action = alone.act(seen[1], reward[1], ended[1], cut[1])
    assert isinstance(action, int) and action == actions[1]
    np.testing.assert_allclose(alone.outputs["logit"], policy.outputs["logit"][1], rtol=1e-9)
    seen, reward, ended, cut, _ = vector.step(actions)
played = nmn.play(alone, HiddenCartPole(), episodes=1)
print("trials", played["trials"][0], "of", alone.horizon)
"""


def venv(folder):
    """-> its Python. Made once, with what PyPI has; python/ is installed anew each time."""
    python, whole = os.path.join(folder, "bin", "python"), os.path.join(folder, "whole")
    source = shutil.copytree(PACKAGE, os.path.join(Pypi.folder, "source"), ignore=shutil.ignore_patterns("__pycache__"))
    pip = [python, "-m", "pip", "install", "--quiet"]
    if os.path.exists(whole):
        run(*pip, "--no-index", "--no-build-isolation", "--no-deps", "--force-reinstall", source)
        return python
    shutil.rmtree(folder, ignore_errors=True)
    asked = subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", Pypi.folder, "wheel"],
                           capture_output=True, text=True, check=False, env=environment(), timeout=120)
    if asked.returncode != 0:
        skip(f"PYPI CANNOT BE REACHED: {asked.stderr.strip().splitlines()[-1:]}")
    run(sys.executable, "-m", "venv", folder)
    run(*pip, source + "[gym]")
    run(*pip, *TENSORBOARD)
    with open(whole, "w", encoding="utf-8"):
        return python


class Pypi(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.python = venv(KEPT)

    def test_tensorboard_reads_the_event_file(self):
        directory = train(self.place("run"), "--benchmark=b1", "--preset=reference", "--updates=3")
        read = json.loads(run(self.python, "-c", READ_EVENTS, directory))
        table = package.Run(directory).metrics()
        steps = list(table["environment_steps"])  # x of every chart
        for tag, field in TAGS.items():
            self.assertEqual([step for step, _, _ in read[tag]], steps, tag)
            np.testing.assert_allclose([value for _, value, _ in read[tag]], np.asarray(table[field], float), rtol=1e-6, err_msg=tag)
        for tag, points in read.items():
            self.assertLessEqual({step for step, _, _ in points}, set(steps), tag)
            self.assertEqual(sorted(points, key=lambda point: point[2]), points, tag)

    def test_policies_act_in_environments_of_gymnasium(self):
        examples = os.path.join(ROOT, "examples")
        tiny = ["ppo.episodes_per_update=2", "ppo.critic.replay_episodes=2", "ppo.policy.minibatch_segments=2",
                "ppo.critic.minibatch_segments=2", "work.unit_episodes=2", "network.recurrent_sizes=8", "task.horizon=60"]
        directory = self.place("cartpole")
        run(os.path.join(BIN, "nmn"), "train", "--task_python=hidden_cartpole:HiddenCartPole", f"--python={self.python}",
            f"--run_dir={directory}", "--updates=1", "--no_figure", "--metrics=off", *sets(tiny), PYTHONPATH=examples)
        said = run(self.python, "-c", IN_GYMNASIUM, directory, PYTHONPATH=examples)
        self.assertRegex(said, r"^trials \d+ of 60$")

    def test_the_page_runs_with_gymnasium(self):
        said = run(self.python, os.path.join(ROOT, "tests", "python", "page_test.py"), BIN)
        self.assertNotIn("NO GYMNASIUM", said)


if __name__ == "__main__":
    BIN, KEPT = map(os.path.realpath, sys.argv[1:3])
    sys.argv[1:3] = [BIN]
    main()
