"""Tables: a pandas.DataFrame where pandas is installed, else a dict of numpy columns. Both are indexed by a column's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, Mapping, Union

import numpy as np
from numpy.typing import NDArray

from nmn import checks
from nmn.exceptions import UnknownField

if TYPE_CHECKING:
    import pandas

Columns = dict[str, NDArray[Any]]
Table = Union["pandas.DataFrame", Columns]
Row = Mapping[str, Any]


class Record(dict[str, Any]):
    """A dict that says what was meant by a name that it has not. `where`: whose names they are."""

    def __init__(self, fields: Mapping[str, Any], where: str) -> None:
        super().__init__(fields)
        self._where = where

    def __missing__(self, name: str) -> Any:
        hint = checks.near(name, self) if isinstance(name, str) else ""
        raise UnknownField(f"{self._where} has no {name!r}{hint or '; list(..) has all names'}", str(name))

    def __reduce__(self) -> Any:
        return Record, (dict(self), self._where)


def flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} -> {"a.b": 1}: names as docs/run_files.md has them."""
    fields: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            fields.update(flat(value, f"{prefix}{name}."))
        else:
            fields[prefix + name] = value
    return fields


def column(values: list[Any]) -> NDArray[Any]:
    """True and False, whole numbers, numbers (NaN for None), or else objects (None where there is none)."""
    kinds = {type(value) for value in values} - {type(None)}
    complete = None not in values
    if kinds == {bool} and complete:
        return np.array(values, bool)
    if kinds == {int} and complete:
        return np.array(values, np.uint64 if max(values) > np.iinfo(np.int64).max else np.int64)
    if kinds <= {int, float}:
        return np.array([np.nan if value is None else value for value in values], np.float64)
    objects = np.empty(len(values), object)
    objects[:] = values
    return objects


def from_rows(rows: Iterable[Row]) -> Columns:
    """Columns in the order in which they first come."""
    rows = list(rows)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: column([row.get(name) for row in rows]) for name in names}


def rows_in(table: Columns) -> int:
    return len(next(iter(table.values()), ()))


def labelled(label: Row, table: Columns) -> Columns:
    """With columns before the others that have the same in each row."""
    return {**{name: np.repeat(column([value]), rows_in(table)) for name, value in label.items()}, **table}


def stack(tables: list[Columns]) -> Columns:
    """One below the other; where one has no such column, NaN or None."""
    stacked: Columns = {}
    for name in dict.fromkeys(name for table in tables for name in table):
        parts = [table[name] for table in tables if name in table]
        if len(parts) == len(tables) and len({part.dtype for part in parts}) == 1:
            stacked[name] = np.concatenate(parts)
        else:
            values = (table[name].tolist() if name in table else [None] * rows_in(table) for table in tables)
            stacked[name] = column([value for part in values for value in part])
    return stacked


def as_table(columns: Columns) -> Table:
    try:
        import pandas
    except ImportError:
        return Record(columns, "the table")
    return pandas.DataFrame(columns)
