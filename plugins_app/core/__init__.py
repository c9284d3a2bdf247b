"""The engine. Knows no Django; plugins import from here and from nowhere else of ours."""

from plugins_app.core.caller import Caller, CallerKind, Scope
from plugins_app.core.context import Context
from plugins_app.core.errors import PluginError, TransientError
from plugins_app.core.handlers import wrap_handler
from plugins_app.core.metadata import Deprecation, Example, PluginCategory, PluginMetadata
from plugins_app.core.plugin import Plugin, PluginInput, PluginOutput

__all__ = [
    "Caller",
    "CallerKind",
    "Context",
    "Deprecation",
    "Example",
    "Plugin",
    "PluginCategory",
    "PluginError",
    "PluginInput",
    "PluginMetadata",
    "PluginOutput",
    "Scope",
    "TransientError",
    "wrap_handler",
]
