"""Running what plugins do when they come and go. A plain hook may block, so it gets a thread."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any

from plugins_app.core.errors import LoadError
from plugins_app.core.hiding import Hidden, hiding
from plugins_app.core.importing import as_load_error
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.plugin import Plugin
from plugins_app.core.threads import in_thread

logger = logging.getLogger(__name__)


async def run_on_load(plugin: LoadedPlugin, seconds: float) -> None:
    """Raises LoadError, also where the hook does not return in time."""
    try:
        await asyncio.wait_for(_call(plugin.plugin.on_load, Plugin.on_load), seconds)
    except TimeoutError as error:
        message = f"on_load did not return within {seconds:g} s"
        raise LoadError(message, file=plugin.path) from error
    except Exception as error:
        raise as_load_error(error, plugin.path) from error


async def run_on_unload(plugin: LoadedPlugin, seconds: float) -> None:
    """Whatever goes wrong is only logged: the plugin is gone already."""
    with hiding(Hidden(plugin.secrets)):
        try:
            await asyncio.wait_for(_call(plugin.plugin.on_unload, Plugin.on_unload), seconds)
        except Exception:
            logger.exception("on_unload failed", extra={"plugin": plugin.key})


async def _call(hook: Callable[[], Any], default: Callable[..., Any]) -> None:
    if getattr(hook, "__func__", None) is default:
        return
    try:
        result = hook() if inspect.iscoroutinefunction(hook) else await in_thread(hook, "hook")
        if inspect.isawaitable(result):
            await result
    except SystemExit as error:  # leaving a task, it would end the event loop
        raise RuntimeError("the hook called sys.exit") from error
