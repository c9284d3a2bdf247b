"""Keys, settings and the lists of the admin, as a browser sees them."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser._axe import findings
from tests.browser.conftest import Site, Watch, log_in

PRICING = "bali_zero.pricing"
SETTINGS = f"/admin/plugins/{PRICING}/config/"
KEYS = "/admin/api-keys/"
PAGES = {
    "all data": "/admin/data/",
    "one app": "/admin/auth/",
    "audit trail": "/admin/audit/",
    "an audit event": "/admin/audit/1/",
    "keys": KEYS,
    "a new key": f"{KEYS}new/",
    "a key": f"{KEYS}1/",
    "settings": SETTINGS,
    "plugin rows": "/admin/plugins_app/installedplugin/",
    "a plugin's row": f"/admin/plugins_app/installedplugin/{PRICING}/change/",
    "versions": "/admin/plugins_app/pluginversion/",
    "workers": "/admin/plugins_app/worker/",
    "counters": "/admin/plugins_app/metricminute/",
    "callers": "/admin/plugins_app/callerhour/",
    "attempts": "/admin/axes/accessattempt/",
    "registry": "/admin/plugins_app/registrystate/",
    "a new user": "/admin/plugins_app/user/add/",
    "history": "/admin/plugins_app/user/1/history/",
    "password": "/admin/password_change/",
    "not found": "/admin/plugins_app/worker/nothing/change/",
}


def create_key(page: Page, name: str) -> str:
    """The secret, from the page that shows it."""
    page.goto(f"{KEYS}new/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Store this key now")
    return page.locator("#secret").inner_text()


def forget(watch: Watch, status: int) -> None:
    """The browser notes every answer of this kind; here it is what is wanted."""
    watch.console[:] = [text for text in watch.console if f"status of {status}" not in text]


def test_a_key_is_shown_once_and_works(page: Page, site: Site) -> None:
    secret = create_key(page, "webapp")
    headers = {"Authorization": f"Bearer {secret}"}
    assert httpx.get(f"{site.url}/api/plugins/list", headers=headers).status_code == 200
    page.get_by_role("link", name="I have stored it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("API keys")
    assert secret not in page.content()
    page.get_by_role("link", name="webapp", exact=True).click()
    expect(page.get_by_text("Active")).to_be_visible()
    assert secret not in page.content()


def test_the_secret_can_be_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    secret = create_key(page, "copied")
    page.get_by_role("button", name="Copy the secret").click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == secret


def test_an_error_in_the_form_gets_the_focus_and_leads_to_the_field(
    page: Page, watch: Watch
) -> None:
    page.goto(f"{KEYS}new/")
    page.get_by_label("Plugins", exact=True).fill("not a <plugin>")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("alert").get_by_role("link", name="Plugins").click()
    expect(page.get_by_label("Plugins", exact=True)).to_be_focused()
    expect(page.get_by_label("Plugins", exact=True)).to_have_value("not a <plugin>")
    forget(watch, 400)


def test_a_revoked_key_stops_working(page: Page, site: Site) -> None:
    secret = create_key(page, "doomed")
    page.goto(f"{KEYS}?q=doomed")
    page.get_by_role("link", name="doomed", exact=True).click()
    page.locator("#revoke-confirm").fill("doomed")
    page.locator("#revoke-reason").fill("a test")
    page.get_by_role("button", name="Revoke doomed").click()
    expect(page.get_by_role("status").filter(has_text="is revoked").first).to_be_visible()
    headers = {"Authorization": f"Bearer {secret}"}
    assert httpx.get(f"{site.url}/api/plugins/list", headers=headers).status_code == 401


def test_a_lower_limit_holds_at_once_and_a_reset_lifts_it(page: Page, site: Site) -> None:
    page.goto(f"/admin/plugins/{PRICING}/")
    page.get_by_role("link", name="Config", exact=True).click()
    page.get_by_label("Rate limit").fill("1")
    page.get_by_label("Rate limit").press("Enter")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("In force: 1 / min per caller")).to_be_visible()
    statuses = {site.execute(PRICING, query=f"q{number}").status_code for number in range(3)}
    assert 429 in statuses
    page.get_by_role("button", name="Reset Rate limit to default").click()
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("In force: 100 / min per caller")).to_be_visible()
    assert site.execute(PRICING, query="again").status_code == 200


def test_two_operators_do_not_overwrite_each_other(page: Page, watch: Watch) -> None:
    page.goto(SETTINGS)
    other = page.context.new_page()
    other.goto(SETTINGS)
    review(other, "7")
    other.get_by_role("button", name="Save settings").click()
    expect(other.get_by_text("In force: 7 s")).to_be_visible()
    page.get_by_label("Timeout").fill("9")
    with page.expect_response(re.compile(r"/config/$")) as answered:
        page.get_by_role("button", name="Review changes").click()
    assert answered.value.status == 409
    expect(page.get_by_role("alert")).to_contain_text("Somebody else changed these settings")
    forget(watch, 409)
    expect(page.get_by_label("Timeout")).to_have_value("9")
    expect(page.get_by_text("In force: 7 s")).to_be_visible()


def review(page: Page, timeout: str) -> None:
    page.get_by_label("Timeout").fill(timeout)
    page.get_by_role("button", name="Review changes").click()


def test_settings_are_reviewed_by_keyboard_before_they_are_saved(page: Page) -> None:
    page.goto(SETTINGS)
    page.get_by_label("Timeout").fill("6")
    page.get_by_label("Timeout").press("Enter")
    expect(page.get_by_role("heading", name="1 change to save")).to_be_focused()
    page.get_by_role("button", name="Go on editing").click()
    expect(page.get_by_label("Timeout")).to_have_value("6")
    page.get_by_label("Timeout").press("Enter")
    page.locator("#reason").fill("a test")
    page.locator("#reason").press("Enter")
    expect(page.get_by_text("In force: 6 s")).to_be_visible()


def test_leaving_settings_that_were_changed_asks_first(page: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(SETTINGS)
    found = page.get_by_label("Timeout").input_value()
    page.get_by_label("Timeout").fill("11")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_label("Timeout")).to_have_value("11")
    assert asked == ["beforeunload"]
    page.get_by_label("Timeout").fill(found)
    page.get_by_role("link", name="Overview", exact=True).click()
    page.wait_for_url(f"**/{PRICING}/")
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("width", [1280, 320])
def test_pages_are_accessible_and_fit(site: Site, chromium: Browser, width: int) -> None:
    """axe draws style sheets of its own, so the console is not watched here."""
    site.execute(PRICING, query="E33G")
    context = chromium.new_context(
        base_url=site.url,
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
    )
    page = context.new_page()
    log_in(page)
    create_key(page, f"axe {width}")
    found = {"a secret": findings(page, width)}
    for name, path in PAGES.items():
        page.goto(path)
        found[name] = findings(page, width)
    page.goto(SETTINGS)
    page.get_by_label("Rate limit").fill("5000")
    page.get_by_role("button", name="Review changes").click()
    found["a wrong setting"] = findings(page, width)
    page.get_by_label("Rate limit").fill("50")
    page.get_by_role("button", name="Review changes").click()
    found["a review of settings"] = findings(page, width)
    page.goto(f"{KEYS}new/")
    page.get_by_role("button", name="Create key").click()
    found["a wrong key"] = findings(page, width)
    context.clear_cookies()
    for _ in range(5):
        page.goto("/admin/login/")
        page.get_by_label("Username").fill(f"nobody-{width}")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Too many failed logins")
    found["locked out"] = findings(page, width)
    context.close()
    assert {name: each for name, each in found.items() if each} == {}
