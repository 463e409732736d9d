"""What nmn trains and writes, in Python: runs and sweeps as tables, policies in numpy and as a torch.nn.Module.

Nothing is imported before it is used: the programs of nmn carry this file too, beside those that play a task in Python,
and have none of the others.
"""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nmn.exceptions import Damaged as Damaged, NmnError as NmnError, NotARun as NotARun, UnknownField as UnknownField
    from nmn.playing import play as play
    from nmn.policy import Policy as Policy, load_policy as load_policy
    from nmn.policy_file import PolicyFile as PolicyFile, load_policy_file as load_policy_file
    from nmn.runs import Run as Run, find_runs as find_runs
    from nmn.runs import episodes as episodes, metrics as metrics, summaries as summaries
    from nmn.sweeps import Sweep as Sweep

_HOME = {
    "Damaged": "exceptions",
    "NmnError": "exceptions",
    "NotARun": "exceptions",
    "Policy": "policy",
    "PolicyFile": "policy_file",
    "Run": "runs",
    "Sweep": "sweeps",
    "UnknownField": "exceptions",
    "episodes": "runs",
    "find_runs": "runs",
    "load_policy": "policy",
    "load_policy_file": "policy_file",
    "metrics": "runs",
    "play": "playing",
    "summaries": "runs",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        near = [] if name.startswith("_") else difflib.get_close_matches(name, _HOME, 1)
        raise AttributeError(f"module nmn has no attribute {name!r}" + (f"; did you mean {near[0]}?" if near else ""))
    value = getattr(importlib.import_module(f"nmn.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_HOME))
