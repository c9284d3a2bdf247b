"""Calling a plugin by hand."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any, Literal

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, create_model

from plugins_app.admin.form_fields import form_fields
from plugins_app.core import PluginInput
from plugins_app.models import ExecutionLog
from plugins_app.services import lifecycle, sync
from plugins_app.services.audit import CLI
from tests.admin.conftest import PRICING
from tests.admin.test_pages import text

PAGE = f"/admin/plugins/{PRICING}/try/"
Login = Callable[..., Client]


def prefilled(response: Any) -> Any:
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", response.content.decode(), re.DOTALL)
    assert found
    return json.loads(unescape(found[1]))


def test_the_first_example_is_there_and_nothing_has_run(admin: Client) -> None:
    assert prefilled(admin.get(PAGE)) == {"service_type": "kitas"}
    assert not ExecutionLog.objects.exists()


def test_an_input_in_the_address_is_filled_in_and_not_run(admin: Client) -> None:
    given = urlsafe_b64encode(b'{"query": "E33G"}').decode().rstrip("=")
    assert prefilled(admin.get(f"{PAGE}?input={given}")) == {"query": "E33G"}
    assert not ExecutionLog.objects.exists()


@pytest.mark.parametrize("sent", ["%%%", "e30x", "bm9uZQ", "A" * 20_000, "_w"])
def test_nonsense_in_the_address_falls_back_to_the_example(admin: Client, sent: str) -> None:
    assert prefilled(admin.get(f"{PAGE}?input={sent}")) == {"service_type": "kitas"}


def test_without_a_script_it_runs_from_a_text(admin: Client) -> None:
    answer = admin.post(PAGE, {"input": '{"query": "E33G", "max_results": 1}'})
    assert "succeeded" in text(answer)
    assert "12500000" in text(answer)
    row = ExecutionLog.objects.get()
    assert (row.source, row.caller_name) == ("admin", "ayu")
    assert row.id in text(answer)


def test_what_is_no_json_or_does_not_fit_is_told_and_kept(admin: Client) -> None:
    broken = admin.post(PAGE, {"input": '{"query": '})
    assert broken.status_code == 400
    assert "not valid JSON" in text(broken)
    assert "{&quot;query&quot;: " in broken.content.decode()
    wrong = admin.post(PAGE, {"input": '{"max_results": 0}'})
    assert "refused" in text(wrong)
    assert "/max_results" in text(wrong)


def test_the_inputs_of_this_user_can_be_sent_again(admin: Client) -> None:
    admin.post(PAGE, {"input": '{"query": "E33G"}'})
    ExecutionLog.objects.create(
        id="0" * 26, plugin=PRICING, caller="key:other", source="rest", status="succeeded",
        started_at=ExecutionLog.objects.get().started_at, input='{"query": "secret"}',
    )  # fmt: skip
    history = admin.get(PAGE).content.decode().partition('id="try-history"')[2]
    assert "E33G" in history
    assert "secret" not in history


def test_who_may_not_execute_is_told_which_permission_it_takes(login: Login, settings: Any) -> None:
    settings.ZANTARA_ANONYMOUS_API = False
    client = login()
    assert "plugins_app.execute_plugin" in text(client.get(PAGE))
    assert client.post(PAGE, {"input": "{}"}).status_code == 403
    assert not ExecutionLog.objects.exists()


def test_a_disabled_plugin_is_not_run(admin: Client) -> None:
    lifecycle.disable([PRICING], CLI)
    assert "It is disabled" in text(admin.get(PAGE))
    assert admin.post(PAGE, {"input": "{}"}).status_code == 403


DELETING = """
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput


class Wipe(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="pages.wipe", destructive=True)

    async def execute(self, input_data):
        return PluginOutput(data="wiped")
