"""What a worker says of a task that does not work."""

import traceback

# Of a message in one line; a longer one is cut.
MOST_CHARACTERS = 500
# Of a traceback, which has the whole message; of a longer one the middle is left out.
MOST_OF_TRACEBACK = 20000


class Refusal(Exception):
    """What a person has to change, in one line that needs no traceback. The same will happen again."""


class Wrong(Exception):
    """What a task returned is not what it declares; one line that needs no traceback."""


def in_one_line(text):
    line = " ".join(text.split())
    return line if len(line) <= MOST_CHARACTERS else line[:MOST_CHARACTERS] + " .."


def printable(text):
    """Names of files that are not UTF-8 reach Python as halves of characters, which nobody else can read."""
    return text.encode("utf-8", "backslashreplace").decode()


def without_middle(text):
    half = MOST_OF_TRACEBACK // 2
    return text if len(text) <= 2 * half else text[:half] + "\n  ..\n" + text[-half:]


def describe(error):
    """-> one line, the traceback ("" where it says nothing more)."""
    if isinstance(error, (Refusal, Wrong)):
        return in_one_line(printable(str(error))), ""
    last = traceback.format_exception_only(type(error), error)[-1]
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return in_one_line(printable(last)), without_middle(printable(trace))
