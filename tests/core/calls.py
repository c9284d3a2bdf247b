"""What the tests of the executor share: plugins made from a coroutine function, and callers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plugins_app.core import (
    Caller,
    CallerKind,
    Plugin,
    PluginInput,
    PluginMetadata,
    PluginOutput,
    Scope,
)

USER = Caller(id="user:7", kind=CallerKind.USER, scopes=frozenset([Scope.EXECUTE]))
OTHER = Caller(id="user:8", kind=CallerKind.USER, scopes=frozenset([Scope.EXECUTE]))
ADMIN = Caller(id="user:1", kind=CallerKind.USER, is_admin=True)
GUEST = Caller(
    id="anonymous:192.0.2.1", kind=CallerKind.ANONYMOUS, scopes=frozenset([Scope.EXECUTE])
)


class Number(PluginInput):
    n: int = 0


def plugin(
    execute: Callable[..., Any],
    *,
    input: type[PluginInput] = Number,
    output: type[PluginOutput] = PluginOutput,
    **metadata: Any,
) -> type[Plugin[Any, Any]]:
    """A plugin class 't' (or another `name`) whose method is this function of (self, input)."""
    metadata.setdefault("name", "t")
    members = {
        "execute": execute,
        "input_model": input,
        "output_model": output,
        "metadata": PluginMetadata(**metadata),
        "__qualname__": f"plugin[{metadata['name']}@{id(execute)}]",
    }
    return type("Made", (Plugin,), members)


async def echo(self: Any, input_data: Any) -> PluginOutput:
    return PluginOutput(data=input_data.n)
