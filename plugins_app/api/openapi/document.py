"""The whole document, for a caller who may see these plugins."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from plugins_app.api.openapi.components import COMPONENTS, JsonSchema
from plugins_app.core.loaded import LoadedPlugin

EXECUTE_PATH = "/api/plugins/{name}/execute"


@cache
def endpoints_document() -> JsonSchema:
    """What does not depend on the plugins. Shared: copy before changing."""
    document: JsonSchema = SchemaGenerator().get_schema(public=True)
    return document


def document(plugins: Iterable[LoadedPlugin]) -> JsonSchema:
    """With an execute path per plugin, and its schemas as `<plugin>.input` and `.output`."""
    base = endpoints_document()
    paths, schemas = dict(base["paths"]), dict(base["components"]["schemas"])
    for plugin in plugins:
        schemas |= _schemas_of(plugin)
        paths[EXECUTE_PATH.format(name=plugin.name)] = _execute_path(plugin, paths[EXECUTE_PATH])
    return {**base, "paths": paths, "components": {**base["components"], "schemas": schemas}}


def _schemas_of(plugin: LoadedPlugin) -> dict[str, JsonSchema]:
    return {
        name: _moved(schema, f"{COMPONENTS}{name}")
        for name, schema in (
            (f"{plugin.name}.input", plugin.input_schema),
            (f"{plugin.name}.output", plugin.output_schema),
        )
    }


def _execute_path(plugin: LoadedPlugin, any_plugin: JsonSchema) -> JsonSchema:
    post, metadata = any_plugin["post"], plugin.metadata
    needs_input = bool(plugin.input_schema.get("required"))
    body = {
        **_narrowed("ExecuteBody", {"input_data": {"$ref": f"{COMPONENTS}{plugin.name}.input"}}),
        **({"required": ["input_data"]} if needs_input else {}),
    }
    return {
        "post": {
            **post,
            "operationId": f"execute_{plugin.name.replace('.', '__')}",
            "summary": metadata.description,
            "tags": [str(metadata.category)],
            "parameters": [each for each in post["parameters"] if each["in"] != "path"],
            "requestBody": {
                "required": needs_input,
                "content": {"application/json": {"schema": body}},
            },
            "responses": {**post["responses"], "200": _answer_of(plugin, post["responses"]["200"])},
            **({"deprecated": True} if metadata.deprecated else {}),
        }
    }  # fmt: skip


def _answer_of(plugin: LoadedPlugin, any_answer: JsonSchema) -> JsonSchema:
    """A failed answer may leave required fields of its data out."""
    whole = {"$ref": f"{COMPONENTS}{plugin.name}.output"}
    data = {"anyOf": [whole, {"type": "object"}, {"type": "null"}]}
    schema = _narrowed("ExecuteAnswer", {"data": data})
    return {**any_answer, "content": {"application/json": {"schema": schema}}}


def _narrowed(component: str, properties: JsonSchema) -> JsonSchema:
    return {"allOf": [{"$ref": f"{COMPONENTS}{component}"}], "properties": properties}


def _moved(schema: JsonSchema, to: str) -> JsonSchema:
    """References of a schema that was the root of its document hold where it lies now."""

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(item) for key, item in value.items()}
        if isinstance(value, list):
            return [moved(item) for item in value]
        if isinstance(value, str) and value.startswith("#/$defs/"):
            return f"{to}{value.removeprefix('#')}"
        return value

    return moved(schema)  # type: ignore[no-any-return]
