#!/usr/bin/env python3
"""arguments_test.py BIN: whatever somebody gives a public function of python/ that it cannot take is refused at once, in one
sentence that says which argument, what it is and what it must be."""

import os
import pickle
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from support import TASKS, TINY_OWN, Case, main, need, train

need("numpy")
sys.modules["torch"] = None  # an import of it fails, as where it is not installed
sys.modules["pandas"] = None
# pylint: disable=wrong-import-position
import numpy as np
from networks import draw

import nmn as package
from nmn.config import Config

sys.path.insert(0, TASKS)
import tasks


FOLDER = tempfile.TemporaryDirectory()
# A run of trials whose actions are numbers.
NUMBERS = os.path.join(FOLDER.name, "numbers")
# A policy whose actions are a choice, counted from -1, and whose observations are a Dict.
CHOICES = os.path.join(FOLDER.name, "choices.safetensors")


def setUpModule():  # pylint: disable=invalid-name
    unittest.addModuleCleanup(FOLDER.cleanup)
    train(NUMBERS, "--task_python=tasks:Drift", "--python=/usr/bin/python3", "--updates=2", tiny=TINY_OWN)
    draw("RNN, a choice that counts from -1", CHOICES)


class Given(Case):
    def expect(self, kind, act, *words):
        """One sentence with these words."""
        said = self.refusal(kind, act)
        for word in words:
            self.assertIn(word, said)
        return said


