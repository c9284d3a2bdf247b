"""An operator's way through the pages, as a browser sees them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.admin._plugin import write_plugin
from tests.browser._axe import findings
from tests.browser.conftest import Site, Watch, log_in

PRICING = "bali_zero.pricing"


def card(page: Page, name: str = PRICING) -> object:
    return page.locator(f'article[aria-labelledby="card-{name}"]')


def test_login_shows_the_three_plugins(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Plugins")
    for name in (PRICING, "team.list_members", "team.search_member"):
        expect(page.get_by_role("heading", name=name, level=2)).to_be_visible()


def test_search_narrows_as_one_types_and_stays_in_the_address(page: Page) -> None:
    page.get_by_role("searchbox").press_sequentially("pric")
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator("#results [role=status]")).to_contain_text("match")
    expect(page.locator("mark").first).to_have_text("pric")
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page).to_have_url(re.compile(r"\?q=pric$"))
    page.reload()
    expect(page.locator("article")).to_have_count(1)
    page.get_by_role("link", name="Remove filter Search: pric").click()
    expect(page.get_by_role("heading", name="team.list_members")).to_be_visible()
    page.go_back()
    expect(page.locator("article")).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_have_value("pric")


def test_a_category_filters(page: Page) -> None:
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("group", name="Category").get_by_label("bali-zero").check()
    expect(page.locator("article")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"category=bali-zero"))


def test_a_search_without_result_offers_the_way_back(page: Page) -> None:
    page.get_by_role("searchbox").fill("<b>nothing</b>")
    expect(page.get_by_role("heading", name="No plugins match")).to_be_visible()
    expect(page.locator(".empty em")).to_have_text("Search: <b>nothing</b>")
    page.get_by_role("link", name="Clear filters").click()
    expect(page.get_by_role("heading", name=PRICING)).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_the_detail_page_draws_what_was_called(page: Page, site: Site) -> None:
    for _ in range(3):
        assert site.execute(PRICING, query="E33G").status_code == 200
    page.get_by_role("link", name=PRICING, exact=True).click()
    page.get_by_role("link", name="Metrics", exact=True).click()
    calls = page.get_by_role("img", name=re.compile(r"^\d+ calls in the last 24 hours"))
    expect(calls).to_be_visible()
    page.get_by_role("link", name="1h", exact=True).click()
    expect(page).to_have_url(re.compile(r"range=1h"))
    expect(page.get_by_role("link", name="1h", exact=True)).to_be_focused()
    expect(page.get_by_role("img", name=re.compile(r"^\d+ calls in the last hour"))).to_be_visible()
    expect(page.locator("time").first).to_have_attribute("data-local", "")


def test_disable_asks_changes_the_badge_and_stops_callers(page: Page, site: Site) -> None:
    page.goto(f"/admin/plugins/{PRICING}/")
    page.get_by_role("button", name=f"Disable {PRICING}").click()
    dialog = page.get_by_role("dialog", name=f"Disable {PRICING}?")
    expect(dialog).to_contain_text("in the last 24 h")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name=f"Disable {PRICING}")).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_label("Reason").fill("a test")
    dialog.get_by_role("button", name="Disable").click()
    expect(page.locator("h1 + .meta .badge")).to_have_text("Disabled")
    expect(page.get_by_role("status").filter(has_text="is disabled").first).to_be_attached()
    expect(page.get_by_role("button", name=f"Enable {PRICING}")).to_be_focused()
    assert site.execute(PRICING).status_code == 409
    page.keyboard.press("Enter")
    expect(page.locator("h1 + .meta .badge")).to_have_text("Enabled")
    assert site.execute(PRICING).status_code == 200


def test_reload_brings_new_code_and_refuses_broken_code(page: Page, site: Site) -> None:
    name = "browser.echo"
    file = write_plugin(site.family, name)
    _until_served(page, site, name)
    page.goto(f"/admin/plugins/{name}/")
    write_plugin(site.family, name, "1.1.0")
    page.get_by_role("button", name=f"Reload {name}").click()
    # The server looks for itself after the reload before this one, and may have been faster.
    expect(page.locator("#toasts")).to_contain_text(re.compile(r"1\.0\.0 → 1\.1\.0|still 1\.1\.0"))
    assert site.execute(name).json()["data"] == {"version": "1.1.0"}
    file.write_text("class Broken(\n")
    page.get_by_role("button", name=f"Reload {name}").click()
    expect(page.get_by_role("alert").first).to_contain_text("Version 1.1.0 is still serving.")
    assert site.execute(name).json()["data"] == {"version": "1.1.0"}
    write_plugin(site.family, name, "1.2.0")
    page.get_by_role("button", name=f"Reload {name}").click()
    expect(page.locator("#toasts")).to_contain_text("1.2.0")


def _until_served(page: Page, site: Site, name: str) -> None:
    """Reloading a plugin beside it takes in what is new."""
    page.goto(f"/admin/plugins/{PRICING}/")
    page.get_by_role("button", name=f"Reload {PRICING}").click()
    expect(page.locator("#toasts")).to_contain_text("is reloaded")
    assert site.execute(name).status_code == 200


def test_an_answer_that_does_not_come_is_told_and_changes_nothing(page: Page, watch: Watch) -> None:
    page.route("**/reload/", lambda route: route.abort())
    page.get_by_role("button", name=f"Reload {PRICING}").click()
    expect(page.get_by_role("alert")).to_contain_text("The server did not answer.")
    expect(page.get_by_role("button", name=f"Reload {PRICING}")).to_be_enabled()
    assert all("ERR_FAILED" in text for text in watch.console)
    watch.console.clear()


def test_the_first_tab_skips_to_the_page(page: Page) -> None:
    page.reload()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_link_into_the_page_loads_nothing(page: Page) -> None:
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.resource_type))
    page.get_by_role("link", name="Skip to main content").press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.go_back()
    expect(page).to_have_url(re.compile(r"/admin/plugins/$"))
    assert "fetch" not in loaded


def test_the_theme_is_chosen_kept_and_there_before_the_script(page: Page) -> None:
    page.locator("details[data-menu] summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    response = page.reload()
    assert response
    assert 'data-theme="dark"' in response.text()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"


def test_everything_important_works_without_javascript(
    site: Site, chromium: Browser, watch: Watch
) -> None:
    context = chromium.new_context(base_url=site.url, java_script_enabled=False)
    watch.over(context)
    page = context.new_page()
    log_in(page)
    page.get_by_role("searchbox").fill("pric")
    page.keyboard.press("Enter")
    expect(page.locator("article")).to_have_count(1)
    page.get_by_role("button", name=f"Disable {PRICING}").click()
    expect(page.locator("article .badge")).to_have_text("Disabled")
    expect(page).to_have_url(re.compile(r"\?q=pric"))
    page.get_by_role("button", name=f"Enable {PRICING}").click()
    expect(page.locator("article .badge")).to_have_text("Enabled")
    context.close()


PAGES = {
    "dashboard": "/admin/",
    "health": "/admin/health/",
    "marketplace": "/admin/plugins/",
    "nothing found": "/admin/plugins/?q=zzzzzz",
    "table": "/admin/plugins/?view=table&sort=-calls&tag=pricing",
    "detail": f"/admin/plugins/{PRICING}/",
    "versions": f"/admin/plugins/{PRICING}/versions/",
    "try it": f"/admin/plugins/{PRICING}/try/",
    "docs": f"/admin/plugins/{PRICING}/docs/",
    "metrics": f"/admin/plugins/{PRICING}/metrics/",
    "users": "/admin/plugins_app/user/",
    "a user": "/admin/plugins_app/user/1/change/",
    "a new group": "/admin/auth/group/add/",
    "executions": "/admin/executions/",
}


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
    page.goto("/admin/login/")
    found = {"login": findings(page, width)}
    log_in(page)
    for name, path in PAGES.items():
        page.goto(path)
        if name == "metrics":
            expect(page.locator("#chart-calls[data-drawn]")).to_be_visible()
        found[name] = findings(page, width)
    page.goto("/admin/plugins/")
    page.get_by_role("button", name=f"Disable {PRICING}").click()
    found["dialog"] = findings(page, width)
    context.close()
    assert {name: each for name, each in found.items() if each} == {}
