#!/usr/bin/env python3
"""Starts a learner, two actors and Prometheus on loopback, with the committed rules and a file_sd list, and runs expressions.py
against it; with --pictures it trains on and draws the dashboards.

  live.py BIN                                    BIN holds nmn, nmn-learner and nmn-actor
  live.py BIN --pictures=FOLDER --seconds=300    also three runs for the dashboard Compare; writes one SVG a dashboard
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import yaml

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, "..", ".."))
LIMIT_SECONDS = 120  # for a process to serve
DATA_SECONDS = 240  # for everything to have data; a loaded machine takes a minute for the first updates
POLL_SECONDS = 0.05
UPDATES = 2000  # of a run: more than it gets to
PROMETHEUS_TRIES = 5


class Fleet:
    """Processes with a log each, all of which end with it."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = {}

    def start(self, name, *command):
        with open(self.log(name), "wb") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder)

    def log(self, name):
        return os.path.join(self.folder, f"{name}.log")

    def wait_for(self, name, pattern):
        """The first group of a pattern in a process's log."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < deadline:
            alive = self.processes[name].poll() is None
            with open(self.log(name), encoding="utf-8", errors="replace") as log:
                content = log.read()
            match = re.search(pattern, content)
            if match:
                return match[1]
            if not alive:
                raise RuntimeError(f"{name} ended before '{pattern}' was in its log:\n{content[-2000:]}")
            time.sleep(POLL_SECONDS)
        raise RuntimeError(f"{name} has not written '{pattern}' in {LIMIT_SECONDS} s:\n{content[-2000:]}")

    def stop(self):
        for process in self.processes.values():
            process.send_signal(signal.SIGKILL)
        for process in self.processes.values():
            process.wait()


def metrics_of(fleet, name):
    return fleet.wait_for(name, r"metrics on http://([0-9.:]+)/metrics")


def write_config(binaries, path, arch, seed, updates):
    """A run of benchmark 1, whose optimum is known, as its preset `fast` learns it."""
    text = subprocess.run(
        [os.path.join(binaries, "nmn"), "train", "--benchmark=b1", f"--arch={arch}", "--preset=fast", f"--seed={seed}", f"--updates={updates}",
         "--print_config"],
        check=True, capture_output=True, text=True).stdout
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def start_learner(fleet, binaries, arch, seed, actors, updates):
    """Gives the targets of Prometheus: the learner's and the actors'."""
    name = f"b1-{arch}-fast-s{seed}"
    config = os.path.join(fleet.folder, f"{name}.textproto")
    write_config(binaries, config, arch, seed, updates)
    fleet.start(name, os.path.join(binaries, "nmn-learner"), f"--config={config}", "--listen=127.0.0.1:0", "--metrics=127.0.0.1:0",
                f"--run_dir={os.path.join(fleet.folder, name)}")
    address = fleet.wait_for(name, r"serving on ([0-9.:]+)")
    names = [f"{name}-actor-{i}" for i in range(1, actors + 1)]
    for actor in names:
        fleet.start(actor, os.path.join(binaries, "nmn-actor"), f"--learner={address}", f"--actor_id={actor}", "--metrics=127.0.0.1:0")
    return metrics_of(fleet, name), [metrics_of(fleet, actor) for actor in names]


def write_targets(fleet, learners, actors):
    """The file_sd list, in one step: Prometheus reads it whenever it changes."""
    path = os.path.join(fleet.folder, "prometheus", "targets", "live.json")
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump([{"targets": learners, "labels": {"job": "learner"}}, {"targets": actors, "labels": {"job": "actor"}}], file)
    os.rename(path + ".new", path)


def start_prometheus(fleet):
    """The committed rules and configuration, with file_sd in place of Compose's names and a scrape a second. Gives its URL."""
    with open(os.path.join(ROOT, "deploy", "prometheus", "prometheus.yml"), encoding="utf-8") as file:
        config = yaml.safe_load(file)
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["scrape_configs"] = [job for job in config["scrape_configs"] if "file_sd_configs" in job]
    folder = os.path.join(fleet.folder, "prometheus")
    os.makedirs(os.path.join(folder, "targets"))
    shutil.copy(os.path.join(ROOT, "deploy", "prometheus", "rules.yaml"), folder)
    with open(os.path.join(folder, "prometheus.yml"), "w", encoding="utf-8") as file:
        yaml.safe_dump(config, file)

    for _ in range(PROMETHEUS_TRIES):
        with socket.socket() as probe:  # Prometheus cannot say which port it took
            probe.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{probe.getsockname()[1]}"
        fleet.start("prometheus", "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                    f"--web.listen-address={address}")
        deadline = time.monotonic() + LIMIT_SECONDS
        while fleet.processes["prometheus"].poll() is None and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://{address}/-/ready", timeout=5):
                    return f"http://{address}"
            except (urllib.error.URLError, ConnectionError):
                time.sleep(POLL_SECONDS)
    with open(fleet.log("prometheus"), encoding="utf-8") as log:
        raise RuntimeError(f"Prometheus does not start:\n{log.read()[-2000:]}")


def run_script(name, *arguments, **options):
    return subprocess.run([sys.executable, "-B", os.path.join(HERE, name), *arguments], **options).returncode


def planted_errors_are_noticed(folder, url):
    """A metric that does not exist, one whose selector matches nothing, and one that cannot be parsed."""
    edits = [("nmn_entropy_mean", "nmn_entropy"), ('step=\\"5\\"', 'step=\\"6\\"'), ("/ nmn_run_budget_updates", "// nmn_run_budget_updates")]
    for index, (old, new) in enumerate(edits):
        copy = os.path.join(folder, f"planted{index}")
        os.makedirs(copy)
        with open(os.path.join(ROOT, "deploy", "grafana", "dashboards", "training.json"), encoding="utf-8") as file:
            content = file.read()
        if old not in content:
            print(f"nothing to edit for the planted error {new}", file=sys.stderr)
            return False
        with open(os.path.join(copy, "training.json"), "w", encoding="utf-8") as file:
            file.write(content.replace(old, new))
        if run_script("expressions.py", url, f"--dashboards={copy}", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) != 1:
            print(f"a planted error was not noticed: {new}", file=sys.stderr)
            return False
    print(f"planted errors noticed: {len(edits)}")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin")
    parser.add_argument("--pictures", help="folder to write to")
    parser.add_argument("--seconds", type=float, default=300, help="that the runs have been going before they are drawn")
    arguments = parser.parse_args()
    binaries = os.path.realpath(arguments.bin)

    # The runs of the pictures beside the first have one actor each.
    runs = [("nmn", 1, 2)] + ([("nmn", 2, 1), ("rnn", 1, 1), ("rnn", 2, 1)] if arguments.pictures else [])
    with tempfile.TemporaryDirectory() as folder:
        fleet = Fleet(folder)
        try:
            url = start_prometheus(fleet)
            began = time.time()
            learners, actors = [], []
            for arch, seed, count in runs:
                learner, of_it = start_learner(fleet, binaries, arch, seed, count, UPDATES)
                learners.append(learner)
                actors += of_it
                write_targets(fleet, learners, actors)
            code = run_script("expressions.py", url, f"--wait={DATA_SECONDS}")
            if code == 0 and not planted_errors_are_noticed(folder, url):
                return 1
            if code == 0 and arguments.pictures:
                time.sleep(max(0, began + arguments.seconds - time.time()))  # the pictures' length, not a wait for an event
                span = min(arguments.seconds, time.time() - began)
                code = run_script("render_dashboards.py", url, arguments.pictures, f"--span={span:.0f}", f"--instance={learners[0]}")
            return code
        finally:
            fleet.stop()


if __name__ == "__main__":
    sys.exit(main())
