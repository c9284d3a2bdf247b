"""What a plugin's author and its schemas say about it, for whoever wants to call it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from plugins_app.admin.detail import page_of
from plugins_app.admin.markdown import rendered
from plugins_app.admin.pages.plugin import render_tab, tab
from plugins_app.admin.samples import samples
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.metadata import PluginMetadata
from plugins_app.services.catalogue import PluginView


@dataclass(frozen=True, slots=True)
class Failure:
    """`slug` is that of the page below /problems/ which explains it."""

    status: int
    slug: str
    when: str


@require_safe
@tab
def docs(request: HttpRequest, view: PluginView) -> HttpResponse:
    plugin, base = view.loaded, request.build_absolute_uri("/").rstrip("/")
    context = page_of(view, base)
    if plugin:
        context |= {
            "text": rendered(_written(plugin)),
            "samples": samples(plugin, base),
            "failures": list(_failures(plugin.metadata)),
        }
    return render_tab(request, view, "admin:plugin-docs", context)


def _written(plugin: LoadedPlugin) -> str:
    """The module's docstring and the class's own."""
    module, own = sys.modules.get(plugin.module), type(plugin.plugin).__dict__.get("__doc__")
    parts = [inspect.getdoc(module) if module else "", inspect.cleandoc(own) if own else ""]
    return "\n\n".join(filter(None, parts)) or plugin.metadata.description


def _failures(metadata: PluginMetadata) -> Iterator[Failure]:
    """Those that a caller of this plugin may meet, most usual first."""
    yield Failure(422, "invalid-input", "The input does not fit the schema.")
    if metadata.requires_auth or metadata.requires_admin:
        yield Failure(401, "unauthenticated", "There is no API key, or it is not valid.")
    if metadata.rate_limit:
        limit = f"More than {metadata.rate_limit:,} calls in a minute."
        yield Failure(429, "rate-limited", limit)
    if metadata.max_concurrency:
        at_once = f"More than {metadata.max_concurrency} calls at once."
        yield Failure(429, "concurrency-limited", at_once)
    yield Failure(409, "plugin-disabled", "An operator has switched it off.")
    yield Failure(500, "plugin-error", "The plugin says why it could not do it.")
    yield Failure(503, "circuit-open", "It failed too often lately; nothing was called.")
    yield Failure(504, "timeout", f"It took longer than {metadata.attempt_timeout:g} s.")
