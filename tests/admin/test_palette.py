"""What the command palette is told, and by whom it may be asked."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import resolve

from plugins_app.admin.palette import index
from plugins_app.core.caller import Caller, CallerKind
from plugins_app.services import lifecycle
from plugins_app.services.audit import CLI
from tests.admin.conftest import PRICING

INDEX = "/admin/palette.json"
ULID = "01JD0000000000000000000000"


def test_the_index_has_each_plugin_with_what_it_is_found_by(admin: Client) -> None:
    [pricing] = [each for each in admin.get(INDEX).json()["plugins"] if each["name"] == PRICING]
    assert pricing["category"] == "bali-zero"
    assert pricing["icon"] == "tree-palm"
    assert pricing["tags"]
    assert "pricing" in pricing["description"].lower() or "price" in pricing["description"].lower()
    assert "status" not in pricing


def test_a_status_that_needs_attention_has_its_word(admin: Client) -> None:
    lifecycle.disable([PRICING], CLI, "")
    [pricing] = [each for each in admin.get(INDEX).json()["plugins"] if each["name"] == PRICING]
    assert pricing["status"] == {"word": "Disabled", "icon": "square", "tone": "off"}


def test_who_has_the_index_already_gets_304(admin: Client) -> None:
    first = admin.get(INDEX)
    assert first["Cache-Control"] == "private, no-cache"
    assert "Cookie" in first["Vary"]
    again = admin.get(INDEX, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_etag_changes_with_what_is_shown(admin: Client) -> None:
    first = admin.get(INDEX)
    lifecycle.disable([PRICING], CLI, "")
    again = admin.get(INDEX, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert again["ETag"] != first["ETag"]


def test_a_plugin_that_one_may_not_see_is_absent(engine: Any) -> None:
    caller = Caller(kind=CallerKind.KEY, id="key:1", plugins=("team.*",))
    found = index(caller, plugins=True, executions=True)
    assert {each["name"] for each in found["plugins"]} == {
        "team.list_members",
        "team.search_member",
    }


def test_without_the_permission_there_is_no_plugin_and_no_execution(
    engine: Any, client: Client, django_user_model: Any
) -> None:
    client.force_login(django_user_model.objects.create_user("made", is_staff=True))
    found = client.get(INDEX).json()
    assert (found["plugins"], found["plugin_url"], found["execution_url"]) == ([], "", "")
    assert found["execution_permission"] == "plugins_app.view_executionlog"


def test_the_addresses_of_the_index_lead_somewhere(admin: Client) -> None:
    found = admin.get(INDEX).json()
    assert admin.get(found["plugin_url"].replace("{}", PRICING)).status_code == 200
    assert admin.get(found["tag_url"].replace("{}", "pricing")).status_code == 200
    assert resolve(found["execution_url"].replace("{}", ULID)).kwargs


def test_the_index_costs_the_same_queries_for_many_plugins(
    admin: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(6):
        assert admin.get(INDEX).status_code == 200
