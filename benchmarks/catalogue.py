"""Plugin folders of any size: ten plugins to a family, a module each, of the kind and length that
real ones have."""

from __future__ import annotations

from pathlib import Path

PER_FAMILY = 10
TOPICS = ("visa", "company", "tax", "property", "contract", "payroll", "permit", "invoice")
VERBS = ("lists", "checks", "prices", "explains", "compares", "renews", "counts")
CATEGORIES = ("immigration", "business", "tax", "property", "legal", "finance", "general")
_MODULE = '''"""{description}"""

from __future__ import annotations

from pydantic import Field

from plugins_app.core import (
    Context,
    Plugin,
    PluginCategory,
    PluginInput,
    PluginMetadata,
    PluginOutput,
)


class Wanted(PluginInput):
    query: str = Field("", description="What is looked for.", max_length=200)
    language: str = Field("en", description="Language of the answer.")
    limit: int = Field(10, ge=1, le=100, description="Most rows in the answer.")


class Found(PluginOutput):
    rows: list[str] = Field(default_factory=list, description="What was found, best first.")
    total: int = Field(0, description="How much was found, also beyond the limit.")


class Plugin{number}(Plugin[Wanted, Found]):
    metadata = PluginMetadata(
        name="{name}",
        version="1.0.0",
        description="{description}",
        author="Benchmark",
        category=PluginCategory("{category}"),
        tags=("{topic}", "{verb}"),
        aliases=("get_{topic}_{number}",),
        read_only=True,
        rate_limit=100,
        cache_ttl=60,
    )

    async def execute(self, input_data: Wanted, context: Context) -> Found:
        rows = [input_data.query][: input_data.limit]
        return Found(rows=rows, total=len(rows))
'''


def name_of(number: int) -> str:
    return f"{_of(TOPICS, number)}.plugin_{number:04d}"


def write_plugins(directory: Path, count: int) -> None:
    for number in range(count):
        file = directory / f"family_{number // PER_FAMILY:03d}" / f"plugin_{number:04d}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_code(number))


def _code(number: int) -> str:
    topic, verb = _of(TOPICS, number), _of(VERBS, number)
    return _MODULE.format(
        number=number,
        name=name_of(number),
        topic=topic,
        verb=verb,
        category=_of(CATEGORIES, number),
        description=f"Plugin {number} {verb} the {topic} files of the office.",
    )


def _of(words: tuple[str, ...], number: int) -> str:
    return words[number % len(words)]
