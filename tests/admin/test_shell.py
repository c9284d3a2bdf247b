"""The frame around every page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.admin.conftest import PRICING


def html(client: Client, path: str) -> str:
    return client.get(path).content.decode()


@pytest.mark.parametrize(
    ("kept", "shown"), [("narrow", "narrow"), ("wide", "wide"), ("<b>", "wide")]
)
def test_the_width_of_the_navigation_is_in_the_first_byte(
    admin: Client, kept: str, shown: str
) -> None:
    admin.cookies["zantara_sidebar"] = kept
    assert f'data-sidebar="{shown}"' in html(admin, "/admin/plugins/")


@pytest.mark.parametrize(
    "path",
    ["/admin/plugins/", f"/admin/plugins/{PRICING}/", "/admin/auth/group/add/", "/problems/"],
)
def test_help_is_at_the_same_place_of_every_page(admin: Client, path: str) -> None:
    footer = html(admin, path).partition('<footer class="footer">')[2]
    assert footer.split("<span>")[0].count('href="/admin/help/"') == 1


def test_help_opens_without_a_login_and_shows_no_navigation(db: None, client: Client) -> None:
    assert client.get("/admin/help/").status_code == 200
    assert 'id="navigation"' not in html(client, "/admin/help/")


def test_help_of_an_operator_has_the_navigation_and_the_keys(admin: Client) -> None:
    page = html(admin, "/admin/help/")
    assert 'id="navigation"' in page
    assert "<kbd>j</kbd>" in page


def test_pages_are_bound_to_keys_only_where_they_may_be_opened(
    login: Callable[..., Client],
) -> None:
    page = html(login(), "/admin/plugins/")
    assert 'data-go="p"' in page
    assert 'data-go="k"' not in page
    assert "<kbd>k</kbd>" not in page.partition("<h3>Go to</h3>")[2]


def test_the_palette_offers_what_the_page_has(admin: Client) -> None:
    page = html(admin, f"/admin/plugins/{PRICING}/")
    for action in (f"Disable {PRICING}…", f"Reload {PRICING}", "Copy curl", "Metrics"):
        assert f'data-palette="{action}"' in page


def test_a_refused_action_is_offered_with_its_reason(login: Callable[..., Client]) -> None:
    page = html(login(), f"/admin/plugins/{PRICING}/")
    refused = page.partition(f'data-palette="Reload {PRICING}"')[2][:200]
    assert 'aria-disabled="true"' in refused
    assert 'aria-describedby="why-no-reload"' in refused


def test_a_window_of_the_stock_pages_has_no_palette(admin: Client) -> None:
    assert 'id="palette"' not in html(admin, "/admin/auth/group/add/?_popup=1")


def test_the_footer_names_the_commit_where_it_is_known(admin: Client, settings: Any) -> None:
    assert f"ZANTARA {settings.ZANTARA_VERSION}</span>" in admin.get("/admin/").content.decode()
    settings.ZANTARA_COMMIT = "5f3c2a1bd4"
    assert "(5f3c2a1)</span>" in admin.get("/admin/").content.decode()
