"""The config of a run: config.textproto, or the metadata of an exported policy."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping

from nmn import checks, textproto
from nmn.exceptions import UnknownField

_ABSENT = object()


class Config(Mapping[str, Any]):
    """Fields by the names that `nmn train --set` has: config["ppo.discount"]. config["ppo"] is a dict, and what follows
    from the task stands under "task". An absent field raises `UnknownField`, which is a KeyError; `get` gives None for it,
    and `number` and `numbers` take it for what protobuf does."""

    def __init__(self, fields: Mapping[str, Any], text: str) -> None:
        self._fields, self.text = fields, text

    @classmethod
    def parse(cls, text: str, where: str) -> Config:
        """`where`: the file, for errors."""
        return cls(textproto.parse(text, where), text)

    def _find(self, name: str) -> Any:
        if not isinstance(name, str):
            raise TypeError(f"the name of a field is {checks.shown(name)}; it must be a text such as 'ppo.discount'")
        value: Any = self._fields
        for part in name.split("."):
            if not isinstance(value, Mapping) or part not in value:
                return _ABSENT
            value = value[part]
        return value

    def __getitem__(self, name: str) -> Any:
        value = self._find(name)
        if value is _ABSENT:
            hint = meant(name, names_in(self), 0.8) or ("; one that is at its default may be left out of it, and "
                                                        "config.get(name) is None then")
            raise UnknownField(f"the config has no field {name!r}{hint}", name)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        value = self._find(name)
        return default if value is _ABSENT else value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not _ABSENT

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def number(self, name: str) -> float:
        """0 where it is absent."""
        value = self.get(name, 0)
        try:
            return float(value)
        except (TypeError, ValueError):
            if isinstance(value, list):
                raise TypeError(f"the field {name} of the config is a list: config.numbers reads it") from None
            what = "a group of fields" if isinstance(value, Mapping) else checks.shown(value)
            raise TypeError(f"the field {name} of the config is {what}, and no number: config[{name!r}] reads it") from None

    def numbers(self, name: str) -> list[Any]:
        """A repeated field."""
        value = self.get(name, [])
        return list(value) if isinstance(value, list) else [value]

    def __repr__(self) -> str:
        return f"<config of {self.get('benchmark', '?')}, {len(self)} fields; .text has it all>"


def names_in(fields: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Of all fields and groups of fields, with dots."""
    names = []
    for name, value in fields.items():
        names.append(prefix + name)
        if isinstance(value, Mapping):
            names += names_in(value, f"{prefix}{name}.")
    return names


def meant(name: str, known: Iterable[str], least: float) -> str:
    """Of these names, for the end of an error: that of the same letters, or of a group that was left out, or nearly so."""
    word = name.lstrip("-").lower()
    same = sorted(other for other in known if word and f".{other.lower()}".endswith(f".{word}"))
    return f"; did you mean {same[0]}?" if same else checks.near(word, known, least)


def min_log_variance_after(config: Config, updates: int) -> float:
    """The floor under the policy's log-variance after so many updates: it may move while a run learns
    (ppo.policy.final_min_log_variance)."""
    first = config.number("network.min_log_variance")
    final = config.get("ppo.policy.final_min_log_variance")
    steps = config.number("ppo.anneal_updates")
    if final is None:
        return first
    return first + (float(final) - first) * (min(1.0, updates / steps) if steps else 0.0)
