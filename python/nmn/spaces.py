"""Gymnasium's spaces by what they look like: what nmn makes of each, and the numbers in and out.

An observation becomes one row of float32: a Box its numbers, a Discrete a one-hot, a Dict or Tuple of these one after the
other. An action comes as one row of float32: the numbers of a Box, or the indices of choices, each from 0.
"""

import operator

import numpy as np

from nmn.errors import Refusal, Wrong


def kind_of(space):
    """The name of the space's class, or of the first base class that is known."""
    known = {"Box", "Discrete", "MultiDiscrete", "MultiBinary", "Dict", "Tuple", "Text", "Graph", "Sequence", "OneOf"}
    for base in type(space).__mro__:
        if base.__name__ in known:
            return base.__name__
    return type(space).__name__


def bounds(array):
    """Numbers for JSON, which has no infinity: None there."""
    numbers = np.asarray(array, np.float64).astype(np.float32).ravel()
    if np.isnan(numbers).any():
        raise Refusal("a bound of a Box is NaN, which bounds nothing: give numbers, or infinities")
    return [float(x) if np.isfinite(x) else None for x in numbers]


# Observations: a reader has `size`, `low`, `high` (None: no bound) and write(x, row), which raises Wrong. write_all(x, rows)
# does the same for what a VectorEnv returns of all its environments.


class BoxReader:
    def __init__(self, space, where):
        self.where, self.shape, self.dtype = where, tuple(space.shape), np.dtype(space.dtype)
        if self.dtype.kind not in "biuf":
            raise Refusal(f"{where} is a Box of {self.dtype}: its numbers must be real")
        if len(self.shape) > 1:
            raise Refusal(f"{where} is a Box of shape {self.shape}, and nmn takes vectors: wrap the environment in "
                          "gymnasium.wrappers.FlattenObservation")
        self.size = int(np.prod(self.shape))
        self.low, self.high = bounds(space.low), bounds(space.high)

    def write(self, x, row):
        # Both are there for an array and a numpy number, which is a Box of shape ().
        try:
            fits = x.shape == self.shape and x.dtype == self.dtype
        except AttributeError:
            fits = False
        if not fits:
            self.check(x, self.shape)
        row[:] = x

    def write_all(self, x, rows):
        self.check(x, (len(rows),) + self.shape)
        rows[:] = x.reshape(rows.shape)

    def check(self, x, shape):
        if not isinstance(x, (np.ndarray, np.generic)):
            raise Wrong(f"{self.where} is a {type(x).__name__}, and its space says an array of {self.dtype}")
        if x.shape != shape:
            raise Wrong(f"{self.where} has shape {x.shape}, and its space says {shape}")
        if not np.can_cast(x.dtype, self.dtype):
            raise Wrong(f"{self.where} is {x.dtype}, and its space says {self.dtype}: return it with "
                        f".astype(numpy.{self.dtype})")


class DiscreteReader:
    def __init__(self, space, where):
        self.where, self.size, self.start = where, int(space.n), int(getattr(space, "start", 0))
        self.low, self.high = [0.0] * self.size, [1.0] * self.size

    def write(self, x, row):
        try:
            index = operator.index(x) - self.start
        except TypeError:
            raise Wrong(f"{self.where} is a {type(x).__name__}, and its space says an integer") from None
        if not 0 <= index < self.size:
            raise Wrong(f"{self.where} is {x}, and its space says {self.start} to {self.start + self.size - 1}")
        row[:] = 0
        row[index] = 1

    def write_all(self, x, rows):
        if len(x) != len(rows):
            raise Wrong(f"{self.where} is of {len(x)} environments, and there are {len(rows)}")
        for one, row in zip(x, rows):
            self.write(one, row)