class Acting(Given):
    def acting(self, path, steps=0, lanes=None, **options):
        policy = package.load_policy(path, **options)
        if lanes:
            policy.reset(lanes)
        for step in range(steps):
            policy.act(np.zeros(((lanes,) if lanes else ()) + (policy.observation_size,)), 0.0 if step else None)
        return policy

    def test_an_observation_that_is_no_such_numbers(self):
        policy = self.acting(NUMBERS)
        kinds = {"None": None, "'left'": "left", "a dict": {"x": 1}, "an array of complex128": np.zeros(2, complex),
                 "an object": object(), "a list, and no array of numbers": [[1], [1, 2]], "a list, and": ["1", "2"]}
        for what, observation in kinds.items():
            self.expect(TypeError, lambda: policy.act(observation), f"the observation is {what}", "it must be 2 numbers")
        self.expect(TypeError, lambda: policy.act((np.zeros(2), {})), "reset() of an environment returns (observation, info)")
        error = lambda observation: self.refusal(ValueError, lambda: policy.act(observation))
        self.assertEqual(error(1.0), "the observation has shape (); the policy reads (2,)")
        self.assertEqual(error([0, np.nan]), "the observation is not finite in float32: the number at 1 is nan")
        self.assertEqual(error([1e300, 0]), "the observation is not finite in float32: the number at 0 is 1e+300")
        self.assertIn("a number that is too large", error([10**400, 0]))
        # What was refused was no step.
        policy.act([0, 0])
        many = self.acting(NUMBERS, lanes=3)
        self.assertEqual(self.refusal(ValueError, lambda: many.act([0, 0])),
                         "the observation has shape (2,); the policy reads (3, 2) (3 episodes are played side by side)")
        self.expect(ValueError, lambda: many.act([[0, 0], [0, 0], [0, np.inf]]), "the number at [2, 1] is inf")

    def test_an_observation_that_is_not_of_its_space(self):
        policy = self.acting(CHOICES, env=tasks.Parts())
        self.expect(ValueError, lambda: policy.act(np.zeros(4)), "the observation is a ndarray, and its space says a Dict of 2")
        self.expect(ValueError, lambda: policy.act({"choice": 9, "back": np.zeros(1, np.float32)}), "['choice'] is 9", "3 to 5")
        self.expect(ValueError, lambda: policy.act(({"choice": 3}, {})), "give the first of them")
        self.expect(ValueError, lambda: policy.act({"choice": 3, "back": np.full(1, np.nan, np.float32)}), "the number at 0 is nan")

    def test_rewards_and_ends(self):
        policy = self.acting(NUMBERS, 1)
        look = [0, 0]
        for reward in ("good", {}, 1j):
            self.expect(TypeError, lambda: policy.act(look, reward), "the reward is ", "it must be one number")
        self.expect(ValueError, lambda: policy.act(look, [1, 2]), "the reward has shape (2,); it must be one number")
        self.expect(ValueError, lambda: policy.act(look, np.nan), "the reward is not finite in float32: it is nan")
        self.expect(TypeError, lambda: policy.act(look, 0, "no"), "terminated is 'no'; it must be True or False")
        self.expect(ValueError, lambda: policy.act(look, 0, 7), "terminated is 7; it must be True or False")
        self.expect(ValueError, lambda: policy.act(look, 0, False, [True, False]), "truncated has shape (2,)")
        self.expect(TypeError, lambda: policy.act(look, 0, done={}), "done is a dict")
        self.expect(ValueError, lambda: policy.act(look, 0, True, done=False), "give one of them")
        many = self.acting(NUMBERS, 1, lanes=3)
        self.expect(ValueError, lambda: many.act(np.zeros((3, 2)), [1, 2]), "the reward has shape (2,)", "or 3, one for each episode")
        many.act(np.zeros((3, 2)), [1, 2, 3], np.array([0, 1, 0]), False)

    def test_the_action_that_was_taken(self):
        numbers, choices = self.acting(NUMBERS, 1), self.acting(CHOICES, 1)
        self.expect(ValueError, lambda: numbers.act([0, 0], 0, previous_action=[1, 2, 3]), "previous_action has shape (3,); it must be (2,)")
        self.expect(TypeError, lambda: numbers.act([0, 0], 0, previous_action="up"), "previous_action is 'up'", "2 numbers")
        self.expect(ValueError, lambda: numbers.act([0, 0], 0, previous_action=[0, np.inf]), "previous_action is not finite")
        for wrong in (4, -1, 0.5):
            self.expect(ValueError, lambda: choices.act(np.zeros(4), 0, previous_action=wrong), f"previous_action is {wrong}", "0 to 3")

    def test_the_action_that_was_taken_counts_from_where_the_space_does(self):
        heard = []
        look = {"choice": 3, "back": np.zeros(1, np.float32)}
        for env, seen, action in ((None, [0, 1, 0, 0], 2), (tasks.Parts(), look, 1), (tasks.Parts(), look, 2)):
            policy = package.load_policy(CHOICES, env=env, temperature=0)
            policy.act(seen)
            policy.act(seen, 0, previous_action=action)
            heard.append(policy.outputs["logit"].tolist())
        self.assertEqual(heard[0], heard[1])
        self.assertNotEqual(heard[0], heard[2])
        self.expect(ValueError, lambda: policy.act(look, 0, previous_action=3), "-1 to 2")

    def test_options(self):
        policy = self.acting(NUMBERS)
        for lanes, kind in ((0, ValueError), (2.0, TypeError), ("3", TypeError), (True, TypeError)):
            self.expect(kind, lambda: policy.reset(lanes), f"lanes is {lanes!r}; it must be a whole number, 1 or more")
        self.expect(ValueError, lambda: policy.reset(seed=-1), "seed is -1; it must be a whole number, 0 or more, or None")
        self.expect(TypeError, lambda: self.acting(NUMBERS, seed="x"), "seed is 'x'")
        for temperature in ("hot", None, np.nan, np.inf, [1]):
            self.expect(ValueError, lambda: self.acting(NUMBERS, temperature=temperature), "temperature is ", "a number, 0 or more")
        with self.assertRaisesRegex(ValueError, "temperature is -2"):
            policy.temperature = -2
        self.assertEqual(policy.temperature, 1)
        self.expect(TypeError, lambda: self.acting(NUMBERS, env="Drift"), "env is 'Drift'; it must be an environment")
        for name in ("outputs", "raw_action"):
            self.expect(AttributeError, lambda: getattr(policy, name), f"{name} is that of the last step", "call act() first")
        self.expect(AttributeError, lambda: self.acting(NUMBERS, critic=True).value, "call act() first")
        for file in (NUMBERS, package.Run(NUMBERS)):
            self.expect(TypeError, lambda: package.Policy(file), "file is ", "nmn.load_policy takes a path or an nmn.Run")

    def test_without_torch(self):
        self.expect(ModuleNotFoundError, self.acting(NUMBERS).to_torch, "to_torch needs torch", "pip install torch")


