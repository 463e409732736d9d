"""The config of a run: config.textproto, or the metadata of an exported policy."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from nmn import textproto


class Config(Mapping[str, Any]):
    """Fields by the names that `nmn train --set` has: config["ppo.discount"]. config["ppo"] is a dict, and what follows
    from the task stands under "task". An absent field raises KeyError; `number` and `numbers` take it for what protobuf
    does."""

    def __init__(self, fields: Mapping[str, Any], text: str) -> None:
        self._fields, self.text = fields, text

    @classmethod
    def parse(cls, text: str, where: str) -> Config:
        """`where`: the file, for errors."""
        return cls(textproto.parse(text, where), text)

    def __getitem__(self, name: str) -> Any:
        value: Any = self._fields
        for part in name.split("."):
            if not isinstance(value, Mapping) or part not in value:
                raise KeyError(name)
            value = value[part]
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def number(self, name: str) -> float:
        """0 where it is absent."""
        return float(self.get(name, 0))

    def numbers(self, name: str) -> list[Any]:
        """A repeated field."""
        value = self.get(name, [])
        return list(value) if isinstance(value, list) else [value]

    def __repr__(self) -> str:
        return f"<config of {self.get('benchmark', '?')}, {len(self)} fields; .text has it all>"


def min_log_variance_after(config: Config, updates: int) -> float:
    """The floor under the policy's log-variance after so many updates: it may move while a run learns
    (ppo.policy.final_min_log_variance)."""
    first = config.number("network.min_log_variance")
    final = config.get("ppo.policy.final_min_log_variance")
    steps = config.number("ppo.anneal_updates")
    if final is None:
        return first
    return first + (float(final) - first) * (min(1.0, updates / steps) if steps else 0.0)
