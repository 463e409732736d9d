"""Sweeps: many runs of one grid (docs/sweeps.md)."""

from __future__ import annotations

import json
from typing import Any

from nmn import checks, places, runs
from nmn.exceptions import Damaged, NotARun
from nmn.runs import PathLike, Run
from nmn.tables import Table

_FORMAT = 5  # of sweep.json, the newest that is read here


class Sweep:
    """The directory of `nmn sweep`. Its tables have a column for each field of the grid, and the runs that have begun, in the
    order of runs.txt. A Sweep stands for its path."""

    def __init__(self, path: PathLike) -> None:
        self.path = checks.path(path, "path", "the directory of a sweep")
        if not self.path.is_dir():
            raise NotARun(places.not_a_folder(self.path, "sweep"))
        if not places.is_sweep(self.path):
            if places.is_run(self.path):
                raise NotARun(f"{self.path} is no sweep: nmn.Run reads it")
            raise NotARun(f"{self.path} is no sweep; it has no {places.SWEEP_MARK}{places.of_its_runs(self.path)}")

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def description(self) -> dict[str, Any]:
        """sweep.json as it is."""
        file = self.path / places.SWEEP_MARK
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
        if not isinstance(blocks, list) or not all(isinstance(block, dict) and isinstance(block.get("grid", {}), dict)
                                                   for block in blocks):
            raise Damaged(f"{self.path / places.SWEEP_MARK}: its runs are no list of blocks with a grid")
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
        return [Run(self.path / name) for name in self.names if places.is_run(self.path / name)]

    def summaries(self) -> Table:
        return runs.summaries(self._begun(), self.fields)

    def metrics(self) -> Table:
        return runs.metrics(self._begun(), self.fields)

    def episodes(self) -> Table:
        return runs.episodes(self._begun(), self.fields)

    def _begun(self) -> list[Run]:
        begun = self.runs
        if not begun:
            raise NotARun(f"no run of {self.path} has begun; nmn sweep {self.path} starts them")
        return begun

    def __repr__(self) -> str:
        return f"nmn.Sweep({str(self.path)!r})"
