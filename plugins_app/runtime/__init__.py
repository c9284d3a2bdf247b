"""The engine joined to the world: settings, database, loop.

`from plugins_app.runtime import registry, executor` gives this process's own, built on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plugins_app.runtime.guide import Executor, Registry

    registry: Registry
    executor: Executor

__all__ = ["executor", "registry"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from plugins_app.runtime import guide

        return getattr(guide, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
