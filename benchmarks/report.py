"""What a run found out, as a page: docs/benchmarks.md, one section per benchmark."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
_INTRODUCTION = """# Benchmarks

What a call costs, against what it could cost and against what it replaces. `make bench` measures
all of it anew and writes this page; `make bench ONLY=execute` does so for one section.

Absolute figures hold for one machine on one day. What counts are the ratios: the contenders of a
table ran in the same minutes, taking turns in short rounds, and each figure is the median of its
rounds. CPU time is that of the measured process alone, over all its threads; *per core* means
requests per second of that CPU time.
"""


@dataclass(frozen=True, slots=True)
class Table:
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        lines = [self.columns, ["---", *("---:" for _ in self.columns[1:])], *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True, slots=True)
class Section:
    """`parts` are paragraphs and tables, in order."""

    name: str
    title: str
    parts: list[str | Table] = field(default_factory=list)

    def __str__(self) -> str:
        """The name, which `make bench ONLY=` takes, stands under the title."""
        head = f"## {self.title}\n\n`{self.name}`, {_when_and_where()}"
        return "\n\n".join([head, *map(str, self.parts)]) + "\n"


def _when_and_where() -> str:
    today = datetime.now(UTC).date().isoformat()
    versions = ", ".join(f"{name} {version(name)}" for name in ("Django", "pydantic", "uvicorn"))
    return (
        f"{today}, commit {_commit()}: {os.cpu_count()} cores of {_processor()}, "
        f"Python {platform.python_version()}, {versions}."
    )


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def write(sections: Sequence[Section], order: Sequence[str], page: Path = PAGE) -> None:
    """Replace these sections on the page and keep the others, in the order of the names."""
    texts = _sections_of(page.read_text() if page.exists() else "")
    texts |= {section.name: str(section) for section in sections}
    known = [texts[name] for name in order if name in texts]
    page.write_text("\n".join([_INTRODUCTION, *known]))


def _sections_of(page: str) -> dict[str, str]:
    found = re.findall(r"^## .+?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return {re.search(r"^`(\w+)`", text, re.MULTILINE)[1]: text.rstrip() + "\n" for text in found}
