"""The catalogue as AI providers want it. `tools` can be passed on as it is; `name_map` leads from
a provider's tool name back to the plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from plugins_app.api import answers
from plugins_app.api.operation import operation
from plugins_app.api.parameters import ToolParameters
from plugins_app.api.views.base import ConditionalView
from plugins_app.core.caller import Scope
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.tools import anthropic_tools, name_map, openai_tools
from plugins_app.services import catalogue

Dialect = Callable[[Iterable[LoadedPlugin]], list[dict[str, Any]]]


class _ToolsView(ConditionalView):
    scope = Scope.LIST
    tag = "tools"

    def found(self, request: Request, query: ToolParameters, dialect: Dialect) -> HttpResponse:
        plugins = catalogue.usable_plugins(
            self.caller(request),
            model=query.model,
            category=query.category,
            names=query.names,
        )
        tools = dialect(plugins)
        return self.answer(
            {"success": True, "count": len(tools), "tools": tools, "name_map": name_map(plugins)}
        )


class AnthropicToolsView(_ToolsView):
    @operation("list_anthropic_tools", answers.AnthropicTools, query=ToolParameters)
    def get(self, request: Request, query: ToolParameters) -> HttpResponse:
        """What you may execute now, as Anthropic's tool definitions."""
        return self.found(request, query, anthropic_tools)


class OpenAIToolsView(_ToolsView):
    @operation("list_openai_tools", answers.OpenAITools, query=ToolParameters)
    def get(self, request: Request, query: ToolParameters) -> HttpResponse:
        """What you may execute now, as OpenAI's function tools."""
        return self.found(request, query, openai_tools)
