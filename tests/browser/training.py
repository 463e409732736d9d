"""A run of nmn train whose live page is looked at."""

import re
import signal
import subprocess
import threading


class Training:
    """Starts it and waits until it has said where its page is. Killed when it is left."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                                        errors="replace")
        said = []
        for line in self.process.stderr:
            said.append(line)
            if found := re.search(r"look at it live: (http://[0-9.:]+/)$", line):
                break
        else:
            raise AssertionError("nmn train has not said where its page is: " + "".join(said))
        self.address = found.group(1)
        self.reader = threading.Thread(target=self.process.stderr.read)  # so that it never waits for us
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.kill()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)  # nothing where it has ended
        self.process.wait()
        self.reader.join()
        self.process.stderr.close()
