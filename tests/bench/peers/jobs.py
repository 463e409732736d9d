"""Processes that are timed: on given cores, in a clean environment, and none of them outlives the block that it was started in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Sequence

GRACE = 20  # seconds for an orderly end
# What would choose other kernels, other numbers of threads, or other flags of nmn.
CHOOSES = ("OPENBLAS_", "OMP_", "GOMP_", "KMP_", "MKL_", "XLA_", "JAX_", "TORCH_", "NMN_", "PYTHONPATH")


class Failed(Exception):
    """A process ended with an error; says what it said."""


class Job:
    """`with Job(command, cores, folder) as job: job.lines()`. Its output goes to files in `folder`."""

    def __init__(self, command: Sequence[str | Path], cores: Sequence[int], folder: Path) -> None:
        self.command = [str(word) for word in command]
        self.stdout, self.stderr = folder / "stdout", folder / "stderr"
        folder.mkdir(parents=True, exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(CHOOSES)}
        with open(self.stdout, "wb") as out, open(self.stderr, "wb") as errors:
            # In a session of its own: Ctrl-C reaches run.py alone, which ends its jobs one by one.
            self.process = subprocess.Popen(["taskset", "--cpu-list", ",".join(map(str, cores)), *self.command], stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=errors, env=environment, start_new_session=True)

    def __enter__(self) -> Job:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(GRACE)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def wait(self) -> None:
        code = self.process.wait()
        if code != 0:
            said = self.stderr.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-12:]
            raise Failed(f"{' '.join(self.command)} ended with {code}:\n" + "\n".join(said))

    def lines(self) -> list[dict[str, Any]]:
        """Waits, and reads an object from each line of its output."""
        self.wait()
        return [json.loads(line) for line in self.stdout.read_text(encoding="utf-8").splitlines()]
