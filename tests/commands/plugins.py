"""Source of small plugins for the commands' tests, and rows of servers."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from plugins_app.models import Worker

HEAD = "from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput\n"


def plugin(name: str, *, answer: str = "ok", version: str = "1.0.0", more: str = "") -> str:
    return f"""{HEAD}

class Output(PluginOutput):
    answer: str = ""

class Input(PluginInput):
    word: str = ""
    count: int = 1

class Shop(Plugin[Input, Output]):
    metadata = PluginMetadata(name={name!r}, version={version!r}, read_only=True, {more})

    async def execute(self, input_data: Input) -> Output:
        return Output(answer={answer!r} + input_data.word * input_data.count)
"""


BROKEN = "import no_such_module\n"


def a_server(name: str = "far", **fields: Any) -> Worker:
    """The row of a server that runs."""
    now = timezone.now()
    known = {"host": name, "pid": 1, "started": now, "seen": now, "generation": 0}
    return Worker.objects.create(id=name, **known | {"registry_hash": "-"} | fields)
