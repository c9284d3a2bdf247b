"""Plugins outside any engine: constructed, configured, loaded and called by hand."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from pydantic import BaseModel

from plugins_app.core import Caller, CallerKind, Context, Plugin

ANONYMOUS = Caller(id="anonymous:192.0.2.1", kind=CallerKind.ANONYMOUS)
SIGNED_IN = Caller(id="user:7", kind=CallerKind.USER)


def loaded(plugin_class: type[Plugin[Any, Any]], **config: Any) -> Any:
    plugin = plugin_class()
    plugin.config = _config_model(plugin_class)(**config)
    plugin.on_load()
    return plugin


def _config_model(plugin_class: type[Plugin[Any, Any]]) -> type[BaseModel]:
    assert plugin_class.config_model is not None
    return plugin_class.config_model


def call(plugin: Any, input_data: Any, caller: Caller = ANONYMOUS) -> Any:
    context = Context(
        caller=caller,
        execution_id="01TEST",
        deadline=time.monotonic() + 10,
        log=logging.getLogger(__name__),
    )
    return asyncio.run(plugin.execute(input_data, context))
