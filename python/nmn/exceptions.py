"""What can be wrong with a file or folder that is to be read. Each message is one line that names it."""

from __future__ import annotations


class NmnError(Exception):
    """Of this package; the others are kinds of it."""


class NotARun(NmnError):
    """There is nothing here that nmn has written, or not what was asked for."""


class Damaged(NmnError):
    """A file of nmn's that cannot be read, or that a newer nmn has written."""


class UnknownField(NmnError, KeyError):
    """A config, a summary or a table has nothing of that name. `field`: the name."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would put it into quotes
