#!/usr/bin/env python3
"""Runs what a reader pastes: the blocks of README.md, docs/cli.md and docs/tasks.md, and the commands in README's table, as they stand, with small budgets.

A block is ```sh .. ```. The line above it may say
  <!-- not run: REASON -->
  <!-- beside the block above -->   it is tried until it succeeds while that block runs, which is then stopped

In the table DIR, DIR1 and DIR2 stand for run directories. A row is run unless NOT_RUN says why not.

A budget that is given with --updates is made small too.

usage: pages_test.py BINARIES
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
BLOCK = re.compile(r"(?:<!-- ([^\n]+) -->\n)?```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| [^|]+ \| .*?`((?:build/release/bin/nmn|docker) [^`]+)`.*\|$", re.MULTILINE)
PR_SET_CHILD_SUBREAPER = 36
LIMIT = 240  # seconds for one block; far above what any takes

# How a command of the table begins, and why it is not run here.
NOT_RUN = {
    "docker": "deploy_compose runs it",
    "build/release/bin/nmn sweep": "60 runs; integration_sweep has small ones",
    "build/release/bin/nmn reproduce figure2": "it takes hours; integration_reproduce has small ones",
    "build/release/bin/nmn replay": "it needs an update that failed; integration_replay makes one",
    "build/release/bin/nmn bench": "it takes minutes; unit_cli_bench runs parts of it",
}


class Failure(Exception):
    pass


def python_with_numpy():
    for python in ("/usr/bin/python3", "/usr/local/bin/python3"):
        if os.path.exists(python) and subprocess.run([python, "-c", "import numpy"], capture_output=True, check=False).returncode == 0:
            return python
    raise Failure("no Python with numpy: apt-get install python3-numpy")


class Shell:
    """A scratch checkout with the binaries where the pages expect them. What a block starts is a process group and ends with it."""

    def __init__(self, binaries):
        self.top = tempfile.mkdtemp()
        os.makedirs(os.path.join(self.top, "build"))
        os.symlink(os.path.dirname(binaries), os.path.join(self.top, "build", "release"))
        os.symlink(os.path.join(ROOT, "examples"), os.path.join(self.top, "examples"))
        os.makedirs(os.path.join(self.top, "programs"))
        os.symlink(python_with_numpy(), os.path.join(self.top, "programs", "python3"))
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("NMN_")}
        self.environment["PATH"] = os.pathsep.join([binaries, os.path.join(self.top, "programs"), self.environment["PATH"]])
        self.environment["PYTHONDONTWRITEBYTECODE"] = "1"
        self.log = os.path.join(self.top, "log")

    def start(self, text, updates):
        text = re.sub(r"--updates=\d+", f"--updates={updates}", text)
        with open(self.log, "w", encoding="utf-8") as log:
            return subprocess.Popen(["bash", "-euo", "pipefail", "-c", text], cwd=self.top, stdin=subprocess.DEVNULL, stdout=log,
                                    stderr=subprocess.STDOUT, env={**self.environment, "NMN_UPDATES": str(updates)}, start_new_session=True)

    def end(self, process, number):
        """Sends a signal to the block's group and waits until nothing of it is left."""
        deadline = time.monotonic() + LIMIT
        try:
            os.killpg(process.pid, number)
            while time.monotonic() < deadline:
                if os.waitpid(-process.pid, os.WNOHANG) == (0, 0):
                    time.sleep(0.1)
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, ChildProcessError):
            return  # the last of them is gone
        raise Failure(f"did not end within {LIMIT} s of a signal")

    def run(self, text, updates=1):
        process = self.start(text, updates)
        try:
            code = process.wait(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            code = f"none after {LIMIT} s"
        self.end(process, signal.SIGKILL)
        if code != 0:
            with open(self.log, encoding="utf-8") as log:
                raise Failure(f"exit code {code}\n{text}\n{log.read()[-2000:]}")
        print("ran:", text.strip().replace("\n", "\n     "), flush=True)

    def run_beside(self, text, beside):
        process = self.start(text, updates=100000)
        deadline = time.monotonic() + LIMIT
        try:
            while True:
                tried = subprocess.run(["bash", "-euo", "pipefail", "-c", beside], cwd=self.top, env=self.environment, capture_output=True, text=True, check=False)
                if process.poll() is not None or time.monotonic() > deadline:
                    with open(self.log, encoding="utf-8") as log:
                        raise Failure(f"the block ended or {LIMIT} s passed before this succeeded: {beside}\n{tried.stderr}\n{log.read()[-2000:]}")
                if tried.returncode == 0:
                    break
                time.sleep(0.2)
        finally:
            self.end(process, signal.SIGTERM)
        print("ran:", text.strip().replace("\n", "\n     "), "\n  beside it:", beside.strip(), flush=True)

    def newest_run(self):
        runs = os.path.join(self.top, "runs")
        return os.path.join("runs", max(os.listdir(runs), key=lambda name: os.stat(os.path.join(runs, name)).st_mtime_ns))


def read(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return file.read()


def run_blocks(shell, page):
    blocks = BLOCK.findall(read(page))
    if not blocks:
        raise Failure(f"{page}: no block found")
    for i, (mark, text) in enumerate(blocks):
        beside = blocks[i + 1][1] if i + 1 < len(blocks) and blocks[i + 1][0] == "beside the block above" else None
        if mark.startswith("not run: "):
            print(f"{page}: {mark}: {text.splitlines()[0]}", flush=True)
        elif mark == "beside the block above":
            continue
        elif mark:
            raise Failure(f"{page}: nobody knows this mark: {mark}")
        elif beside:
            shell.run_beside(text, beside)
        else:
            shell.run(text)


def run_table(shell):
    commands = ROW.findall(read("README.md"))
    if len(commands) < 10:
        raise Failure(f"README.md: only {len(commands)} commands in its table")
    directories = []
    for command in commands:
        reason = next((why for start, why in NOT_RUN.items() if command.startswith(start)), None)
        if reason:
            print(f"README.md: not run, {reason}: {command}", flush=True)
            continue
        for name, index in (("DIR1", 0), ("DIR2", 1), ("DIR", 0)):
            if re.search(rf"\b{name}\b", command):
                command = re.sub(rf"\b{name}\b", directories[index], command)
        # What is resumed had one update.
        shell.run(command, updates=2 if "--resume" in command else 1)
        if command.startswith("build/release/bin/nmn train") and "--resume" not in command:
            directories.append(shell.newest_run())
    return directories


def main():
    # What a block leaves behind becomes a child of this process, which can wait for it.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    shell = Shell(os.path.realpath(sys.argv[1]))
    try:
        directories = run_table(shell)
        run_blocks(shell, "README.md")
        # The runs that docs/cli.md names.
        os.symlink(os.path.basename(directories[0]), os.path.join(shell.top, "runs", "b1-nmn-fast-s1-20260101T120000Z"))
        shell.run("nmn train --benchmark=b1 --preset=reference --seed=1")
        run_blocks(shell, "docs/cli.md")
        run_blocks(shell, "docs/tasks.md")
    except Failure as failure:
        print(f"failed: {failure}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(shell.top)
    return 0


if __name__ == "__main__":
    sys.exit(main())
