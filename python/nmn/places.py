"""What a folder is that somebody took for a run or a sweep, and what was meant by a path where nothing is."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

MARK = "config.textproto"  # of a run directory
SWEEP_MARK = "sweep.json"


def is_run(folder: Path) -> bool:
    return (folder / MARK).is_file()


def is_sweep(folder: Path) -> bool:
    return (folder / SWEEP_MARK).is_file()


def runs_in(folder: Path) -> list[Path]:
    """The run directories in a folder, by name."""
    return [entry for entry in sorted(folder.iterdir()) if is_run(entry)]


def run_around(place: Path) -> Path | None:
    """The run directory that a file or folder lies in: RUN/FILE, RUN/checkpoints/ckpt-N/FILE."""
    for folder in place.absolute().parents:
        within = place.absolute().relative_to(folder).parts
        if is_run(folder) and (len(within) == 1 or within[0] == "checkpoints"):
            return folder
    return None


def of_its_runs(folder: Path) -> str:
    """What else there is for a folder that holds runs."""
    runs = runs_in(folder)
    if not runs:
        return ""
    held = f"the run {runs[0].name}: nmn.Run({str(runs[0])!r}) reads it" if len(runs) == 1 else \
        f"{len(runs)} runs: nmn.find_runs({str(folder)!r}) lists them"
    return f". It holds {held}, and nmn.summaries, nmn.metrics and nmn.episodes take the folder"


def not_a_folder(place: Path, wanted: str) -> str:
    """An error for a path that is no folder. `wanted`: "run directory"."""
    if place.exists():
        run = run_around(place)
        hint = f"; it lies in the run directory {run}" if run else ""
        return f"{place} is a file, and no {wanted}{hint}"
    return f"there is no {wanted} {place}{meant(place)}"


def meant(place: Path) -> str:
    """What was meant by a path where nothing is."""
    if str(place).startswith("~"):
        return "; Python does not read ~ as your home: give os.path.expanduser(path)"
    try:
        found = difflib.get_close_matches(place.name, sorted(os.listdir(place.parent)), 1, 0.7)
    except OSError:
        found = []
    if found:
        return f"; did you mean {place.parent / found[0]}?"
    return "" if place.is_absolute() else f"; the working directory is {os.getcwd()}"
