"""Protobuf's text format, as far as nmn's configs and manifests use it; without protobuf."""

from __future__ import annotations

import re
from typing import Any, Iterator, NamedTuple

from nmn.exceptions import Damaged

_TOKEN = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*)
      | (?P<text>"(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*')
      | (?P<number>-?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf|nan)[fF]?(?![\w.]))
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>[{}<>\[\]:;,])""", re.VERBOSE)
_LONGEST_NUMBER = 400  # characters; the largest that protobuf can write has 325
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def _tokens(text: str, where: str) -> Iterator[_Token]:
    at, line = 0, 1
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise Damaged(f"{where}:{line}: {text[at]!r} stands where no textproto has it")
        if found.lastgroup != "blank":
            yield _Token(str(found.lastgroup), found.group(), line)
        line += found.group().count("\n")
        at = found.end()
    yield _Token("end", "", line)


def _unquote(quoted: str) -> str:
    def byte(found: re.Match[bytes]) -> bytes:
        escape = found.group(1)
        if escape[:1] in b"01234567":
            return bytes([int(escape, 8) & 255])
        if escape[:1] == b"x" and len(escape) > 1:
            return bytes([int(escape[1:], 16)])
        return _ESCAPES.get(escape, escape)

    return _ESCAPE.sub(byte, quoted[1:-1].encode()).decode(errors="replace")


class _Parser:
    def __init__(self, text: str, where: str) -> None:
        self.tokens, self.where = _tokens(text, where), where
        self.token = next(self.tokens)

    def take(self) -> _Token:
        token = self.token
        if token.kind != "end":
            self.token = next(self.tokens)
        return token

    def skip(self, signs: str) -> None:
        if self.token.kind == "sign" and self.token.text in signs:
            self.take()

    def fail(self, wanted: str) -> Damaged:
        found = self.token.text[:80] or "the end"
        return Damaged(f"{self.where}:{self.token.line}: {found} stands where {wanted} must be")

    def message(self, end: str) -> dict[str, Any]:
        fields: dict[str, list[Any]] = {}
        lists = set()
        while self.token.text != end or self.token.kind not in ("sign", "end"):
            if self.token.kind != "name":
                raise self.fail("the name of a field")
            name = self.take().text
            self.skip(":")
            if self.token.text == "[":
                lists.add(name)
                fields.setdefault(name, []).extend(self.items())
            else:
                fields.setdefault(name, []).append(self.value())
            self.skip(",;")
        self.take()
        return {name: values if name in lists or len(values) > 1 else values[0] for name, values in fields.items()}

    def items(self) -> list[Any]:
        self.take()
        values: list[Any] = []
        while self.token.text != "]":
            values.append(self.value())
            if self.token.text not in (",", "]"):
                raise self.fail("a comma or ]")
            self.skip(",")
        self.take()
        return values

    def value(self) -> Any:
        token = self.token
        if token.kind == "sign" and token.text in "{<":
            self.take()
            return self.message("}" if token.text == "{" else ">")
        if token.kind == "text":
            parts = []
            while self.token.kind == "text":
                parts.append(_unquote(self.take().text))
            return "".join(parts)
        if token.kind == "number":
            if len(token.text) > _LONGEST_NUMBER:
                raise self.fail(f"a number of at most {_LONGEST_NUMBER} characters")
            self.take()
            return int(token.text) if re.fullmatch(r"-?\d+", token.text) else float(token.text.rstrip("fF") if
                                                                                    "inf" not in token.text else token.text)
        if token.kind == "name":
            self.take()
            return {"true": True, "false": False}.get(token.text, token.text)
        raise self.fail("a value")


def parse(text: str, where: str) -> dict[str, Any]:
    """-> its fields: numbers, texts, True and False, names of enums as texts, and messages as dicts. A field that is
    there more than once, or as [..], is a list; a repeated field that is there once cannot be told from another."""
    try:
        return _Parser(text.lstrip("\ufeff"), where).message("")
    except RecursionError:
        raise Damaged(f"{where}: its messages lie too deep in one another") from None
