from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from plugins_app.api.parameters import ToolParameters, parse
from plugins_app.api.views.base import ConditionalView
from plugins_app.core.caller import Scope
from plugins_app.core.tools import anthropic_tools, name_map
from plugins_app.services import catalogue


class AnthropicToolsView(ConditionalView):
    scope = Scope.LIST

    def get(self, request: Request) -> HttpResponse:
        chosen = parse(ToolParameters, request)
        plugins = catalogue.usable_plugins(
            self.caller(request),
            model=chosen.model,
            category=chosen.category,
            names=chosen.names,
        )
        tools = anthropic_tools(plugins)
        return self.answer(
            {"success": True, "count": len(tools), "tools": tools, "name_map": name_map(plugins)}
        )
