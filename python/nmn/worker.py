"""The process that plays a task in Python for nmn: it answers the program that started it over a socket.

    start:  by being started: {"task", "horizon"}                        -> an answer, with what the task is
    open:   the letter O, a file descriptor, a line of JSON: its arrays  -> an answer
    reset:  the letter R                                                 -> an answer
    step:   the letter S                                                 -> an answer

An answer is "." or "!"; the first one, and each "!", is followed by a line of JSON. The end of the socket is the end of the
process.
"""

import difflib
import importlib
import io
import json
import mmap
import operator
import os
import re
import signal
import socket
import sys
import time

from nmn.errors import Refusal, describe

OLDEST_PYTHON = (3, 9)
MOST_STEPS = 1000000  # of an episode, as env.horizon
CHANNEL = 3  # the descriptor that the process was started with
WORTH_ASKING = 200e-6  # s; as in bridge/python_process.cc


class Channel:
    """Who started this process. A child that the task forks has none, and ends when it comes here."""

    def __init__(self):
        self.socket = socket.socket(fileno=CHANNEL)
        self.owner = os.getpid()
        self.last_wait = 1.0  # s

    def receive(self):
        """-> the next letter, or b"" at the end. One that is likely to come soon is asked for again and again: a core that has
        gone to sleep takes some 50 us to wake up."""
        self.only_the_owner()
        start = time.perf_counter()
        letter = None
        if self.last_wait < WORTH_ASKING:
            letter = self.ask_until(start + WORTH_ASKING)
        if letter is None:
            letter = self.socket.recv(1)
        self.last_wait = time.perf_counter() - start
        return letter

    def ask_until(self, end):
        while time.perf_counter() < end:
            try:
                return self.socket.recv(1, socket.MSG_DONTWAIT)
            except BlockingIOError:
                os.sched_yield()
        return None

    def line(self):
        text = b""
        while not text.endswith(b"\n"):
            part = self.socket.recv(1 << 16)
            if not part:
                os._exit(0)
            text += part
        return json.loads(text)

    def descriptor(self):
        _, descriptors, _, _ = socket.recv_fds(self.socket, 1, 1)
        return descriptors[0]

    def send(self, answer):
        self.only_the_owner()
        try:
            self.socket.sendall(answer)
        except OSError:
            os._exit(0)

    def only_the_owner(self):
        if os.getpid() != self.owner:
            print("nmn: a process that the task forked came back from it and ends here", file=sys.stderr, flush=True)
            os._exit(1)


def find_factory(name):
    """"package.module:factory" -> the object."""
    module, colon, path = name.partition(":")
    if not (module and colon and path):
        raise Refusal(f"{name} is not of the form package.module:factory")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module and not module.startswith(f"{error.name}."):
            raise
        if module.endswith(".py"):
            folder, _, file = module[:-3].rpartition("/")
            where = f"PYTHONPATH={folder} and " if folder else ""
            raise Refusal(f"{module} names a file, and a module is called without .py and found by PYTHONPATH: set {where}"
                          f"--task_python={file}:{path}") from None
        if "/" in module:
            folder, _, file = module.rpartition("/")
            raise Refusal(f"{module} is a path, and a module is found by PYTHONPATH: set PYTHONPATH={folder} and "
                          f"--task_python={file}:{path}") from None
        raise Refusal(f"there is no module {error.name}: Python looks for it in PYTHONPATH, and not in the working "
                      "directory") from None
    for part in path.split("."):
        if not hasattr(found, part):
            own = module.partition(".")[0] in getattr(sys, "stdlib_module_names", ())
            near = difflib.get_close_matches(part, dir(found), 1)
            raise Refusal(f"{module} has no {path}" + (
                ": Python itself has a module of that name; give yours another" if own else f"; did you mean {near[0]}?" if near else ""))
        found = getattr(found, part)
    if not callable(found):
        raise Refusal(f"{name} cannot be called; it must be a function or class that returns a gymnasium.Env")
    return found


def find_name(task, factory):
    """What runs are called by: letters that a file's name may have."""
    name = getattr(factory, "name", None) or task.replace(":", ".")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.]{0,63}", name):
        raise Refusal(f"the name of the task is {name!r}; it must be of letters, digits, _ and ., at most 64")
    return name


