"""The catalogue as AI providers want it. `tools` can be passed on as it is; `name_map` leads from
a provider's tool name back to the plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

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


class _ToolsView(ConditionalView):
    scope = Scope.LIST
    tag = "tools"
    dialect: ClassVar[Callable[[Iterable[LoadedPlugin]], list[dict[str, Any]]]]

    def tools(self, request: Request, query: ToolParameters) -> HttpResponse:
        plugins = catalogue.usable_plugins(
            self.caller(request),
            model=query.model,
            category=query.category,
            names=query.names,
        )
        tools = type(self).dialect(plugins)
        return self.answer(
            {"success": True, "count": len(tools), "tools": tools, "name_map": name_map(plugins)}
        )


class AnthropicToolsView(_ToolsView):
    dialect = staticmethod(anthropic_tools)

    @operation("list_anthropic_tools", answers.AnthropicTools, query=ToolParameters)
    def get(self, request: Request, query: ToolParameters) -> HttpResponse:
        """What you may execute now, as Anthropic's tool definitions."""
        return self.tools(request, query)


class OpenAIToolsView(_ToolsView):
    dialect = staticmethod(openai_tools)

    @operation("list_openai_tools", answers.OpenAITools, query=ToolParameters)
    def get(self, request: Request, query: ToolParameters) -> HttpResponse:
        """What you may execute now, as OpenAI's function tools."""
        return self.tools(request, query)
