"""How drf-spectacular is to describe our models and our authentication."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib.pydantic import PydanticExtension
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from pydantic.json_schema import model_json_schema

COMPONENTS = "#/components/schemas/"
JsonSchema = dict[str, Any]


class PydanticModels(PydanticExtension):
    """Requests are described as they are validated: what has a default may be left out."""

    priority = 1

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> JsonSchema:
        schema: JsonSchema = model_json_schema(
            self.target, ref_template=f"{COMPONENTS}{{model}}", mode="validation"
        )
        for name, shared in schema.pop("$defs", {}).items():
            component = ResolvedComponent(
                name, ResolvedComponent.SCHEMA, schema=shared, object=name
            )
            auto_schema.registry.register_on_missing(component)
        return schema


class CallerScheme(OpenApiAuthenticationExtension):
    target_class = "plugins_app.api.authentication.CallerAuthentication"
    name = ["apiKey", "session"]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        return [{"apiKey": []}, {"session": []}]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[JsonSchema]:
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "zan_..."},
            {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        ]
