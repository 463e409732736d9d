"""A shell on a terminal of its own, which is typed at."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

LIMIT = 60  # seconds for one answer


class Shell:
    def __init__(self, command, environment, folder):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment)
        # Wide enough for any line to stand on one row.
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 30000, 0, 0))
        self.said = ""

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)

    def type(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.terminal, data[:200]):]
            self._take(0)  # so that what it echoes does not fill the terminal

    def until(self, begin, end):
        """What it prints between the two, the next time that it does."""
        deadline = time.monotonic() + LIMIT
        while True:
            at = self.said.find(begin)
            if at >= 0 and (stop := self.said.find(end, at + len(begin))) >= 0:
                between = self.said[at + len(begin):stop]
                self.said = self.said[stop + len(end):]
                return between
            if not self._take(max(0.0, deadline - time.monotonic())):
                raise AssertionError(f"the shell does not answer within {LIMIT} s; it said {self.said[-2000:]!r}")

    def _take(self, seconds):
        if not select.select([self.terminal], [], [], seconds)[0]:
            return False
        self.said += os.read(self.terminal, 1 << 16).decode(errors="replace")
        return True
