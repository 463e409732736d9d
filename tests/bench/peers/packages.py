"""The peers' packages, in a virtual environment below build/. requirements.txt has the versions."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
VENV = ROOT / "build" / "peers-venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = HERE / "requirements.txt"
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
TORCH_ROOM = 14e9  # bytes: PyPI's wheel has CUDA; with what it needs 5.4e9, and its archives meanwhile
PACKAGES = {
    "torch": ["torch", "numpy"],
    "jax": ["jax", "jaxlib", "numpy"],
    "sb3": ["sb3-contrib", "stable-baselines3", "gymnasium", "torch", "numpy"],
}
# What pip says where it reaches no index. One that answers names its versions.
UNREACHABLE = ("from versions: none", "Connection", "Read timed out", "ConnectTimeout", "Name or service not known")


class NotThere(Exception):
    """A peer cannot be had here; says why."""


class Unreachable(NotThere):
    """No index of packages answers."""


def pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--constraint", REQUIREMENTS, *arguments],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)


def has(package: str) -> bool:
    return subprocess.run([PYTHON, "-c", f"import importlib.metadata as m; m.version({package!r})"], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def install_torch() -> None:
    """The wheel for CPUs (0.2 GB), which only PyTorch's own index has. PyPI's is tried next."""
    if has("torch") or pip("--index-url", TORCH_INDEX, "--retries", "1", "--timeout", "15", "torch").returncode == 0:
        return
    if shutil.disk_usage(ROOT).free < TORCH_ROOM:
        raise NotThere(f"no torch from {TORCH_INDEX}, and PyPI's torch needs {TORCH_ROOM / 1e9:.0f} GB of disk")
    print(f"no torch from {TORCH_INDEX}; PyPI's, which has CUDA, takes its place (5.4 GB)", flush=True)


def install(peer: str) -> None:
    """Returns when the peer's packages are there; raises NotThere with the reason if they cannot be had."""
    stamp, wanted = VENV / f"whole-{peer}", REQUIREMENTS.read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    if not PYTHON.exists():
        made = subprocess.run([sys.executable, "-m", "venv", VENV], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if made.returncode != 0:
            shutil.rmtree(VENV, ignore_errors=True)
            raise NotThere(f"python3 -m venv failed: {made.stdout.strip()} (Debian: python3-venv)")
    print(f"installing {', '.join(PACKAGES[peer])} into {VENV}", flush=True)
    if "torch" in PACKAGES[peer]:
        install_torch()
    done = pip(*PACKAGES[peer])
    if done.returncode != 0:
        said = done.stderr.strip()
        if any(words in said for words in UNREACHABLE):
            raise Unreachable("PyPI cannot be reached")
        raise NotThere(f"pip failed: {said.splitlines()[-1] if said else 'it says nothing'}")
    stamp.write_text(wanted, encoding="utf-8")


def versions() -> dict[str, str]:
    """Of what requirements.txt names, as installed, and of Python."""
    names = [line.split("==")[0] for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines() if "==" in line]
    script = ("import importlib.metadata as m, json, platform, sys\n"
              "found = {'python': platform.python_version()}\n"
              "for name in sys.argv[1:]:\n"
              "    try: found[name] = m.version(name)\n"
              "    except m.PackageNotFoundError: pass\n"
              "print(json.dumps(found))")
    return json.loads(subprocess.run([PYTHON, "-c", script, *names], stdout=subprocess.PIPE, check=True).stdout)
