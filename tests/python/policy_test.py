#!/usr/bin/env python3
"""policy_test.py BIN: policies of python/ act as those of the program in BIN. What `nmn trace` has of a step is what
Policy.act computes, for every architecture and head; what Python saves is what the program reads."""

import os
import shutil
import sys
import warnings

import numpy as np
from support import ROOT, TASKS, TINY_OWN, Case, main, need, nmn, run, train

need("numpy")
# pylint: disable=wrong-import-position
from networks import NETWORKS, OWN, Largest, Trace, draw, ends, numbers, trace_flags

import nmn as package

sys.path.insert(0, TASKS)
import tasks


class OfTheProgram(Case):
    """Fed with what a trace has of the steps before, in float64 beside the program's float32."""

    def expect_the_trace(self, policy, trace, least=4):
        largest, steps = Largest(), 0
        for row in trace:
            if row["t"] == "0":
                policy.reset()
            policy.act(numbers(row, "x"), float(row["previous_reward"]), *ends(row),
                       previous_action=numbers(row, "previous_action"))
            for name, values in policy.outputs.items():
                largest.add(name, values, numbers(row, name))
            largest.add("z", policy.signal, numbers(row, "z"))
            largest.add("h", policy.hidden, numbers(row, "h"))
            largest.add("value", policy.value, float(row["value"]))
            turn = 2 * np.pi if policy.config.get("task.action.box.bound") == "WRAP" else np.inf
            apart = np.abs(policy._space.action(numbers(row, "u")) - numbers(row, "action"))
            largest.add("action", np.minimum(apart, turn - apart), np.zeros_like(apart))
            steps += 1
        self.assertGreaterEqual(len(largest.of), least)
        self.assertLess(max(largest.of.values()), 1e-6, largest.of)
        self.assertGreater(max(largest.of.values()), 0)  # equal numbers would be the same code
        return steps

    def test_every_network_computes_what_is_traced(self):
        for name in NETWORKS:
            with self.subTest(name):
                path = self.place("policy.safetensors")
                draw(name, path)
                trace = Trace(path, *trace_flags(name))
                self.assertGreater(self.expect_the_trace(package.load_policy(path, critic=True), trace), 10)

    def test_the_page_of_exports_computes_a_bounded_deviation_too(self):
        path = self.place("policy.safetensors")
        draw("RNN, a bounded deviation", path)
        trace = Trace(path, *trace_flags("RNN, a bounded deviation"))
        self.assertIn(np.float32(-1.1), {np.float32(row["logvar"]) for row in trace})
        with open(os.path.join(ROOT, "docs", "export.md"), encoding="utf-8") as page:
            code = page.read().split("```python\n")[1].split("```")[0]
        said = run(sys.executable, "-c", code, path, trace.path).split()
        self.assertEqual(said[:2], ["largest", "difference"])
        self.assertLess(float(said[2]), 1e-4)

    def test_a_trained_run_its_checkpoints_and_its_export_are_one_policy(self):
        directory = train(self.place("run"), "--task_python=tasks:Thrice", "--python=/usr/bin/python3", "--updates=4",
                          tiny=[*TINY_OWN, "ppo.anneal_updates=6", "network.min_log_variance=-2", "network.max_log_variance=0",
                                "ppo.policy.final_min_log_variance=-6"])
        self.expect_the_trace(package.load_policy(directory, critic=True), Trace(directory, *OWN["Thrice"]))
        checkpoint = os.path.join(directory, "checkpoints", "ckpt-00000002")
        exported = self.place("exported.safetensors")
        nmn("export", directory, "--update=2", f"--out={exported}")
        short = os.path.join(directory, "checkpoints", "ckpt-2")
        for policy in (package.load_policy(directory, 2), package.load_policy(checkpoint), package.load_policy(short), package.load_policy(exported)):
            self.assertEqual(policy.update, 2)
            floor = policy.config.number("network.min_log_variance")
            self.assertAlmostEqual(floor, -2 - 4 * 2 / 6, places=12)
            self.assertEqual(policy.config.get("ppo.policy.final_min_log_variance"), None)
            for name, tensor in package.load_policy_file(exported).tensors.items():
                np.testing.assert_array_equal(policy.file.tensors[name], tensor)
        self.assertEqual(package.load_policy(directory).update, 4)

    def test_what_python_saves_is_what_the_program_reads(self):
        path, again = self.place("first.safetensors"), self.place("again.safetensors")
        file = draw("NMN, one number, clipped", path)
        nmn("export", path, f"--out={again}")
        read = package.load_policy_file(again)
        self.assertEqual(list(read.tensors), list(file.tensors))
        for name, tensor in file.tensors.items():
            np.testing.assert_array_equal(read.tensors[name], tensor)
        self.assertEqual(read.update, 7)
        # What the program says of the weights is what Python said of them.
        self.assertEqual(read.metadata["weights_sha256"], package.load_policy_file(path).metadata["weights_sha256"])


