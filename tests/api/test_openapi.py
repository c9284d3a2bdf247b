"""GET /api/openapi.json and /api/docs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from drf_spectacular.validation import validate_schema

from plugins_app.models import ExecutionLog
from plugins_app.runtime.loop import engine_loop
from plugins_app.services import lifecycle
from plugins_app.services.audit import CLI
from tests.api._call import Headers, is_problem
from tests.api._document import JsonSchema, endpoints, validate

DOCUMENT = "/api/openapi.json"
DOCS = "/api/docs"
PLUGINS = Path(__file__).parent.parent.parent / "plugins"


@pytest.fixture
def real(settings: Any, plugin_folder: Path) -> None:
    """The real plugins beside the lab's; ask for it before the engine."""
    settings.ZANTARA_PLUGIN_DIRS = [*settings.ZANTARA_PLUGIN_DIRS, PLUGINS]


def served(client: Client, headers: Headers | None = None) -> JsonSchema:
    response = client.get(DOCUMENT, headers=headers or {})
    assert response.status_code == 200
    return response.json()  # type: ignore[no-any-return]


def described(document: JsonSchema) -> set[str]:
    """The plugins that the document has an execute path of its own for."""
    found = (re.fullmatch(r"/api/plugins/([^{/]+)/execute", path) for path in document["paths"])
    return {match[1] for match in found if match}


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def resolved(document: JsonSchema, reference: str) -> Any:
    value: Any = document
    for step in reference.removeprefix("#/").split("/"):
        value = value[step.replace("~1", "/").replace("~0", "~")]
    return value


# --- the document ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("real", "lab")
def test_the_document_is_openapi_3_1(client: Client, key: Any) -> None:
    document = served(client, key("admin"))

    assert document["openapi"].startswith("3.1")
    validate_schema(document)


def test_the_command_finds_nothing_to_warn_of() -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=StringIO())


@pytest.mark.usefixtures("real", "lab")
def test_operation_ids_are_unique(client: Client, key: Any) -> None:
    paths = served(client, key("admin"))["paths"].values()
    counted = Counter(each["operationId"] for item in paths for each in item.values())

    assert [id for id, times in counted.items() if times > 1] == []


@pytest.mark.usefixtures("real", "lab")
def test_every_reference_leads_somewhere(client: Client, key: Any) -> None:
    document = served(client, key("admin"))
    found = set(references(document))

    assert "#/components/schemas/bali_zero.pricing.input" in found
    for each in found:
        assert resolved(document, each) is not None


@pytest.mark.parametrize("id", sorted(endpoints()))
def test_every_operation_says_what_it_is(id: str) -> None:
    assert endpoints()[id].described["description"].strip()
    assert endpoints()[id].described["tags"] != [""]


@pytest.mark.usefixtures("lab")
def test_a_document_that_did_not_change_is_304(client: Client) -> None:
    etag = client.get(DOCUMENT)["ETag"]
    response = client.get(DOCUMENT, headers={"If-None-Match": etag})

    assert (response.status_code, response.content) == (304, b"")


def test_a_new_plugin_changes_the_document(client: Client, lab: Any, plugin_folder: Path) -> None:
    etag = client.get(DOCUMENT)["ETag"]
    (plugin_folder / "fresh.py").write_text(FRESH)
    engine_loop.run(lab.registry.load())
    response = client.get(DOCUMENT, headers={"If-None-Match": etag})

    assert response.status_code == 200
    assert "family.fresh" in described(response.json())


FRESH = """
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput

class Fresh(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="family.fresh")

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput()
"""


# --- the plugins in it ----------------------------------------------------------------------------


@pytest.mark.usefixtures("lab")
def test_anonymous_callers_find_no_trace_of_what_is_hidden_from_them(client: Client) -> None:
    text = client.get(DOCUMENT).content.decode()

    assert "lab.echo" in text
    for hidden in ("lab.private", "lab__private", "lab.admin", "lab__admin"):
        assert hidden not in text


@pytest.mark.usefixtures("lab")
def test_a_key_with_globs_finds_nothing_else(client: Client, key: Any) -> None:
    response = client.get(DOCUMENT, headers=key("list", plugins=["lab.e*"]))

    assert described(response.json()) == {"lab.echo", "lab.exact"}
    assert set(re.findall(rb"lab(?:\.|__)(\w+)", response.content)) == {b"echo", b"exact"}


@pytest.mark.usefixtures("real")
def test_an_administrator_finds_every_plugin(client: Client, key: Any, lab: Any) -> None:
    assert described(served(client, key("admin"))) == set(lab.registry.snapshot.active)


@pytest.mark.usefixtures("lab")
def test_a_key_without_the_scope_finds_no_plugin(client: Client, key: Any) -> None:
    response = client.get(DOCUMENT, headers=key("metrics"))

    assert described(response.json()) == set()
    assert b"lab." not in response.content


