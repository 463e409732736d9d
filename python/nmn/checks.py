"""What public functions ask of their arguments. An error is one sentence: which argument, what it is, what it must be."""

from __future__ import annotations

import difflib
import operator
import os
from pathlib import Path
from typing import Any, Iterable

_LONGEST = 60  # of a value that stands in an error as it is


def shown(value: Any) -> str:
    """A value in an error: itself where that is short, else what kind of thing it is."""
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        try:
            text = repr(value)
        except ValueError:  # Python writes no number of thousands of digits
            text = " " * (_LONGEST + 1)
        if len(text) <= _LONGEST:
            return text
    if isinstance(value, type):
        return f"the class {value.__name__}"
    kind = type(value).__name__
    return f"{'an' if kind[:1].lower() in 'aeio' else 'a'} {kind}"


def near(word: str, known: Iterable[str], least: float = 0.7) -> str:
    """What was meant, for the end of an error; nothing where no name is like it."""
    found = difflib.get_close_matches(word, sorted(known), 1, least)
    return f"; did you mean {found[0]}?" if found else ""


def path(value: Any, name: str, wanted: str) -> Path:
    """`wanted`: what lies there, as in "a run directory"."""
    if isinstance(value, (str, os.PathLike)):
        text = os.fspath(value)
        if isinstance(text, str):
            if not text:
                raise ValueError(f"{name} is empty; it must be the path of {wanted}, or '.' for the working directory")
            if "\0" in text:
                raise ValueError(f"{name} is {text!r}; no path has the character \\0")
            return Path(text)
    raise TypeError(f"{name} is {shown(value)}; it must be the path of {wanted}")


def whole(value: Any, name: str, least: int, otherwise: str = "") -> int:
    """A whole number of Python or numpy. `otherwise`: what else the argument may be."""
    wanted = f"it must be a whole number, {least} or more{otherwise}"
    try:
        found = operator.index(value)
    except TypeError:
        found = None
    if found is None or isinstance(value, bool):
        raise TypeError(f"{name} is {shown(value)}; {wanted}")
    if found < least:
        raise ValueError(f"{name} is {found}; {wanted}")
    return found
