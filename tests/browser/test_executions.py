"""The execution log as a browser sees it: live mode, search, one run."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser._axe import findings
from tests.browser.conftest import Site, Watch, log_in

PRICING = "bali_zero.pricing"
EXECUTIONS = "/admin/executions/"
STATES = {
    "executions": EXECUTIONS,
    "executions by error": f"{EXECUTIONS}?group=error",
    "executions by plugin": f"{EXECUTIONS}?group=plugin&range=7d",
    "executions, none": f"{EXECUTIONS}?q=plugin:zzz",
    "executions, not understood": f"{EXECUTIONS}?q=stauts:failed",
    "a plugin's executions": f"/admin/plugins/{PRICING}/logs/",
    "no such execution": f"{EXECUTIONS}01ARZ3NDEKTSV4RRFFQ69G5FAV/",
}


def ids(page: Page) -> list[str]:
    return page.locator("[data-row] a.mono").evaluate_all("links => links.map(a => a.title)")


def forget(watch: Watch, status: int) -> None:
    """The browser notes every answer of this kind; here it is what is wanted."""
    watch.console[:] = [text for text in watch.console if f"status of {status}" not in text]


def test_live_mode_never_moves_the_row_in_focus(page: Page, site: Site) -> None:
    for number in range(6):
        site.execute(PRICING, query=f"before {number}")
    page.clock.install()
    page.goto(EXECUTIONS)
    before = ids(page)
    with page.expect_response(re.compile("new.json")):
        page.get_by_role("button", name="Live", exact=True).click()
    expect(page).to_have_url(re.compile("live=1"))
    row = page.locator("[data-row]").nth(2).get_by_role("link").last
    row.focus()
    place = row.bounding_box()
    for number in range(3):
        site.execute(PRICING, query=f"new {number}")
    page.clock.run_for(6_000)
    news = page.get_by_role("button", name=re.compile("3 new runs"))
    expect(news).to_be_visible()
    expect(row).to_be_focused()
    assert row.bounding_box() == place
    assert ids(page) == before
    news.click()
    expect(news).to_be_hidden()
    expect(page.locator("[data-row]")).to_have_count(len(before) + 3)
    assert ids(page)[3:] == before
    expect(page.get_by_role("button", name="Live", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def test_live_mode_pauses_and_rests_while_nobody_is_there(page: Page, site: Site) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.goto(f"{EXECUTIONS}?live=1")
    live = page.get_by_role("button", name="Live", exact=True)
    expect(live).to_have_attribute("aria-pressed", "true")
    live.click()
    expect(live).to_have_attribute("aria-pressed", "false")
    expect(page).not_to_have_url(re.compile("live"))
    page.evaluate("() => fetch('/livez')")
    asked.clear()
    page.clock.run_for(30_000)
    assert [url for url in asked if "new.json" in url] == []
    with page.expect_response(re.compile("new.json")):
        live.click()
    page.clock.fast_forward(11 * 60_000)
    expect(page.locator("[data-live-state]")).to_contain_text("resting")


def test_a_search_is_in_the_address_and_its_chips_take_it_apart(page: Page, site: Site) -> None:
    site.execute(PRICING, query="E33G")
    page.goto(EXECUTIONS)
    box = page.get_by_label("Search executions")
    box.fill("status:succeeded source:rest")
    box.press("Enter")
    expect(page.get_by_role("link", name="Remove filter source:rest")).to_be_visible()
    expect(page).to_have_url(re.compile("q=status%3Asucceeded"))
    page.get_by_role("link", name="Remove filter status:succeeded").click()
    expect(page).to_have_url(re.compile(r"\?q=source%3Arest$"))
    expect(box).to_have_value("source:rest")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Status").select_option("failed")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("q=source%3Arest\\+status%3Afailed"))
    expect(page.get_by_role("heading", name="No runs match")).to_be_visible()
    page.go_back()
    expect(box).to_have_value("source:rest")


def test_the_search_box_completes_keys_and_values(page: Page, site: Site) -> None:
    site.execute(PRICING, query="E33G")
    page.goto(EXECUTIONS)
    box = page.get_by_label("Search executions")
    box.press_sequentially("sta")
    completions = page.locator("#run-completions")
    expect(completions.get_by_role("option")).to_have_text(["status:"])
    box.press("ArrowDown")
    expect(completions.get_by_role("option", selected=True)).to_have_text("status:")
    box.press("Enter")
    expect(box).to_have_value("status:")
    box.press_sequentially("succ")
    completions.get_by_role("option", name="status:succeeded").click()
    box.press_sequentially("plugin:pric")
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value(f"status:succeeded plugin:{PRICING} ")
    box.press_sequentially("sou")
    box.press("Escape")
    expect(completions).to_be_hidden()
    expect(box).to_be_focused()
    box.press("Backspace")
    expect(completions).to_be_visible()
    box.press("Backspace")
    box.press("Backspace")
    box.press("Enter")
    expect(page).to_have_url(re.compile(f"plugin%3A{PRICING}$"))
    expect(page.locator("[data-row]").first).to_be_visible()


def test_a_mistake_offers_what_was_probably_meant(page: Page, watch: Watch) -> None:
    page.goto(EXECUTIONS)
    box = page.get_by_label("Search executions")
    box.fill("stauts:succeeded")
    box.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("is no key")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Search executions")).to_have_value("status:succeeded")
    forget(watch, 400)


def test_a_bar_of_the_histogram_narrows_the_time(page: Page, site: Site) -> None:
    site.execute(PRICING, query="E33G")
    page.goto(f"{EXECUTIONS}?range=1h")
    page.locator(".run-histogram svg a").last.click()
    expect(page).to_have_url(re.compile("from=.*to="))
    expect(page.locator("[data-row]").first).to_be_visible()


def test_the_log_is_exported_from_a_real_server(page: Page, site: Site) -> None:
    site.execute(PRICING, query="E33G")
    page.goto(EXECUTIONS)
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    text = download.value.path().read_text()
    assert text.startswith("id,started_at")
    assert PRICING in text


def test_a_run_is_read_and_run_again(page: Page, site: Site) -> None:
    site.execute(PRICING, query="again")
    page.goto(EXECUTIONS)
    page.locator("[data-row] a.mono").first.click()
    expect(page.locator("#input-text")).to_contain_text('"query": "again"')
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the input").click()
    assert '"again"' in download.value.path().read_text()
    first = page.url
    page.get_by_role("button", name="Run again").click()
    expect(page.locator("#toasts")).to_contain_text("run again")
    assert page.url != first


@pytest.mark.parametrize("width", [1280, 320])
def test_pages_are_accessible_and_fit(site: Site, chromium: Browser, width: int) -> None:
    """axe draws style sheets of its own, so the console is not watched here."""
    site.execute(PRICING, query="E33G")
    site.execute(PRICING, nonsense=1)
    context = chromium.new_context(
        base_url=site.url,
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
    )
    page = context.new_page()
    log_in(page)
    found = {}
    for name, path in STATES.items():
        page.goto(path)
        found[name] = findings(page, width)
    page.goto(EXECUTIONS)
    for summary in ("Filters", "Data table", "Export"):
        page.get_by_text(summary, exact=True).click()
    page.get_by_role("button", name="Live", exact=True).click()
    page.goto(f"{EXECUTIONS}?q=status:succeeded")
    page.get_by_text("Save search", exact=True).click()
    page.get_by_label("Name").fill(f"Good {width}")
    found["saving"] = findings(page, width)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name=f"Good {width}")).to_have_attribute("aria-current", "true")
    page.get_by_label("Search executions").press_sequentially("status:")
    page.keyboard.press("ArrowDown")
    found["all open"] = findings(page, width)
    for status in ("refused", "succeeded"):
        page.goto(f"{EXECUTIONS}?q=status:{status}")
        page.locator("[data-row] a.mono").first.click()
        expect(page.locator("#facts-title")).to_be_visible()
        found[f"a {status} run"] = findings(page, width)
    context.close()
    assert {name: each for name, each in found.items() if each} == {}