@pytest.mark.usefixtures("lab")
def test_the_schemas_are_those_of_the_detail(client: Client) -> None:
    schemas = served(client)["components"]["schemas"]
    detail = client.get("/api/plugins/lab.echo").json()["plugin"]

    assert schemas["lab.echo.input"] == detail["input_schema"]
    assert schemas["lab.echo.output"] == detail["output_schema"]


@pytest.mark.usefixtures("lab")
def test_a_deprecated_plugin_is_marked(client: Client) -> None:
    paths = served(client)["paths"]

    assert paths["/api/plugins/lab.old/execute"]["post"]["deprecated"] is True
    assert "deprecated" not in paths["/api/plugins/lab.echo/execute"]["post"]


@pytest.mark.usefixtures("lab")
def test_input_is_required_where_the_plugin_requires_some(client: Client) -> None:
    paths = served(client)["paths"]
    body = {
        name: paths[f"/api/plugins/lab.{name}/execute"]["post"]["requestBody"] for name in NEEDS
    }

    assert {name: each["required"] for name, each in body.items()} == NEEDS
    echo = body["echo"]["content"]["application/json"]["schema"]
    assert echo["required"] == ["input_data"]


NEEDS = {"echo": True, "limited": False}


@pytest.mark.usefixtures("real")
def test_the_examples_of_every_plugin_fit_its_schema(client: Client, key: Any, lab: Any) -> None:
    document = served(client, key("admin"))
    examples = [
        (plugin.name, example.input)
        for plugin in lab.registry.snapshot.active.values()
        for example in plugin.metadata.examples
    ]

    assert {name for name, _ in examples} >= {"bali_zero.pricing", "team.search_member"}
    for name, given in examples:
        validate(given, {"$ref": f"#/components/schemas/{name}.input"}, document)


@pytest.mark.usefixtures("real", "lab")
@pytest.mark.parametrize("name", ["bali_zero.pricing", "team.list_members", "lab.declines"])
def test_an_answer_fits_what_is_said_of_its_plugin(client: Client, name: str) -> None:
    path = f"/api/plugins/{name}/execute"
    response = client.post(path, b"{}", content_type="application/json")
    promised = served(client)["paths"][path]["post"]["responses"]["200"]

    assert response.status_code == 200
    validate(response.json(), promised["content"]["application/json"]["schema"], served(client))


@pytest.mark.usefixtures("lab")
def test_a_disabled_plugin_stays_described(client: Client) -> None:
    """It can be asked for, and says 409."""
    lifecycle.disable(["lab.echo"], CLI)

    assert "lab.echo" in described(served(client))


@pytest.mark.usefixtures("lab")
def test_reading_the_document_runs_nothing(client: Client) -> None:
    served(client)

    assert not ExecutionLog.objects.exists()


# --- the page -------------------------------------------------------------------------------------


@pytest.fixture
def page(client: Client, settings: Any) -> str:
    """With addresses that need nothing to be collected first."""
    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    response = client.get(DOCS)
    assert response.status_code == 200
    return response.content.decode()


def addresses(page: str) -> list[str]:
    return re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]*)"', page)


def test_the_page_loads_only_files_that_are_here(client: Client, page: str) -> None:
    assert f"{DOCS}?script=" in addresses(page)
    for each in addresses(page):
        if each.startswith(DOCS):
            assert client.get(each)["Content-Type"] == "application/javascript"
        else:
            assert finders.find(each.removeprefix("/static/")), each


def test_the_page_has_no_inline_script_or_style(page: str) -> None:
    assert re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", page) == []


@pytest.mark.usefixtures("page")
def test_the_policy_of_the_page_is_strict(client: Client) -> None:
    policy = client.get(DOCS)["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe-" not in policy


@pytest.mark.parametrize("query", ["lang=xx-lang", "version=xx-version", "script=xx-script"])
def test_nothing_in_the_address_gets_into_the_script(client: Client, query: str) -> None:
    script = client.get(f"{DOCS}?script=&{query}").content

    assert b'url: "/api/openapi.json",' in script
    assert query.partition("=")[2].encode() not in script


def test_the_page_is_only_read(client: Client) -> None:
    assert is_problem(client.post(DOCS), 405, "method_not_allowed")


def test_a_broken_document_is_told_from_a_good_one() -> None:
    """The validation above can fail."""
    with pytest.raises(Exception, match="is a required property"):
        validate_schema({"openapi": "3.1.0", "paths": {}})


def test_the_document_is_json_as_the_api_writes_it(client: Client, lab: Any) -> None:
    response = client.get(DOCUMENT)

    assert response["Content-Type"] == "application/json"
    assert json.loads(response.content)["info"]["title"] == "ZANTARA"