class Playing(Given):
    def play(self, env, *arguments, policy=None, **options):
        return lambda: package.play(policy or package.load_policy(NUMBERS, env=env), env, *arguments, **options)

    def test_what_is_no_policy_and_what_no_environment(self):
        drift = tasks.Drift()
        policy = package.load_policy(NUMBERS, env=drift)
        self.expect(TypeError, lambda: package.play(drift, policy), "policy is a Drift", "give play(policy, env)")
        for wrong in (NUMBERS, package.Run(NUMBERS), None):
            self.expect(TypeError, lambda: package.play(wrong, drift), "policy is ", "nmn.load_policy(path, env=env) makes one")
        self.expect(TypeError, self.play(tasks.Drift, policy=policy), "env is the class Drift", "Drift() makes one")
        self.expect(TypeError, self.play("Drift", policy=policy), "env is 'Drift', which has no reset and no step")
        policy.reset(3)
        self.expect(ValueError, self.play(drift, policy=policy), "plays 3 episodes side by side, and play one at a time")

    def test_another_task(self):
        for made, played, path in ((tasks.Drift(), tasks.Parts(), NUMBERS), (None, tasks.Drift(), CHOICES)):
            policy = package.load_policy(path, env=made)
            self.expect(ValueError, self.play(played, policy=policy), "an observation of this environment is ", "and the policy of")

    def test_how_many_and_from_where(self):
        for episodes, kind in ((0, ValueError), (1.5, TypeError), ("3", TypeError), (None, TypeError)):
            self.expect(kind, self.play(tasks.Drift(), episodes), f"episodes is {episodes!r}; it must be a whole number, 1 or more")
        for seed, kind in ((-1, ValueError), ("3", TypeError), (None, TypeError)):
            self.expect(kind, self.play(tasks.Drift(), seed=seed), f"seed is {seed!r}; it must be a whole number, 0 or more")

    def test_an_environment_that_is_not_like_gymnasiums(self):
        def environment(**methods):
            return type("Mine", (tasks.Drift,), methods)()

        def stepping(change):
            return environment(step=lambda self, action: change(*tasks.Drift.step(self, action)))

        look = np.zeros(2, np.float32)
        for env, kind, said in (
            (environment(reset=lambda self, **_: look), ValueError, "reset of a Mine returned a ndarray and no tuple"),
            (environment(reset=lambda self: (look, {})), TypeError, "reset of a Mine takes no seed= and options="),
            (stepping(lambda x, reward, end, cut, info: (x, reward, end or cut, info)), ValueError, "step of a Mine returned no tuple"),
            (stepping(lambda x, reward, end, cut, info: (x, "good", end, cut, info)), ValueError, "returned the reward 'good'"),
            (stepping(lambda x, reward, end, cut, info: (x, reward, "no", cut, info)), TypeError, "terminated is 'no'"),
            (environment(observe=lambda self: np.zeros(3, np.float32)), ValueError, "has shape (3,), and its space says (2,)")):
            self.expect(kind, self.play(env), said)

        def broken(self, *, seed=None, options=None):
            return 1 + "one"  # its own error, with its own traceback

        with self.assertRaisesRegex(TypeError, "unsupported operand"):
            self.play(environment(reset=broken))()


