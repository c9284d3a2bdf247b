from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request

from plugins_app.api import answers
from plugins_app.api.operation import operation
from plugins_app.api.views.base import ConditionalView
from plugins_app.core.caller import Scope
from plugins_app.services import catalogue


class OpenApiView(ConditionalView):
    scope = None
    tag = "documentation"

    @operation("get_openapi", answers.OpenAPIDocument)
    def get(self, request: Request) -> HttpResponse:
        """This document: every endpoint, and the plugins that you may see with their schemas."""
        from plugins_app.api.openapi.document import (
            document,  # lists the views, so it cannot come first
        )

        caller = self.caller(request)
        plugins = catalogue.visible_plugins(caller) if caller.may(Scope.LIST) else []
        return self.answer(document(plugins))


class SwaggerView(SpectacularSwaggerSplitView):
    """A page for people, from our own files alone. It shows what its reader may see."""

    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [TemplateHTMLRenderer]
    http_method_names = ["get", "head"]  # DRF's own OPTIONS has no template here
    template_name = "api/docs.html"
    url = "/api/openapi.json"
    title = "ZANTARA API"

    def _get_schema_url(self, request: Request) -> str:
        """Without the `lang` and `version` that the document would refuse."""
        return self.url
