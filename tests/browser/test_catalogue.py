"""Looking through the marketplace with a browser: filters, orders, the narrow page."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.admin._plugin import write_plugin
from tests.browser._axe import findings
from tests.browser.conftest import Site, Watch, log_in
from tests.browser.test_marketplace import PRICING

LIST = "team.list_members"
MOST_TABS = 20


def test_the_first_plugin_is_near_the_beginning_of_the_page(page: Page) -> None:
    page.reload()
    first = page.get_by_role("link", name=PRICING, exact=True)
    presses = 0
    while presses <= MOST_TABS and not first.evaluate("link => link === document.activeElement"):
        page.keyboard.press("Tab")
        presses += 1
    assert presses <= MOST_TABS


def test_filters_combine_and_the_address_restores_them(page: Page) -> None:
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("group", name="Category").get_by_label("identity").check()
    page.get_by_role("group", name="Status").get_by_label("Enabled").check()
    # Choices faster than the server's answers are one step of the history.
    expect(page).to_have_url(re.compile(r"\?category=identity&status=enabled$"))
    page.get_by_role("group", name="Tags").get_by_label("directory").check()
    expect(page).to_have_url(re.compile(r"\?category=identity&status=enabled&tag=directory$"))
    expect(page.get_by_role("group", name="Tags").get_by_label("directory")).to_be_focused()
    shown = page.locator("article h2").all_inner_texts()
    chips = page.get_by_role("list", name="Active filters").get_by_role("listitem")
    page.reload()
    assert page.locator("article h2").all_inner_texts() == shown
    expect(chips).to_have_count(4)
    page.go_back()
    expect(page).to_have_url(re.compile(r"\?category=identity&status=enabled$"))
    expect(chips).to_have_count(3)
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_role("group", name="Tags").get_by_label("directory")).not_to_be_checked()
    expect(page.get_by_role("group", name="Category").get_by_label("identity")).to_be_checked()
    page.go_forward()
    expect(page.get_by_role("group", name="Tags").get_by_label("directory")).to_be_checked()


def test_counts_of_other_filters_follow_a_choice(page: Page) -> None:
    page.get_by_role("button", name="Filters").click()
    tag = page.get_by_role("group", name="Tags").get_by_label("directory")
    expect(tag).to_be_enabled()
    page.get_by_role("group", name="Category").get_by_label("bali-zero").check()
    expect(tag).to_be_disabled()
    expect(page.locator("#facets")).to_be_visible()


def test_a_heading_orders_the_table_and_keeps_the_focus(page: Page, site: Site) -> None:
    site.execute(LIST)
    page.get_by_role("radio", name="Table").check()
    heading = page.get_by_role("columnheader", name="Calls 24 h")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(heading.get_by_role("button")).to_be_focused()
    expect(page).to_have_url(re.compile(r"sort=-calls&view=table$"))
    page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_label("Sort")).to_have_value("calls")


def test_several_are_chosen_asked_about_and_done_with_what_failed_still_chosen(
    page: Page, site: Site
) -> None:
    file = write_plugin(site.family, "browser.bulk")
    page.get_by_role("button", name="Discover").click()
    expect(page.locator("#outcome")).to_contain_text("browser.bulk")
    file.write_text("class Broken(\n")
    page.get_by_role("checkbox", name=f"Select {PRICING}").check()
    page.get_by_role("searchbox").fill("browser.bulk")
    expect(page.get_by_role("heading", name=PRICING)).to_be_hidden()
    page.get_by_role("checkbox", name="Select browser.bulk").check()
    bar = page.get_by_role("form", name="Selected plugins")
    expect(bar).to_contain_text("2 selected, 1 of them on other pages")
    bar.get_by_role("button", name="Reload").click()
    dialog = page.get_by_role("dialog", name="Reload 2 plugins?")
    expect(dialog).to_contain_text(PRICING)
    page.keyboard.press("Escape")
    expect(bar.get_by_role("button", name="Reload")).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Reload 2 plugins").click()
    outcome = page.get_by_role("status", name="What was done")
    expect(outcome).to_contain_text("1 reloaded, 1 failed.")
    expect(outcome).to_contain_text("Version 1.0.0 is still serving.")
    expect(outcome).to_be_focused()
    expect(page.get_by_role("checkbox", name="Select browser.bulk")).to_be_checked()
    expect(bar).to_contain_text("1 selected")
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()
    file.unlink()
    page.get_by_role("button", name="Discover").click()
    expect(page.locator("#outcome")).to_contain_text("1 gone")


def test_work_whose_answer_does_not_come_says_so(page: Page, watch: Watch) -> None:
    page.route("**/catalogue/discover/", lambda route: route.abort())
    page.get_by_role("button", name="Discover").click()
    expect(page.locator("#progress")).to_contain_text("The server did not answer.")
    assert all("ERR_FAILED" in text for text in watch.console)
    watch.console.clear()


def test_shift_chooses_a_range_and_the_heading_all(page: Page) -> None:
    page.get_by_role("radio", name="Table").check()
    boxes = page.locator("tbody [data-pick]")
    boxes.first.check()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.locator("tbody [data-pick]:checked")).to_have_count(3)
    heading = page.get_by_role("checkbox", name="Select all on this page")
    heading.check()
    heading.uncheck()
    expect(page.locator("tbody [data-pick]:checked")).to_have_count(0)


def test_what_is_chosen_can_be_taken_away_as_a_file(page: Page) -> None:
    page.get_by_role("checkbox", name=f"Select {PRICING}").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export JSON").click()
    exported = json.loads(download.value.path().read_text())
    assert [plugin["name"] for plugin in exported["plugins"]] == [PRICING]


@pytest.fixture
def narrow(site: Site, chromium: Browser, watch: Watch) -> Page:
    context = chromium.new_context(base_url=site.url, viewport={"width": 360, "height": 740})
    watch.over(context)
    page = context.new_page()
    log_in(page)
    return page


def test_on_a_narrow_page_filters_are_a_dialog_over_all_of_it(narrow: Page) -> None:
    narrow.get_by_role("button", name="Filters").click()
    dialog = narrow.get_by_role("dialog", name="Filters")
    expect(dialog).to_be_visible()
    assert dialog.bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 740}
    dialog.get_by_role("group", name="Category").get_by_label("bali-zero").check()
    expect(dialog.get_by_role("button", name="Show 1 result", exact=True)).to_be_visible()
    narrow.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(narrow.get_by_role("button", name="Filters")).to_be_focused()
    expect(narrow.locator("article")).to_have_count(1)
    narrow.get_by_role("button", name="Filters").click()
    dialog.get_by_role("button", name="Show 1 result").click()
    expect(dialog).to_be_hidden()
    narrow.context.close()


def test_filters_and_choices_are_accessible(site: Site, chromium: Browser) -> None:
    found: dict[str, list[str]] = {}
    for width in (1280, 320):
        context = chromium.new_context(
            base_url=site.url,
            viewport={"width": width, "height": 800},
            reduced_motion="reduce",
        )
        page = context.new_page()
        log_in(page)
        page.get_by_role("button", name="Filters").click()
        found[f"filters, {width}"] = findings(page, width)
        page.goto(f"/admin/plugins/?q={PRICING}")
        page.get_by_role("checkbox", name=f"Select {PRICING}").check()
        found[f"chosen, {width}"] = findings(page, width)
        page.get_by_role("form", name="Selected plugins").get_by_role(
            "button", name="Reload"
        ).click()
        page.get_by_role("dialog").wait_for()
        found[f"asked, {width}"] = findings(page, width)
        page.get_by_role("button", name="Reload 1 plugin").click()
        page.locator("#outcome").wait_for()
        found[f"done, {width}"] = findings(page, width)
        page.goto("/admin/plugins/?view=table")
        page.locator("#columns").click()
        found[f"columns, {width}"] = findings(page, width)
        page.goto(f"/admin/catalogue/bulk/?action=disable&name={PRICING}")
        found[f"asked on a page, {width}"] = findings(page, width)
        context.close()
    assert {name: each for name, each in found.items() if each} == {}


def test_columns_of_the_table_are_put_away(page: Page) -> None:
    page.goto("/admin/plugins/?view=table")
    version = page.get_by_role("columnheader", name="Version")
    expect(version).to_be_visible()
    page.locator("#columns").click()
    page.get_by_role("group", name="Show").get_by_label("Version").uncheck()
    page.get_by_role("button", name="Apply").click()
    expect(version).to_have_count(0)
    expect(page.locator("#columns")).to_be_focused()
    page.reload()
    expect(version).to_have_count(0)


def test_a_star_keeps_a_plugin_at_hand(page: Page) -> None:
    star = page.get_by_role("button", name=f"Favourite {PRICING}")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()
    page.goto("/admin/")
    page.keyboard.press("Control+k")
    group = page.get_by_role("dialog").get_by_role("group", name="Favourites")
    expect(group.get_by_role("option")).to_contain_text(PRICING)
    page.goto("/admin/plugins/?favourite=yes")
    expect(page.locator("article")).to_have_count(1)
    star.click()
    expect(page.locator("article")).to_have_count(0)


def test_filters_are_there_without_javascript(site: Site, chromium: Browser, watch: Watch) -> None:
    context = chromium.new_context(base_url=site.url, java_script_enabled=False)
    watch.over(context)
    page = context.new_page()
    log_in(page)
    page.get_by_role("group", name="Category").get_by_label("bali-zero").check()
    page.get_by_role("radio", name="Table").check()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Version").click()
    expect(page.get_by_role("columnheader", name="Version")).to_have_attribute(
        "aria-sort", "descending"
    )
    page.get_by_role("checkbox", name=f"Select {PRICING}").check()
    page.get_by_role("button", name="Reload selected plugins").click()
    page.get_by_role("button", name="Reload 1 plugin").click()
    expect(page.locator("#outcome")).to_contain_text("1 reloaded.")
    expect(page).to_have_url(re.compile(r"view=table&category=bali-zero"))
    context.close()