class Acting(Case):
    """Without the program, but for the policies' configs."""

    def policy(self, name, **options):
        path = self.place("policy.safetensors")
        draw(name, path)
        return package.load_policy(path, **options)

    def episode(self, policy, steps=5, lanes=()):
        random, actions = np.random.default_rng(8), []
        reward = None
        for _ in range(steps):
            actions.append(policy.act(random.normal(size=lanes + (policy.observation_size,)), reward))
            reward = random.normal(size=lanes)
        return np.array(actions)

    def test_a_reset_forgets_and_a_seed_repeats(self):
        policy = self.policy("NMN, two numbers, trials", seed=5)
        first = self.episode(policy)
        policy.reset()
        self.assertFalse(np.array_equal(self.episode(policy), first))  # other chance
        policy.reset(seed=5)
        np.testing.assert_array_equal(self.episode(policy), first)

    def test_lanes_are_episodes_side_by_side(self):
        policy = self.policy("NMN, two numbers, normalised", temperature=0)
        policy.reset(3)
        side_by_side = self.episode(policy, lanes=(3,))
        self.assertEqual(side_by_side.shape, (5, 3, 2))
        alone = package.Policy(policy.file, temperature=0)
        random, reward = np.random.default_rng(8), None
        for actions in side_by_side:
            action = alone.act(random.normal(size=(3, 2))[1], reward)
            np.testing.assert_allclose(action, actions[1], rtol=1e-6)
            reward = random.normal(size=3)[1]

    def test_the_end_of_a_trial_and_the_action_that_was_taken_are_heard(self):
        policy, heard = self.policy("NMN, two numbers, trials", temperature=0), {}
        for name, more in (("goes on", {}), ("terminated", {"terminated": True}), ("done", {"done": True}),
                           ("truncated", {"truncated": True}), ("another action", {"previous_action": [0.25, -0.25]})):
            policy.reset()
            policy.act([0, 0])
            policy.act([0.1, 0], 1, **more)
            heard[name] = policy.outputs["mean"].tolist()
        self.assertEqual(heard.pop("done"), heard["terminated"])
        self.assertEqual(len(set(map(tuple, heard.values()))), 4)
        self.assertRegex(repr(policy), "^<policy of hidden-goal after update 7, from ")

    def test_temperature_is_the_spread_of_numbers(self):
        spread = {}
        for temperature in (1, 0.5, 0):
            policy = self.policy("NMN, two numbers, trials", temperature=temperature, seed=1)
            policy.reset(40000)
            policy.act(np.zeros((40000, 2)))
            spread[temperature] = policy.raw_action.std(axis=0)
            deviation = np.exp(policy.outputs["logvar"][0] / 2)
            np.testing.assert_allclose(policy.raw_action.mean(axis=0), policy.outputs["mean"][0], atol=0.02)
            np.testing.assert_allclose(spread[temperature], temperature * deviation, rtol=0.02, atol=1e-12)

    def test_choices_have_the_probabilities_of_their_logits(self):
        count = 40000
        for temperature in (1, 0.5):
            policy = self.policy("NMN, several choices, normalised", temperature=temperature, seed=1)
            policy.reset(count)
            actions = policy.act(np.full((count, 2), 0.5))
            at = 0
            for i, n in enumerate(policy.choices):
                weights = np.exp(policy.outputs["logit"][0, at:at + n] / temperature)
                shares = np.bincount(actions[:, i], minlength=n) / count
                np.testing.assert_allclose(shares, weights / weights.sum(), atol=0.012)
                at += n
        policy = package.Policy(policy.file, temperature=0)
        action, logits = policy.act([0.5, 0.5]), policy.outputs["logit"]
        self.assertEqual(action.tolist(), [logits[:3].argmax(), logits[3:].argmax()])

    def test_spaces_are_those_of_the_environment(self):
        policy = self.policy("RNN, a choice that counts from -1", env=tasks.Parts(), temperature=0)
        action = policy.act({"choice": 4, "back": np.array([1], np.float32)})
        self.assertEqual(action, policy.raw_action[0] - 1)
        with_numbers = package.Policy(policy.file, temperature=0)
        # A Dict is read in the order of its names.
        with_numbers.act([1, 0, 1, 0])
        np.testing.assert_array_equal(with_numbers.outputs["logit"], policy.outputs["logit"])
        error = self.refusal(ValueError, lambda: package.Policy(policy.file, env=tasks.Several()))
        self.assertIn("an observation of this environment is 2 numbers, and the policy of", error)

    def test_play_plays_whole_episodes_of_trials(self):
        policy = self.policy("NMN, several choices, normalised", env=tasks.Several())
        played = package.play(policy, tasks.Several(), episodes=3, seed=1)
        self.assertEqual([len(played[name]) for name in ("episode", "return", "trials")], [3, 3, 3])
        path = self.place("drift.safetensors")
        draw("NMN, two numbers, normalised", path)
        drift = package.load_policy(path, env=tasks.Drift())
        self.assertEqual(drift.horizon, 12)
        first, again, other = (package.play(drift, tasks.Drift(), episodes=4, seed=seed) for seed in (1, 1, 2))
        self.assertEqual(list(first["return"]), list(again["return"]))
        self.assertNotEqual(list(first["return"]), list(other["return"]))
        self.assertTrue(all(trials >= 2 for trials in first["trials"]))  # each ends after five steps at the latest

    def test_what_is_wrong_is_said(self):
        policy = self.policy("NMN, one number, clipped")
        error = lambda *arguments: self.refusal(ValueError, lambda: policy.act(*arguments))
        self.assertEqual(error([1, 2]), "the observation has shape (2,); the policy reads (1,)")
        self.assertIn("not finite", error([np.nan]))
        policy.act([1])
        self.assertIn("needs the reward of the step before", error([1]))
        self.assertIn("the reward is not finite", error([1], np.inf))
        self.assertIn("call reset()", error([1], 0, True))
        self.assertIn("temperature is -1", self.refusal(ValueError, lambda: package.Policy(policy.file, temperature=-1)))


