"""What operators of every kind see."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from plugins_app.core.caller import SYSTEM_CALLER
from plugins_app.models import User
from plugins_app.services import lifecycle, sync
from plugins_app.services.audit import CLI
from plugins_app.services.execute import execute_and_wait
from tests.admin._plugin import write_plugin
from tests.admin.conftest import PRICING

MARKETPLACE = "/admin/plugins/"
DETAIL = f"/admin/plugins/{PRICING}/"
Login = Callable[..., Client]


def text(response: Any) -> str:
    """What a reader sees, on one line."""
    body = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", body))


def cards(response: Any) -> list[str]:
    return re.findall(r'<article[^>]*aria-labelledby="card-([^"]+)"', response.content.decode())


@pytest.mark.parametrize("path", [MARKETPLACE, DETAIL, "/admin/charts/calls.json"])
def test_nobody_gets_in_without_a_login(db: None, client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/?next=")


@pytest.mark.parametrize("path", [MARKETPLACE, DETAIL, f"{DETAIL}config/"])
def test_staff_without_the_permission_is_told_which_it_takes(login: Login, path: str) -> None:
    client = login()
    User.objects.get().user_permissions.clear()
    response = client.get(path)
    assert response.status_code == 403
    assert b"plugins_app.view_installedplugin" in response.content


def test_the_address_without_its_slash_leads_to_the_marketplace(admin: Client) -> None:
    assert admin.get("/admin/plugins")["Location"] == MARKETPLACE


def test_the_address_without_a_slash_keeps_its_filters(admin: Client) -> None:
    assert admin.get("/admin/plugins?q=pric")["Location"] == "/admin/plugins/?q=pric"


def test_the_marketplace_shows_every_plugin_with_its_status(admin: Client) -> None:
    response = admin.get(MARKETPLACE)
    assert cards(response) == [PRICING, "team.list_members", "team.search_member"]
    assert "3 plugins" in text(response)
    assert response.content.decode().count("badge-ok") == 3


def test_a_disabled_plugin_says_so(admin: Client) -> None:
    lifecycle.disable([PRICING], CLI)
    response = admin.get(f"{MARKETPLACE}?status=disabled")
    assert cards(response) == [PRICING]
    assert "Disabled" in text(response)


def test_search_finds_by_a_part_of_the_name(admin: Client) -> None:
    response = admin.get(f"{MARKETPLACE}?q=pric")
    assert cards(response) == [PRICING]
    assert "1 of 3 plugins matches" in text(response)


def test_categories_filter_and_count(admin: Client) -> None:
    response = admin.get(f"{MARKETPLACE}?category=bali-zero")
    assert cards(response) == [PRICING]
    assert re.search(r"bali-zero\s+1\b", text(response))


def test_a_search_without_result_is_echoed_as_text(admin: Client) -> None:
    response = admin.get(MARKETPLACE, {"q": "<script>alert(1)</script>"})
    assert "No plugins match" in text(response)
    assert escape("<script>alert(1)</script>") in response.content.decode()
    assert "<script>alert" not in response.content.decode()


@pytest.mark.parametrize("query", ["?page=99", "?page=x", "?status=%00", "?q=%00", "?category=no"])
def test_odd_addresses_are_answered(admin: Client, query: str) -> None:
    assert admin.get(MARKETPLACE + query).status_code == 200


def test_a_hostile_description_is_shown_as_text(family: Path, admin: Client) -> None:
    hostile = "<img src=x onerror=alert(1)>{% now %}"
    write_plugin(family, description=hostile)
    sync.discover(CLI)
    for path in (MARKETPLACE, "/admin/plugins/pages.echo/"):
        body = admin.get(path).content.decode()
        assert escape(hostile) in body
        assert "<img src=x" not in body


def test_the_detail_page_shows_schemas_names_and_facts(admin: Client) -> None:
    shown = text(admin.get(DETAIL))
    for expected in (
        "service_type",
        "prices[].amount_idr",
        "at most 200 characters",
        "bali_zero__pricing",
        "get_pricing",
        "100 / min per caller",
        "5 min, shared by all callers",
        "curl -X POST http://testserver/api/plugins/bali_zero.pricing/execute",
    ):
        assert expected in shown


def test_calls_show_in_the_figures_and_the_log(admin: Client) -> None:
    execute_and_wait(PRICING, {"query": "E33G"}, caller=SYSTEM_CALLER, source="cli")
    assert "Calls 1 0 refused" in text(admin.get(f"{DETAIL}metrics/"))
    shown = text(admin.get(DETAIL))
    assert "100 %" in shown
    assert re.search(r"Succeeded [\d.]+ ms system cli 01", shown)


def test_a_plugin_that_nobody_called_has_no_rates(admin: Client) -> None:
    assert "No calls in this range." in text(admin.get(f"{DETAIL}metrics/"))
    assert "Success n/a" in text(admin.get(DETAIL))


def test_the_quality_of_a_plugin_is_told_with_what_is_missing(family: Path, admin: Client) -> None:
    write_plugin(family)
    sync.discover(CLI)
    shown = text(admin.get("/admin/plugins/pages.echo/"))
    assert "Quality No tier yet" in shown
    assert "Has an example (not yet) Add one to the metadata." in shown


def test_an_alias_leads_to_the_canonical_address(admin: Client) -> None:
    assert admin.get("/admin/plugins/get_pricing/")["Location"] == DETAIL


def test_an_unknown_plugin_is_404_with_a_suggestion(admin: Client) -> None:
    response = admin.get("/admin/plugins/bali_zero.pricin/")
    assert response.status_code == 404
    assert "Did you mean bali_zero.pricing" in text(response)


def test_a_viewer_sees_controls_that_say_what_they_need(login: Login) -> None:
    client = login()
    for path in (MARKETPLACE, DETAIL):
        body = client.get(path).content.decode()
        assert 'aria-describedby="why-no-switch"' in body
        assert 'id="why-no-switch"' in body
        assert 'aria-describedby="why-no-reload"' in body
        assert "plugins_app.enable_plugin" in body
        assert "plugins_app.reload_plugin" in body
        assert f"{DETAIL}disable/" not in body


def test_metrics_and_executions_need_their_permissions(login: Login) -> None:
    body = login().get(DETAIL).content.decode()
    assert "plugins_app.view_metrics" in body
    assert "plugins_app.view_executionlog" in body
    assert "/metrics/" not in body


def test_a_plugin_that_does_not_load_shows_the_place_and_the_traceback(
    family: Path, admin: Client
) -> None:
    (family / "broken_plugin.py").write_text("import no_such_module_at_all\n")
    sync.discover(CLI)
    listed = admin.get(f"{MARKETPLACE}?status=load_error")
    (name,) = cards(listed)
    assert "Load error, ModuleNotFoundError" in text(listed)
    shown = text(admin.get(f"/admin/plugins/{name}/"))
    assert "broken_plugin.py:1" in shown
    assert "Traceback (most recent call last)" in shown


def test_the_navigation_has_only_what_the_user_may_open(login: Login) -> None:
    body = login("view_executionlog").get(MARKETPLACE).content.decode()
    navigation = body.partition("<nav")[2].partition("</nav>")[0]
    assert re.findall(r"sidebar-label\">([^<]+)</span></a>", navigation) == [
        "Dashboard",
        "Plugins",
        "Executions",
        "All data",
    ]
    assert 'aria-current="page"' in navigation


def test_every_link_of_the_navigation_answers(admin: Client) -> None:
    body = admin.get(MARKETPLACE).content.decode()
    links = re.findall(r'<a href="([^"]+)"', body.partition("<nav")[2].partition("</nav>")[0])
    assert len(links) == 9
    assert [admin.get(link).status_code for link in links] == [200] * 9


STOCK = ["/admin/password_change/", "/admin/plugins_app/user/add/", "/admin/auth/group/add/"]


@pytest.mark.parametrize("path", [MARKETPLACE, DETAIL, "/admin/login/", "/no/such/page", *STOCK])
def test_pages_hold_no_inline_script_or_style_and_allow_none(admin: Client, path: str) -> None:
    response = admin.get(path)
    body = response.content.decode()
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", body)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', body)


@pytest.mark.parametrize("path", [MARKETPLACE, DETAIL, "/admin/plugins_app/user/", *STOCK])
def test_pages_have_one_heading_a_skip_link_and_a_title_of_their_own(
    admin: Client, path: str
) -> None:
    body = admin.get(path).content.decode()
    assert len(re.findall(r"<h1[\s>]", body)) == 1
    assert body.index('class="skip"') < body.index("<header")
    assert re.search(r"<title>[^<]*- ZANTARA\s*</title>", body)


def test_an_error_page_needs_neither_user_nor_database(client: Client) -> None:
    response = client.get("/no/such/page")
    assert response.status_code == 404
    assert "There is nothing at this address" in text(response)
