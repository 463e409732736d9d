"""Sweeps: many runs of one grid (docs/sweeps.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nmn import runs
from nmn.exceptions import Damaged, NotARun
from nmn.runs import PathLike, Run
from nmn.tables import Table

_FORMAT = 5  # of sweep.json, the newest that is read here


class Sweep:
    """The directory of `nmn sweep`. Its tables have a column for each field of the grid, and the runs that have begun, in the
    order of runs.txt."""

    def __init__(self, path: PathLike) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise NotARun(f"there is no sweep {self.path}")
        if not (self.path / "sweep.json").is_file():
            hint = ": nmn.Run reads it" if (self.path / "config.textproto").is_file() else "; it has no sweep.json"
            raise NotARun(f"{self.path} is no sweep{hint}")

    @property
    def description(self) -> dict[str, Any]:
        """sweep.json as it is."""
        file = self.path / "sweep.json"
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise Damaged(f"{file}: {error}") from None
        if not isinstance(found, dict) or not isinstance(found.get("format"), int):
            raise Damaged(f"{file} is no description of a sweep")
        if found["format"] > _FORMAT:
            raise Damaged(f"{file}: its format is {found['format']}; this package reads up to {_FORMAT}: take a newer one")
        return found

    @property
    def fields(self) -> list[str]:
        """The fields of `--grid`."""
        found = self.description
        blocks = found["runs"] if "runs" in found else [found]
        return list(dict.fromkeys(name for block in blocks for name in block.get("grid", {})))

    @property
    def names(self) -> list[str]:
        """Of all runs, those too that have not begun."""
        try:
            return (self.path / "runs.txt").read_text(encoding="utf-8").split()
        except FileNotFoundError:
            raise NotARun(f"{self.path} has no runs.txt; nmn sweep {self.path} writes it again") from None

    @property
    def runs(self) -> list[Run]:
        return [Run(self.path / name) for name in self.names if (self.path / name / "config.textproto").is_file()]

    def summaries(self) -> Table:
        return runs.summaries(self.runs, self.fields)

    def metrics(self) -> Table:
        return runs.metrics(self.runs, self.fields)

    def episodes(self) -> Table:
        return runs.episodes(self.runs, self.fields)

    def __repr__(self) -> str:
        return f"nmn.Sweep({str(self.path)!r})"