class PartsReader:
    """A Dict or a Tuple, whose parts are Boxes and Discretes."""

    def __init__(self, named, collection, where):
        self.where, self.collection = where, collection
        self.parts, self.size, self.low, self.high = [], 0, [], []
        for key, space in named:
            name = f"{where}[{key!r}]"
            if kind_of(space) not in ("Box", "Discrete"):
                raise Refusal(f"{name} is a {kind_of(space)}, and nmn takes a {kind_of_collection(collection)} of Box and Discrete "
                              "alone: wrap the environment in gymnasium.wrappers.FlattenObservation")
            reader = observation_reader(space, name)
            self.parts.append((key, reader, slice(self.size, self.size + reader.size)))
            self.size += reader.size
            self.low += reader.low
            self.high += reader.high

    def write(self, x, row):
        for part, reader, place in self.divide(x):
            reader.write(part, row[place])

    def write_all(self, x, rows):
        for part, reader, place in self.divide(x):
            reader.write_all(part, rows[:, place])

    def divide(self, x):
        if not isinstance(x, self.collection) or len(x) != len(self.parts):
            raise Wrong(f"{self.where} is a {type(x).__name__}, and its space says a {kind_of_collection(self.collection)} "
                        f"of {len(self.parts)}")
        for key, reader, place in self.parts:
            try:
                part = x[key]
            except KeyError:
                raise Wrong(f"{self.where} has no {key!r}, and its space does") from None
            yield part, reader, place


def kind_of_collection(collection):
    return "Dict" if collection is dict else "Tuple"


def observation_reader(space, where="the observation"):
    kind = kind_of(space)
    if kind == "Box":
        reader = BoxReader(space, where)
    elif kind == "Discrete":
        reader = DiscreteReader(space, where)
    elif kind == "Dict":
        reader = PartsReader(space.spaces.items(), dict, where)
    elif kind == "Tuple":
        reader = PartsReader(enumerate(space.spaces), (tuple, list), where)
    elif kind in ("MultiDiscrete", "MultiBinary"):
        raise Refusal(f"{where} is a {kind}: wrap the environment in gymnasium.wrappers.FlattenObservation")
    else:
        raise Refusal(f"{where} is a {kind}, and nmn takes Box, Discrete, and a flat Dict or Tuple of these: wrap the "
                      "environment in one that gives a Box")
    if reader.size < 1:
        raise Refusal(f"{where} has no numbers; it must have one at least")
    return reader


# Actions: a writer has `width` and `description` (v1.ActionSpace). all(array [lane, width]) -> what a VectorEnv takes;
# each(array) -> a list of what environments take, one for each lane.


class BoxWriter:
    def __init__(self, space):
        self.shape, self.dtype = tuple(space.shape), np.dtype(space.dtype)
        if self.dtype.kind != "f":
            raise Refusal(f"the action is a Box of {self.dtype}, and nmn takes real numbers: use MultiDiscrete for choices")
        self.width = int(np.prod(self.shape))
        if self.width < 1:
            raise Refusal("the action is a Box without numbers; it must have one at least")
        self.low, self.high = np.ravel(space.low), np.ravel(space.high)
        self.description = {"box": {"low": bounds(self.low), "high": bounds(self.high)}}

    def all(self, array):
        numbers = array.astype(self.dtype)
        if self.dtype != np.float32:
            # A bound such as 0.1 is another number in float32.
            np.clip(numbers, self.low, self.high, out=numbers)
        return numbers.reshape((len(numbers),) + self.shape)

    def each(self, array):
        return list(self.all(array))


class DiscreteWriter:
    width = 1

    def __init__(self, space):
        self.start = int(getattr(space, "start", 0))
        self.description = {"discrete": int(space.n)}

    def all(self, array):
        return array[:, 0].astype(np.int64) + self.start

    def each(self, array):
        return self.all(array).tolist()


class MultiDiscreteWriter:
    def __init__(self, space):
        choices = np.asarray(space.nvec)
        if choices.ndim != 1:
            raise Refusal(f"the action is a MultiDiscrete of shape {choices.shape}, and nmn takes a list of choices")
        self.dtype = np.dtype(getattr(space, "dtype", np.int64))
        self.width = choices.size
        start = getattr(space, "start", None)
        self.start = np.zeros(self.width, self.dtype) if start is None else np.asarray(start, self.dtype)
        self.description = {"multi_discrete": [int(n) for n in choices]}

    def all(self, array):
        return array.astype(self.dtype) + self.start

    def each(self, array):
        return list(self.all(array))


def action_writer(space):
    kind = kind_of(space)
    writers = {"Box": BoxWriter, "Discrete": DiscreteWriter, "MultiDiscrete": MultiDiscreteWriter}
    if kind not in writers:
        raise Refusal(f"the action is a {kind}, and nmn takes Box, Discrete and MultiDiscrete: wrap the environment in one "
                      "that has such an action")
    return writers[kind](space)