class Reading(Given):
    WANTED = "it must be the path of a run directory, a checkpoint or an exported policy, or an nmn.Run"

    def test_a_run_and_a_sweep_stand_for_their_paths(self):
        run = package.Run(NUMBERS)
        for policy in (package.load_policy(run), package.load_policy(run, 2), package.load_policy_file(run)):
            self.assertEqual(policy.update, 2)
        self.assertEqual(package.Run(run).path, run.path)
        self.assertEqual(os.fspath(run), NUMBERS)

    def test_a_policy_from_something_else(self):
        error = lambda kind, path, *words: self.expect(kind, lambda: package.load_policy(path), *words)
        for path in (None, 3, [NUMBERS], b"runs", package.load_policy(NUMBERS)):
            error(TypeError, path, "path is ", self.WANTED)
        error(ValueError, "", "path is empty; ")
        error(ValueError, "a\0b", "no path has the character")
        here = Path(NUMBERS)
        for file in ("config.textproto", "metrics.jsonl"):
            error(package.NotARun, here / file, f"{file} holds no policy; it lies in the run directory {here}: give that")
        error(package.NotARun, here / "checkpoints", f"is no run directory; it lies in {here}: give that")
        checkpoint = here / "checkpoints" / "ckpt-00000002"
        error(package.NotARun, checkpoint / "weights.safetensors", f"is part of a checkpoint: give its folder, {checkpoint}")
        error(package.NotARun, FOLDER.name, "a folder of some: give one of its runs, such as ")
        error(package.NotARun, NUMBERS + "s", f"there is no run directory, checkpoint or file {here}s; did you mean {here}?")
        error(package.NotARun, "~/runs", "os.path.expanduser")
        error(package.NotARun, "nothing/like/this", f"; the working directory is {os.getcwd()}")
        for update, kind in (("latest", TypeError), (2.0, TypeError), (True, TypeError), (-1, ValueError)):
            self.expect(kind, lambda: package.load_policy(NUMBERS, update), f"update is {update!r}", "or None for the newest")

    def test_a_checkpoint_that_has_lost_a_file(self):
        run = Path(shutil.copytree(NUMBERS, self.place("lost")))
        self.addCleanup(shutil.rmtree, run)
        checkpoint = run / "checkpoints" / "ckpt-00000002"
        os.remove(checkpoint / "weights.safetensors")
        self.expect(package.Damaged, lambda: package.load_policy(checkpoint), "the checkpoint has lost ", "weights.safetensors")

    def test_folders_that_are_something_else(self):
        run, file = Path(NUMBERS), Path(NUMBERS, "metrics.jsonl")
        for kind in (package.Run, package.Sweep, package.find_runs, package.metrics, package.episodes, package.summaries):
            self.expect(TypeError, lambda: kind(None), " is None; it must be ")
            self.expect(TypeError, lambda: kind(b"runs"), " is b'runs'; it must be ")
            self.expect(ValueError, lambda: kind(""), " is empty; ")
            self.expect(package.NotARun, lambda: kind(file), f"{file} is a file, and no ", f"in the run directory {run}")
            self.expect(package.NotARun, lambda: kind(f"{run}s"), f"did you mean {run}?")
        self.expect(package.NotARun, lambda: package.Run(run / "checkpoints"), f"it lies in the run directory {run}")
        self.expect(package.NotARun, lambda: package.find_runs(run), "is a run directory itself: nmn.Run(")
        self.expect(package.NotARun, lambda: package.Sweep(FOLDER.name), "it has no sweep.json. It holds the run numbers")
        self.expect(TypeError, lambda: package.metrics([run, 3]), "runs[1] is 3; it must be the path of a run directory or an nmn.Run")

    def test_a_sweep_in_place_of_a_run(self):
        sweep = Path(self.place("sweep"))
        self.addCleanup(shutil.rmtree, sweep)
        shutil.copytree(NUMBERS, sweep / "one")
        (sweep / "sweep.json").write_text('{"format": 5, "runs": [3]}')
        (sweep / "runs.txt").write_text("one\n")
        for given in (sweep, package.Sweep(sweep)):
            self.expect(package.NotARun, lambda: package.load_policy(given), f"is a sweep: give one of its runs, such as {sweep / 'one'}")
            self.expect(package.NotARun, lambda: package.Run(given), "is a sweep: nmn.Sweep reads it")
            self.assertEqual(list(package.summaries(given)["run"]), ["one"])
        self.expect(package.Damaged, lambda: package.Sweep(sweep).fields, "no list of blocks")

    def test_names_that_are_not_there(self):
        run = package.Run(NUMBERS)
        config, table = run.config, run.metrics()
        for name, meant in (("ppo.discont", "ppo.discount"), ("discount", "ppo.discount"), ("--ppo.discount", "ppo.discount"),
                            ("PPO.Discount", "ppo.discount"), ("network.recurrent_size", "network.recurrent_sizes")):
            for kind in (KeyError, package.NmnError):
                said = self.refusal(kind, lambda: config[name])
                self.assertEqual(said, f"the config has no field {name!r}; did you mean {meant}?")
            self.assertEqual((config.get(name), config.get(name, 5), name in config), (None, 5, False))
        self.expect(package.UnknownField, lambda: config["nothing.at.all"], "no field 'nothing.at.all'", "config.get(name) is None")
        self.expect(TypeError, lambda: config[3], "the name of a field is 3; it must be a text such as 'ppo.discount'")
        self.expect(TypeError, lambda: config.number("ppo"), "the field ppo of the config is a group of fields")
        self.expect(TypeError, lambda: config.number("network.architecture"), "is 'NMN', and no number")
        self.expect(TypeError, lambda: config.number("network.recurrent_sizes"), "numbers")
        self.expect(package.UnknownField, lambda: run.summary["update"], "summary.json has no 'update'; did you mean updates?")
        self.expect(package.UnknownField, lambda: table["kll"], "the table has no 'kll'; did you mean kl?")
        again = pickle.loads(pickle.dumps(run.summary))
        self.assertEqual(again, run.summary)
        self.expect(package.UnknownField, lambda: again["update"], "summary.json has no")
        self.expect(AttributeError, lambda: package.load_polcy, "did you mean load_policy?")

    def test_fields_that_become_columns(self):
        self.assertEqual(set(package.summaries(NUMBERS, "ppo.discount")) - set(package.summaries(NUMBERS)), {"ppo.discount"})
        self.expect(TypeError, lambda: package.metrics(NUMBERS, None), "fields is None; it must be a list of names")
        self.expect(TypeError, lambda: package.metrics(NUMBERS, [3]), "fields has 3; each must be the name of a field")
        with self.assertWarnsRegex(UserWarning, "no run says discount in its config; did you mean ppo.discount[?]"):
            package.metrics(NUMBERS, ["discount"])


