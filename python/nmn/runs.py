"""Run directories: their config, rows, summary and policy. docs/run_files.md has every field."""

from __future__ import annotations

import io
import json
import os
import warnings
from pathlib import Path
from typing import Any, Callable, Iterable, Sequence, Union

import numpy as np

from nmn import checks, places
from nmn.config import Config, meant, names_in
from nmn.exceptions import Damaged, NotARun
from nmn.policy import Policy, load_policy
from nmn.policy_file import checkpoint_updates
from nmn.tables import Columns, Record, Table, as_table, flat, from_rows, labelled, stack

PathLike = Union[str, "os.PathLike[str]"]

_WHOLE = ("update", "episode")  # columns of episodes.csv
_WANTED = "a run directory"


class Run:
    """A run directory, finished or going on. Nothing is kept: each call reads what is there now, and of a growing file the
    whole lines. A Run stands for its path: whatever takes one takes the other."""

    def __init__(self, path: PathLike) -> None:
        self.path = checks.path(path, "path", _WANTED)
        if not self.path.is_dir():
            raise NotARun(places.not_a_folder(self.path, "run directory"))
        if places.is_sweep(self.path):
            raise NotARun(f"{self.path} is a sweep: nmn.Sweep reads it")
        if not places.is_run(self.path):
            around, hint = places.run_around(self.path), places.of_its_runs(self.path)
            if around and not hint:
                hint = f"; it lies in the run directory {around}"
            raise NotARun(f"{self.path} is no run directory: it has no {places.MARK}{hint}")

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        return self.path.resolve().name

    @property
    def config(self) -> Config:
        return Config.parse(self._read(places.MARK), str(self.path / places.MARK))

    @property
    def summary(self) -> dict[str, Any]:
        """summary.json as it is."""
        try:
            found = json.loads(self._read("summary.json"))
        except ValueError as error:
            raise Damaged(f"{self.path / 'summary.json'}: {error}") from None
        if not isinstance(found, dict):
            raise Damaged(f"{self.path / 'summary.json'} is no JSON object")
        return Record(found, "summary.json")

    @property
    def has_stopped(self) -> bool:
        """Whether there is a summary. A run that goes on may have that of an earlier stop."""
        return (self.path / "summary.json").is_file()

    @property
    def checkpoints(self) -> list[int]:
        """Updates after which there is a checkpoint."""
        return checkpoint_updates(self.path)

    def metrics(self) -> Table:
        """A row an update: metrics.jsonl, nested fields by their dotted names. null is NaN."""
        return as_table(self._metrics())

    def episodes(self) -> Table:
        """A row an episode: episodes.csv. An empty cell is NaN."""
        return as_table(self._episodes())

    def events(self) -> Table:
        """A row an event: events.jsonl, of a run with --event_log."""
        return as_table(from_rows(self._json_lines("events.jsonl")))

    def policy(self, update: int | None = None, **options: Any) -> Policy:
        """As `load_policy` of this directory."""
        return load_policy(self.path, update, **options)

    def __repr__(self) -> str:
        return f"nmn.Run({str(self.path)!r})"

    def _read(self, name: str) -> str:
        try:
            return (self.path / name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            hints = {"summary.json": "; the run has not stopped yet", "events.jsonl": "; it is written with --event_log",
                     "metrics.jsonl": "; the run has completed no update", "episodes.csv": "; the run has completed no update"}
            kind = _NoUpdate if name in ("metrics.jsonl", "episodes.csv") else NotARun
            raise kind(f"{self.path} has no {name}{hints.get(name, '')}") from None

    def _whole_lines(self, name: str) -> str:
        """A learner may be writing the last line."""
        text = self._read(name)
        return text[:text.rfind("\n") + 1]

    def _json_lines(self, name: str) -> list[dict[str, Any]]:
        rows = []
        for number, line in enumerate(self._whole_lines(name).splitlines(), 1):
            try:
                rows.append(flat(json.loads(line)))
            except (ValueError, AttributeError):
                raise Damaged(f"{self.path / name}:{number} is no JSON object: {line[:80]}") from None
        return rows

    def _metrics(self) -> Columns:
        return from_rows(self._json_lines("metrics.jsonl"))

    def _episodes(self) -> Columns:
        header, _, body = self._whole_lines("episodes.csv").partition("\n")
        names = header.split(",")
        if names[:2] != list(_WHOLE):
            raise Damaged(f"{self.path / 'episodes.csv'} has no header; it begins with {header[:80]!r}")
        for _ in range(2):  # two empty cells beside one another share a comma
            body = body.replace(",,", ",nan,")
        body = body.replace(",\n", ",nan\n")
        try:
            values = np.loadtxt(io.StringIO(body), delimiter=",", ndmin=2) if body else np.zeros((0, len(names)))
        except ValueError as error:
            raise Damaged(f"{self.path / 'episodes.csv'}: {error}") from None
        if values.shape[1] != len(names):
            raise Damaged(f"{self.path / 'episodes.csv'} has {len(names)} names and rows of {values.shape[1]} cells")
        return {name: values[:, i].astype(np.int64) if name in _WHOLE else values[:, i] for i, name in enumerate(names)}

    def _label(self, fields: Sequence[str] = ()) -> dict[str, Any]:
        """What tells a run from others; `fields` are of the config."""
        config = self.config
        return {"run": self.name, "benchmark": config.get("benchmark", ""), "preset": config.get("preset", ""),
                "arch": str(config.get("network.architecture", "")).lower(), "seed": config.get("seed", 0),
                **{name: _cell(config.get(name)) for name in fields}}


class _NoUpdate(NotARun):
    """A run that has no rows yet."""


Runs = Union[PathLike, Run, Iterable[Union[PathLike, Run]]]
Fields = Union[str, Sequence[str]]


def find_runs(folder: PathLike) -> list[Run]:
    """The run directories in a folder, by name."""
    place = checks.path(folder, "folder", "a folder of run directories")
    if not place.is_dir():
        raise NotARun(places.not_a_folder(place, "folder"))
    if places.is_run(place):
        raise NotARun(f"{place} is a run directory itself: nmn.Run({str(place)!r}) reads it")
    return [Run(entry) for entry in places.runs_in(place)]


def summaries(runs: Runs, fields: Fields = ()) -> Table:
    """A row a run: what tells it from others, and its summary.json. `runs`: run directories, or a folder of them; `fields`:
    of the config, as further columns."""
    found = _all(runs)
    names = _checked(found, fields)
    return as_table(from_rows({**run._label(names), **(flat(run.summary) if run.has_stopped else {})} for run in found))


def metrics(runs: Runs, fields: Fields = ()) -> Table:
    """`Run.metrics` of many runs, one below the other, each row with what tells its run from others."""
    return as_table(_labelled(_all(runs), fields, Run._metrics))


def episodes(runs: Runs, fields: Fields = ()) -> Table:
    """`Run.episodes` likewise."""
    return as_table(_labelled(_all(runs), fields, Run._episodes))


def _all(runs: Runs) -> list[Run]:
    if isinstance(runs, Run):
        return [runs]
    if isinstance(runs, (str, os.PathLike)):
        place = checks.path(runs, "runs", "a run directory or of a folder that holds some")
        found = [Run(place)] if places.is_run(place) else find_runs(place)
    else:
        if not isinstance(runs, Iterable) or isinstance(runs, bytes):
            raise TypeError(f"runs is {checks.shown(runs)}; it must be the path of a run directory or of a folder that holds some, "
                            "an nmn.Run, or a list of these")
        several = list(runs)
        for i, run in enumerate(several):
            if not isinstance(run, (str, os.PathLike)):
                raise TypeError(f"runs[{i}] is {checks.shown(run)}; it must be the path of a run directory or an nmn.Run")
        found = [run if isinstance(run, Run) else Run(run) for run in several]
    if not found:
        raise NotARun(f"there is no run directory in {runs}")
    return found


def _labelled(runs: list[Run], fields: Fields, read: Callable[[Run], Columns]) -> Columns:
    """Runs that have completed no update are left out, as nmn report leaves them out."""
    names = _checked(runs, fields)
    tables, without = [], []
    for run in runs:
        try:
            tables.append(labelled(run._label(names), read(run)))
        except _NoUpdate:
            if len(runs) == 1:
                raise
            without.append(str(run.path))
    if not tables:
        raise NotARun(f"none of these runs has completed an update: {', '.join(without)}")
    if without:
        warnings.warn(f"left out, because they have completed no update: {', '.join(without)}", stacklevel=3)
    return stack(tables)


def _checked(runs: list[Run], fields: Fields) -> list[str]:
    """The names of fields. One that no config has is at its default there, or misspelt: then one that is nearly called so is
    there."""
    if not isinstance(fields, (str, Iterable)) or isinstance(fields, bytes):
        raise TypeError(f"fields is {checks.shown(fields)}; it must be a list of names such as 'ppo.discount'")
    names = [fields] if isinstance(fields, str) else list(fields)
    for name in names:
        if not isinstance(name, str) or not name:
            raise TypeError(f"fields has {checks.shown(name)}; each must be the name of a field of the config, such as "
                            "'ppo.discount'")
    known = {name for run in runs for name in names_in(run.config)} if names else set()
    for name in names:
        hint = "" if name in known else meant(name, known, 0.9)
        if hint:
            warnings.warn(f"no run says {name} in its config{hint}", stacklevel=4)
    return names


def _cell(value: Any) -> Any:
    return str(value) if isinstance(value, (list, dict)) else value
