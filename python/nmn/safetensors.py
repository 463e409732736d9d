"""Files of safetensors, read to float32 and written; without the package of that name."""

from __future__ import annotations

import json
import math
import os
import struct
import tempfile
from typing import Any, Mapping

import numpy as np
from numpy.typing import NDArray

from nmn import checks
from nmn.exceptions import Damaged

Tensors = dict[str, NDArray[np.float32]]

_LONGEST_HEADER = 16 << 20
_TYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "F64": "<f8"}


def _to_float32(data: bytes, kind: str, name: str, where: str) -> NDArray[np.float32]:
    values: NDArray[Any] = np.frombuffer(data, _TYPES[kind])
    if kind == "BF16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    if kind == "F64" and not np.array_equal(narrow.astype(np.float64), values, equal_nan=True):
        raise Damaged(f"{where}: tensor {name} is of type F64 and has a number that is no float32; convert it first")
    return narrow


def _whole_numbers(values: Any, count: int | None = None) -> list[int]:
    """As they stand in a header: `count` of them, 0 or more each."""
    if not isinstance(values, list) or count not in (None, len(values)) or any(type(n) is not int or n < 0 for n in values):
        raise ValueError(f"{str(values)[:80]} stands where whole numbers must be")
    return values


def decode(data: bytes, where: str) -> tuple[Tensors, dict[str, str]]:
    """-> tensors in the order of the file, metadata. `where`: the file, for errors."""
    length = struct.unpack("<Q", data[:8])[0] if len(data) >= 8 else 0
    if not 2 <= length <= min(_LONGEST_HEADER, len(data) - 8):
        raise Damaged(f"{where} is no safetensors file, or was cut")
    body = data[8 + length:]
    try:
        header = json.loads(data[8:8 + length])
        metadata = {str(key): str(text) for key, text in header.pop("__metadata__", {}).items()}
        entries = sorted((_whole_numbers(entry["data_offsets"], 2), str(name), str(entry["dtype"]), _whole_numbers(entry["shape"]))
                         for name, entry in header.items())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(f"{where} is no safetensors file: its header cannot be read ({error!r})") from None
    tensors: Tensors = {}
    for (begin, end), name, kind, shape in entries:
        if kind not in _TYPES:
            raise Damaged(f"{where}: tensor {name} is of type {kind}; it must be F32, F16, BF16 or F64")
        width = np.dtype(_TYPES[kind]).itemsize
        if not 0 <= begin <= end <= len(body) or end - begin != width * math.prod(shape):
            raise Damaged(f"{where}: tensor {name} does not lie within the file; it was cut")
        tensors[name] = _to_float32(body[begin:end], kind, name, where).reshape(shape)
    return tensors, metadata


def encode(tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> bytes:
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    parts, position = [], 0
    for name, array in tensors.items():
        part = np.ascontiguousarray(array, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(np.shape(array)), "data_offsets": [position, position + len(part)]}
        parts.append(part)
        position += len(part)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def write(path: str | os.PathLike[str], tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """The whole file, or none: it is written beside its place and renamed."""
    place = checks.path(path, "path", "the file that is to be written")
    target = os.path.realpath(place)
    if os.path.isdir(target):
        raise IsADirectoryError(f"{place} is a folder; give the name of a file, such as {place / 'policy.safetensors'}")
    if not os.path.isdir(os.path.dirname(target)):
        raise FileNotFoundError(f"there is no folder {place.parent} to write {place.name} in: make it first")
    descriptor, beside = tempfile.mkstemp(prefix=os.path.basename(target) + ".", dir=os.path.dirname(target))
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(encode(tensors, metadata))
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(beside, 0o666 & ~umask)
        os.replace(beside, target)
    except BaseException:
        os.unlink(beside)
        raise
