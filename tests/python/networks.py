"""Policies of every architecture and head with weights drawn at random, and what the program computes with them."""

import csv
import functools
import re

import numpy as np
from support import nmn, sets

from nmn import policy_file
from nmn.config import Config
from nmn.network import NetworkSpec

PYTHON = ["--python=/usr/bin/python3"]
OWN = {task: [f"--task_python=tasks:{task}", *PYTHON] for task in ("Drift", "Several", "Parts", "Thrice")}

# What it is, flags of its task, fields that are changed.
NETWORKS = {
    "NMN, one number, clipped": (["--benchmark=b1", "--preset=reference", "--arch=nmn"], []),
    "NMN, one angle, the paper's formula": (["--benchmark=b2", "--preset=paper", "--arch=nmn"], []),
    "RNN, one angle": (["--benchmark=b3", "--preset=reference", "--arch=rnn"], []),
    "NMN with lag, tanh and sigmoid": (["--benchmark=b3", "--preset=reference", "--arch=nmn"],
                                       ["network.signal_lag=true", "network.signal_activation=TANH",
                                        "network.main_activation=SIGMOID"]),
    "NMN, all of z for each layer": (["--benchmark=b1", "--preset=reference", "--arch=nmn"],
                                     ["network.signal_wiring=SHARED", "network.signal_activation=IDENTITY"]),
    "RNN that sees the step before": (["--benchmark=b2", "--preset=fast", "--arch=rnn"], ["network.previous_observation=true"]),
    "RNN that sees the step before, normalised": ([*OWN["Several"], "--arch=rnn"], ["network.previous_observation=true"]),
    "a hypernetwork": (["--benchmark=b3", "--preset=fast", "--arch=nmn"],
                       ["network.modulation=HYPERNETWORK", "network.hidden_sizes=6", "network.signal_size=8"]),
    "NMN with LSTM": (["--benchmark=b3", "--preset=fast", "--arch=nmn"],
                      ["network.cell=LSTM", "network.recurrent_sizes=9,7"]),
    "RNN, plastic": (["--benchmark=b1", "--preset=fast", "--arch=rnn"],
                     ["network.cell=PLASTIC", "network.recurrent_sizes=9,7"]),
    "NMN, plastic with a rate of its own": (["--task=bandit", "--preset=default", "--arch=nmn"],
                                            ["network.cell=MODULATED_PLASTIC", "network.recurrent_sizes=9"]),
    "NMN, a choice": (["--task=bandit", "--preset=default", "--arch=nmn"], []),
    "RNN, a choice, trials": (["--task=tabular", "--preset=default", "--arch=rnn"], []),
    "NMN, two numbers, trials": (["--task=hidden-goal", "--preset=default", "--arch=nmn"], []),
    "RNN, a bounded deviation": (["--task=pendulum", "--preset=default", "--arch=rnn"],
                                 ["network.min_log_variance=-1.1", "network.max_log_variance=-0.9"]),
    "NMN, two numbers, normalised": ([*OWN["Drift"], "--arch=nmn"], ["network.recurrent_sizes=9,7"]),
    "NMN, several choices, normalised": ([*OWN["Several"], "--arch=nmn"], ["network.hidden_sizes="]),
    "RNN, several choices, normalised": ([*OWN["Several"], "--arch=rnn"], []),
    "RNN, a choice that counts from -1": ([*OWN["Parts"], "--arch=rnn"], ["normalize.reward=false"]),
}


def trace_flags(name):
    """What `nmn trace` needs: where the code of the task is, or how long an episode is to be."""
    own = [flag for flag in NETWORKS[name][0] if flag.startswith(("--task_python", "--python"))]
    return own or ["--set", "env.horizon=40"]


@functools.lru_cache(maxsize=None)
def config_of(name):
    """As the program makes it."""
    flags, assignments = NETWORKS[name]
    return Config.parse(nmn("train", "--print_config", *flags, *sets(assignments)), name)


def draw(name, path):
    """A policy of NETWORKS, saved to `path`. -> its PolicyFile"""
    config, random, tensors = config_of(name), np.random.default_rng(3), {}
    for role in ("actor", "critic"):
        for tensor, shape in NetworkSpec.of(config, role == "critic").shapes().items():
            low, high = (0.5, 2) if tensor.endswith(("deviation", "_scale")) and "normalize" in tensor else (-0.3, 0.3)
            tensors[f"{role}.{tensor}"] = random.uniform(low, high, shape).astype(np.float32)
    file = policy_file.PolicyFile(config, tensors, 7, name)
    file.save(path)
    return file


class Trace:
    """Each step of some episodes, as `nmn trace` writes them."""

    def __init__(self, policy, *flags, episodes=2):
        self.path = policy + ".trace.csv"
        nmn("trace", f"--policy={policy}", f"--episodes={episodes}", "--columns=*", f"--out={self.path}", *flags)
        with open(self.path, encoding="utf-8") as file:
            self.rows = list(csv.DictReader(file))

    def __iter__(self):
        return iter(self.rows)


def numbers(row, name):
    """The columns name or name0, name1, ..; none where there is no such column."""
    return np.array([float(cell) for column, cell in row.items() if re.fullmatch(name + r"\d*", column)])


def ends(row):
    """Of the step before: whether it terminated its trial, whether it truncated it."""
    end = row.get("previous_trial_end", "0")
    return float(end) == 1, float(end) == 2


class Largest:
    """The largest difference between what is computed here and there, each in units of the largest number of its kind in the
    step, or of 1 where that is less."""

    def __init__(self):
        self.of = {}

    def add(self, name, here, there):
        here, there = np.atleast_1d(here), np.atleast_1d(there)
        assert here.shape == there.shape, (name, here.shape, there.shape)
        if there.size:
            difference = np.abs(here - there).max() / max(1, np.abs(there).max())
            self.of[name] = max(self.of.get(name, 0), difference)
