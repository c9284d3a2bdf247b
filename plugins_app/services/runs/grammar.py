"""What stands in the search box: `key:value`, `key:"a value"`, and words or "phrases" of errors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_LENGTH = 1_000
MAX_TOKENS = 24
TEXT = ""
"""The key of what has none."""

_TOKEN = re.compile(r'(?:([A-Za-z_][\w.-]{0,40}):)?(?:"((?:[^"\\]|\\.)*)"?|(\S+))', re.DOTALL)
_PLAIN = re.compile(r'[^\s":\\][^\s"\\]*')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """`quoted`: it was written in quotation marks, so that a colon in it means nothing."""

    key: str
    value: str
    quoted: bool = False

    def __str__(self) -> str:
        """As one would write it."""
        if self.key:
            return f"{self.key}:{_written(self.value)}"
        bare = not self.quoted and ":" not in self.value
        return _written(self.value) if bare else _quoted(self.value)


def tokens(text: str) -> tuple[Token, ...]:
    """In their order. Nothing is wrong here: every text is a list of tokens."""
    return tuple(
        Token((key or TEXT).lower(), bare or _unescaped(quoted), not bare)
        for key, quoted, bare in _TOKEN.findall(text)
        if key or quoted or bare
    )


def written(tokens: Iterable[Token]) -> str:
    return " ".join(map(str, tokens))


def _written(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else _quoted(value)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)