class WhatCannotBeRead(Case):
    def load(self, name, update=None):
        return self.refusal(package.NmnError, lambda: package.load_policy(self.place(name), update))

    def test_no_policy_here(self):
        self.assertIn("there is no run directory, checkpoint or file", self.load("nothing"))
        os.mkdir(self.place("empty"))
        self.assertIn("is it a run directory?", self.load("empty"))
        with open(self.place("text"), "w", encoding="utf-8") as file:
            file.write("no tensors here, but more than eight bytes")
        self.assertIn("is no safetensors file, or was cut", self.load("text"))

    def test_a_file_that_does_not_fit_is_named(self):
        path = self.place("policy.safetensors")
        file = draw("RNN, one angle", path)
        whole = dict(file.tensors)
        make = lambda **more: package.PolicyFile(file.config, {**whole, **more}, 7, "mine")
        refused = lambda **more: self.refusal(package.Damaged, lambda: make(**more))
        self.assertIn("mine: tensor actor.head.bias has shape [3]; its config's network has [2]",
                      refused(**{"actor.head.bias": np.zeros(3, np.float32)}))
        self.assertIn("tensor actor.more belongs to no network", refused(**{"actor.more": np.zeros(1, np.float32)}))
        self.assertIn("not finite", refused(**{"actor.head.bias": np.full(2, np.nan, np.float32)}))
        del whole["critic.head.bias"]
        self.assertIn("tensor critic.head.bias [1] of its config's network is missing", refused())
        with open(path, "r+b") as cut:
            cut.truncate(os.path.getsize(path) - 4)
        self.assertIn("does not lie within the file; it was cut", self.load("policy.safetensors"))

    def test_a_damaged_checkpoint_is_named_and_the_one_before_it_is_taken(self):
        directory = train(self.place("run"), "--benchmark=b1", "--preset=reference", "--updates=4")
        self.assertIn("it has those of 0, 2, 4", self.load("run", 3))
        folder = os.path.join(directory, "checkpoints")
        self.assertTrue(self.load("run/checkpoints/ckpt-3").endswith(
            f"checkpoint or file {folder}/ckpt-3; {folder} has ckpt-00000004, ckpt-00000002, ckpt-00000000"))
        self.assertIn("update=2 chooses among the checkpoints", self.load("run/checkpoints/ckpt-00000002", 2))
        os.remove(os.path.join(directory, "policy.safetensors"))
        weights = os.path.join(directory, "checkpoints", "ckpt-00000004", "weights.safetensors")
        with open(weights, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)[0]
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last ^ 1]))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.assertEqual(package.load_policy(directory).update, 2)
        self.assertIn("so this is the policy of update 2", str(caught[0].message))
        self.assertIn("it was altered or cut", self.load("run/checkpoints/ckpt-00000004"))
        shutil.copytree(os.path.join(directory, "checkpoints", "ckpt-00000002"), self.place("alone"))
        self.assertIn("nmn export", self.load("alone"))


if __name__ == "__main__":
    main()
