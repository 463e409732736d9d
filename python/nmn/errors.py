"""What a worker says of a task that does not work."""

import traceback

# Of a message in one line; a longer one is cut.
MOST_CHARACTERS = 500


class Refusal(Exception):
    """What a person has to change, in one line that needs no traceback. The same will happen again."""


class Wrong(Exception):
    """What a task returned is not what it declares; one line that needs no traceback."""


def in_one_line(text):
    line = " ".join(text.split())
    return line if len(line) <= MOST_CHARACTERS else line[:MOST_CHARACTERS] + " .."


def describe(error):
    """-> one line, the traceback ("" where it says nothing more)."""
    if isinstance(error, (Refusal, Wrong)):
        return in_one_line(str(error)), ""
    last = traceback.format_exception_only(type(error), error)[-1]
    return in_one_line(last), "".join(traceback.format_exception(type(error), error, error.__traceback__))