def whole(value, what, most):
    """A whole number from 1 to `most`: a Python one or numpy's."""
    try:
        found = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        found = 0
    if not 1 <= found <= most:
        raise Refusal(f"the {what} is {value!r}; it must be a whole number from 1 to {most}")
    return found


def find_horizon(factory, environment, asked):
    """T, the steps of an episode: of the options, else of the factory, else of gymnasium's registry."""
    found = asked or getattr(factory, "horizon", None) or getattr(getattr(environment, "spec", None), "max_episode_steps", None)
    if not found:
        raise Refusal("how many steps an episode has is not said: give the factory an attribute horizon")
    return whole(found, "horizon", MOST_STEPS)


def versions():
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in ("numpy", "gymnasium"):
        found[name] = str(getattr(sys.modules.get(name), "__version__", ""))
    return found


def start(order):
    """-> the lanes, and what the task is."""
    if sys.version_info < OLDEST_PYTHON:
        raise Refusal(f"{sys.executable} is Python {sys.version.split()[0]}, and nmn needs 3.9 or newer: name another with "
                      "--python")
    try:
        import numpy  # noqa: F401
    except ImportError:
        raise Refusal(f"{sys.executable} has no numpy: install it there, or name another Python with --python") from None
    from nmn.lanes import Lanes
    from nmn.vectors import VectorLanes

    factory = find_factory(order["task"])
    environment = factory()
    lanes = (VectorLanes if hasattr(environment, "num_envs") else Lanes)(factory, environment)
    lanes.horizon = find_horizon(factory, environment, order["horizon"])
    reader, writer = lanes.reader, lanes.writer
    return lanes, {
        "name": find_name(order["task"], factory), "version": whole(getattr(factory, "version", 1), "version", 2**32 - 1), "horizon": lanes.horizon,
        "observation_size": reader.size, "low": reader.low, "high": reader.high, "action": writer.description, **versions()
    }


def open_arrays(channel):
    """-> name -> array over the shared memory."""
    import numpy as np

    descriptor = channel.descriptor()
    layout = channel.line()
    memory = mmap.mmap(descriptor, layout["bytes"])
    os.close(descriptor)
    return {name: np.ndarray(shape, np.dtype(dtype), memory, offset)
            for name, (dtype, shape, offset) in layout["arrays"].items()}


def answer(channel, act, doing):
    """Does it, and says how it went. -> what came of it, or None."""
    try:
        result = act()
    except BaseException as error:
        channel.only_the_owner()
        line, trace = describe(error)
        failure = {"what": line, "doing": doing(), "traceback": trace, "refusal": isinstance(error, Refusal)}
        channel.send(b"!" + json.dumps(failure).encode() + b"\n")
        return None
    channel.send(b".")
    return result


class Unread(io.RawIOBase):
    """A descriptor whose reader may go away: what is printed then is lost, and no error of the task."""

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def writable(self):
        return True

    def fileno(self):
        return self.descriptor

    def write(self, data):
        try:
            return os.write(self.descriptor, data)
        except BrokenPipeError:
            return len(data)


def line_by_line(descriptor):
    return io.TextIOWrapper(io.BufferedWriter(Unread(descriptor)), "utf-8", "backslashreplace", line_buffering=True)


def main(order):
    # What the task prints belongs beside the log, at once: descriptor 1 leads there too.
    sys.stdout, sys.stderr = line_by_line(1), line_by_line(2)
    # A terminal may stop a process in the background that prints (stty tostop): it would hang.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    channel = Channel()
    try:
        play(channel, order)
    finally:
        channel.socket.close()


def play(channel, order):
    """Does what it is told until there is nothing more to do."""
    started = answer(channel, lambda: start(order), lambda: "start")
    if started is None:
        return
    lanes, description = started
    channel.send(json.dumps(description).encode() + b"\n")
    while True:
        letter = channel.receive()
        if letter == b"S":
            answer(channel, lanes.step, lambda: lanes.doing)
        elif letter == b"R":
            answer(channel, lanes.reset, lambda: lanes.doing)
        elif letter == b"O":
            answer(channel, lambda: lanes.open(open_arrays(channel)), lambda: "start")
        else:
            lanes.close()
            return
