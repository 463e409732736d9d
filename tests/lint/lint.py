#!/usr/bin/env python3
"""Checks formatting, scripts and C++ without generating code. `make lint` calls it; it needs a configured build/dev.

  format    clang-format over every source
  scripts   shellcheck over every script
  tidy      the checks of .clang-tidy and clang's warnings, its thread-safety analysis among them, over what ships; each is an error
  analysis  clang's warnings alone over tests and the program for benchmarks

What was found in order is not checked again until the file, a header it includes, a .proto, the compiler or a rule changes.

usage: lint.py [--changed=COMMIT] [--jobs=N]
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
BUILD = os.path.join(ROOT, "build", "dev")
CACHE = os.path.join(ROOT, "build", "lint")
INCLUDE = re.compile(r'^\s*#\s*include "([^"]+)"', re.MULTILINE)
PROBE = "tests/lint/probe.cc"
# Code generation and output; what is left decides how a file is read.
DROPPED = {"-c", "-g", "-fPIC", "-fPIE"}


def lines_of(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.split("\n")[:-1]


def run(command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


class Sources:
    """The project's files and what they include of each other."""

    def __init__(self):
        self.all = lines_of("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.cc", "*.h")
        self.all = [name for name in self.all if os.path.exists(os.path.join(ROOT, name))]
        self.known = set(self.all)
        self.read, self.reach = {}, {}

    def content(self, name):
        if name not in self.read:
            with open(os.path.join(ROOT, name), "rb") as file:
                self.read[name] = file.read()
        return self.read[name]

    def closure(self, name):
        """`name` and every file of the project that it includes, directly or not."""
        if name not in self.reach:
            found, open_ends = {name}, [name]
            while open_ends:
                for header in INCLUDE.findall(self.content(open_ends.pop()).decode()):
                    if header in self.known and header not in found:
                        found.add(header)
                        open_ends.append(header)
            self.reach[name] = found
        return self.reach[name]


def changed_since(commit):
    return set(lines_of("git", "diff", "--name-only", commit)) | set(lines_of("git", "ls-files", "--others", "--exclude-standard"))


def translation_units():
    """Path in the repository -> arguments for clang."""
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    units = {}
    for entry in entries:
        name = os.path.relpath(entry["file"], ROOT)
        arguments = shlex.split(entry["command"])
        arguments = arguments[next(i for i, word in enumerate(arguments) if os.path.basename(word).startswith("clang")) + 1:]
        output = arguments.index("-o")
        del arguments[output:output + 2]
        arguments = [word for word in arguments if word not in DROPPED and word != entry["file"]]
        if not name.startswith("build/"):
            units[name] = arguments
    return units


class Results:
    """What was found in order before, by everything that decides it."""

    def __init__(self, sources):
        self.sources = sources
        rules = [".clang-tidy", "tests/lint/lint.py"] + lines_of("git", "ls-files", "*.proto")
        self.basis = run(["clang++", "--version"])[1].encode() + b"".join(sources.content(name) for name in rules)
        os.makedirs(CACHE, exist_ok=True)

    def key(self, name, arguments):
        digest = hashlib.sha256(self.basis + "\0".join([name, *arguments]).encode())
        for file in sorted(self.sources.closure(name)):
            digest.update(file.encode() + b"\0" + self.sources.content(file))
        return os.path.join(CACHE, digest.hexdigest())


def check_all(title, names, keys, command, pool):
    """Runs command(name) for each name whose key is not there; prints what fails. Returns the number of failures."""
    start, todo = time.monotonic(), [name for name in names if keys is None or not os.path.exists(keys[name])]
    failures = 0
    futures = {pool.submit(run, command(name)): name for name in todo}
    for future in concurrent.futures.as_completed(futures):
        code, output = future.result()
        if code == 0:
            if keys is not None:
                open(keys[futures[future]], "w", encoding="utf-8").close()
            continue
        failures += 1
        print(f"---- {title}: {futures[future]}\n{output.rstrip()}", flush=True)
    before = f", {len(names) - len(todo)} unchanged since they passed" if len(todo) < len(names) else ""
    print(f"{title}: {len(names)} files{before}, {failures} with findings, {time.monotonic() - start:.0f} s", flush=True)
    return failures


def misses(arguments):
    """What the checks do not find in a file that has one of each."""
    _, output = run(["clang-tidy", "--quiet", PROBE, "--", *arguments])
    return [finding for finding in ("google-explicit-constructor", "clang-diagnostic-thread-safety-analysis") if finding not in output]


def main():
    parser = argparse.ArgumentParser(description="Checks formatting, scripts and C++.")
    parser.add_argument("--changed", metavar="COMMIT", help="only what differs from this commit, and what includes it")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()

    sources, units = Sources(), translation_units()
    scripts = lines_of("git", "ls-files", "*.sh", "*.sbatch", ".ci/run")
    formatted, compiled = sources.all, sorted(name for name in units if name in sources.known)
    if options.changed:
        changed = changed_since(options.changed)
        formatted = [name for name in formatted if name in changed]
        compiled = [name for name in compiled if changed & sources.closure(name)]
        scripts = [name for name in scripts if name in changed]
    results = Results(sources)
    for finding in misses(units["common/sync/stop.cc"]):
        print(f"lint: {finding} is not found where it is ({PROBE}): nothing else would be either")
        return 1

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        failures = check_all("format", formatted, None, lambda name: ["clang-format", "--dry-run", "--Werror", name], pool)
        failures += check_all("scripts", scripts, None, lambda name: ["shellcheck", "--severity=warning", "--external-sources", name], pool)
        tests = [name for name in compiled if name.startswith("tests/")]
        shipped = [name for name in compiled if not name.startswith("tests/")]
        keys = {name: results.key(name, units[name]) for name in compiled}
        failures += check_all("tidy", shipped, keys, lambda name: ["clang-tidy", "--quiet", name, "--", *units[name]], pool)
        failures += check_all("analysis", tests, keys, lambda name: ["clang++", "-fsyntax-only", "-Werror", *units[name], name], pool)
    print("lint: everything is in order" if failures == 0 else f"lint: {failures} findings to mend; `make format` formats")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
