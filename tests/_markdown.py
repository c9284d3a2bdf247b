"""The documents, and what can be taken out of them: code, links, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def block(text: str, language: str, containing: str) -> str:
    """The first fenced block of this language that contains this."""
    blocks = (code for found, code in _FENCED.findall(text) if found == language)
    return next(code for code in blocks if containing in code)


def prose(text: str) -> str:
    """Without fenced code."""
    return _FENCED.sub("", text)


def code(text: str) -> list[str]:
    """Fenced blocks, their continued lines joined, and code within lines."""
    fenced = [found.replace("\\\n", " ") for _, found in _FENCED.findall(text)]
    return [*fenced, *_SPAN.findall(prose(text))]


def links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", _SPAN.sub("", prose(text)))


def anchors(text: str) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def rows(text: str) -> Iterator[list[str]]:
    """Cells of every table row, headers and rules left out."""
    for line in prose(text).splitlines():
        if line.startswith("| ") and not line.startswith("|--"):
            yield [cell.strip() for cell in line.strip().strip("|").split(" | ")]