"""


def test_what_destroys_runs_only_after_its_name_was_typed(family: Path, admin: Client) -> None:
    (family / "wipe.py").write_text(DELETING)
    sync.discover(CLI)
    page = "/admin/plugins/pages.wipe/try/"
    refused = admin.post(page, {"input": "{}"})
    assert refused.status_code == 400
    assert "type pages.wipe to confirm" in text(refused)
    assert "wiped" in text(admin.post(page, {"input": "{}", "confirm": "pages.wipe"}))


# --- the form -------------------------------------------------------------------------------------


def fields(**declared: Any) -> dict[str, dict[str, Any]]:
    schema = create_model("M", __base__=PluginInput, **declared).model_json_schema()
    return {field["name"]: field for field in form_fields(schema)["fields"]}


class Card(BaseModel):
    kind: Literal["card"]
    number: str


class Bank(BaseModel):
    kind: Literal["bank"]
    iban: str


class Node(BaseModel):
    name: str
    children: list[Node] = []


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ((str, ...), {"kind": "text", "required": True}),
        ((str, Field("", max_length=5000)), {"kind": "textarea", "default": ""}),
        ((int, Field(3, ge=1)), {"kind": "integer", "rules": {"minimum": 1}}),
        ((float, ...), {"kind": "number"}),
        ((bool, False), {"kind": "boolean", "default": False}),
        ((str | None, None), {"kind": "text", "nullable": True, "default": None}),
        ((Literal["a", "b"], ...), {"kind": "choice", "look": "radio", "options": ["a", "b"]}),
        ((list[str], []), {"kind": "list"}),
        ((set[Literal["a", "b"]], ...), {"kind": "checks", "options": ["a", "b"]}),
        ((Card, ...), {"kind": "object"}),
        ((Card | None, None), {"kind": "object", "nullable": True}),
        ((Card | Bank, Field(discriminator="kind")), {"kind": "union", "key": "kind"}),
        ((Card | Bank, ...), {"kind": "union", "key": "kind"}),
        ((dict[str, int], {}), {"kind": "object", "fields": []}),
        ((dict[str, Any], {}), {"kind": "object", "fields": []}),
        ((Any, None), {"kind": "json"}),
        ((int | str, ...), {"kind": "json"}),
        ((tuple[int, str], ...), {"kind": "json"}),
        ((list[Literal[tuple("abcdefghijklmnopqrstuvwxyz")]], ...), {"kind": "list"}),
    ],
)
def test_a_field_gets_the_control_that_fits_it(declared: Any, expected: dict[str, Any]) -> None:
    made = fields(a=declared)["a"]
    assert {name: made.get(name) for name in expected} == expected


def test_many_values_are_searched_and_some_are_chosen_from_a_list() -> None:
    many = fields(a=(Literal[tuple("abcdefghijklmnopqrstuvwxyz")], ...))["a"]
    some = fields(a=(Literal[tuple("abcdef")], ...))["a"]
    assert (many["look"], some["look"]) == ("combobox", "select")


def test_recursion_ends_in_json() -> None:
    field = fields(tree=(Node, ...))["tree"]
    depth = 0
    while field["kind"] != "json":
        field = field["item"] if field["kind"] == "list" else field["fields"][-1]
        depth += 1
    assert depth < 10


def test_other_fields_may_be_added_where_the_model_takes_them() -> None:
    class Open(PluginInput):
        model_config = ConfigDict(extra="allow")

    assert "extra" in form_fields(Open.model_json_schema())
    assert "extra" not in form_fields(PluginInput.model_json_schema())
    assert fields(a=(dict[str, int], {}))["a"]["extra"]["kind"] == "integer"


TYPES = st.recursive(
    st.sampled_from([str, int, float, bool, Literal["a", "b"], Card, Node, Any]),
    lambda inner: st.one_of(
        inner.map(lambda t: list[t]),  # type: ignore[valid-type]
        inner.map(lambda t: dict[str, t]),  # type: ignore[valid-type]
        inner.map(lambda t: t | None if t is not Any else t),
    ),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from("abcd"), TYPES, max_size=4))
def test_every_model_becomes_a_form_with_all_its_fields(declared: dict[str, Any]) -> None:
    made = fields(**{name: (kind, ...) for name, kind in declared.items()})
    assert made.keys() == declared.keys()
    json.dumps(made)
