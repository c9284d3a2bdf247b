"""Secrets that can be told apart, and found again, whole or in pieces."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_FIRST_NUMBER = 918_273_640_000
_PIECE = re.compile(r"CANARY-(\d+)|(\d+)-YRANAC|91827364(\d{4})(?!\d)")


@dataclass
class Canaries:
    """`others`: secrets that somebody else made, by what they are."""

    labels: list[str] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)

    def __call__(self, label: str, filling: str = "'\"é\\ &") -> str:
        """With its number at both ends, since long values are shortened in their middle."""
        number = len(self.labels)
        self.labels.append(label)
        return f"CANARY-{number}-{label}-{filling}-{number}-YRANAC"

    def plain(self, label: str) -> str:
        """One that fits into a header or an environment variable."""
        return self(label, "x" * 50)

    def number(self, label: str) -> int:
        self.labels.append(label)
        return _FIRST_NUMBER + len(self.labels) - 1

    def found_in(self, text: str) -> set[str]:
        """The labels, however the text spells quotes and letters."""
        numbers = {int("".join(filter(None, piece))) for piece in _PIECE.findall(text)}
        ours = {f"{n} {self.labels[n]}" if n < len(self.labels) else f"{n} made" for n in numbers}
        return ours | {what for what, secret in self.others.items() if secret in text}