class Files(Given):
    def test_where_nothing_can_be_written(self):
        file = package.load_policy_file(NUMBERS)
        self.expect(TypeError, lambda: file.save(None), "path is None; it must be the path of the file that is to be written")
        self.expect(IsADirectoryError, lambda: file.save(self.folder), f"{self.folder} is a folder; give the name of a file")
        self.expect(FileNotFoundError, lambda: file.save(self.place("no/a.safetensors")), "there is no folder ", "to write a.safetensors in")
        file.tensors["actor.head.bias"] = file.tensors["actor.head.bias"].tolist()
        self.expect(TypeError, lambda: file.save(self.place("list.safetensors")), "tensors['actor.head.bias'] is a list", "numpy array")

    def test_what_makes_no_policy_file(self):
        file = package.load_policy_file(NUMBERS)
        make = lambda **more: package.PolicyFile(**{"config": file.config, "tensors": file.tensors, "update": 1, "source": "mine", **more})
        self.expect(TypeError, lambda: make(config=dict(file.config)), "config is a dict; it must be an nmn.config.Config")
        self.expect(TypeError, lambda: make(tensors=None), "tensors is None; it must be a dict of numpy arrays")
        self.expect(TypeError, lambda: make(update="new"), "update is 'new'")
        for there, here in (("architecture: NMN", "architecture: 3"), ("signal_activation: RELU", "signal_activation: SINE")):
            self.assertIn(there, file.config.text)
            config = Config.parse(file.config.text.replace(there, here), "mine")
            self.expect(package.Damaged, lambda: make(config=config), "mine: ")

    def test_a_header_that_describes_nothing(self):
        path = Path(self.place("odd.safetensors"))
        for header in ('{"a": {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]}}',
                       '{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}}',
                       '{"a": {"dtype": "F32", "shape": [1.5], "data_offsets": [0, 4]}}',
                       '{"a": {"dtype": "F32", "shape": "1", "data_offsets": [0, 4]}}', "[" * 100000):
            path.write_bytes(len(header).to_bytes(8, "little") + header.encode() + bytes(4))
            self.expect(package.Damaged, lambda: package.load_policy(path), f"{path} is no safetensors file: its header cannot be read")
        for text in ("a: " + "1" * 5000, "a {" * 5000):
            self.expect(package.Damaged, lambda: Config.parse(text, "mine"), "mine:")


if __name__ == "__main__":
    main()
