"""What can be wrong with a file or folder that is to be read. Each message is one line that names it."""


class NmnError(Exception):
    """Of this package; the other two are kinds of it."""


class NotARun(NmnError):
    """There is nothing here that nmn has written, or not what was asked for."""


class Damaged(NmnError):
    """A file of nmn's that cannot be read, or that a newer nmn has written."""
