"""The frame, by keyboard: palette, shortcuts, messages, and no connection."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser._axe import findings
from tests.browser.conftest import Site, Watch, log_in

PRICING = "bali_zero.pricing"
DETAIL = f"/admin/plugins/{PRICING}/"
ULID = "01JD0000000000000000000000"
MANY = 1000
KEYS_OFF = "Shortcuts of single keys"


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search plugins")).to_be_focused()
    expect(page.locator("#palette-status")).to_contain_text("result")


def selected(page: Page) -> str:
    """The label of the option that Enter would take, by what the input tells a screen reader."""
    shown = page.locator("#palette-input").get_attribute("aria-activedescendant")
    return page.locator(f"#{shown}[aria-selected=true] .palette-label").inner_text()


def focus_is_seen(page: Page) -> bool:
    """Whether what has the focus is in the window, and nothing lies over its middle."""
    return bool(
        page.evaluate(
            """() => {
                const has = document.activeElement;
                const box = has.getBoundingClientRect();
                const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
                const top = document.elementFromPoint(x, y);
                return box.width > 0 && Boolean(top) && (has.contains(top) || top.contains(has));
            }"""
        )
    )


def test_the_palette_finds_marks_and_opens_a_plugin(page: Page) -> None:
    open_palette(page)
    page.keyboard.type("pric")
    expect(page.locator("#palette-list mark").first).to_have_text("pric")
    assert selected(page) == PRICING
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"{DETAIL}$"))


def test_arrows_home_and_end_move_and_escape_gives_the_focus_back(page: Page) -> None:
    page.get_by_role("button", name="Search or jump to").click()
    expect(page.locator("#palette-status")).to_contain_text("result")
    options = page.locator("#palette-list [role=option] .palette-label").all_inner_texts()
    assert len(options) > 3
    moves = {"ArrowDown": 1, "ArrowUp": 0, "End": -1, "PageUp": -9, "Home": 0}
    for key, place in moves.items():
        page.keyboard.press(key)
        assert selected(page) == options[place], key
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.get_by_role("button", name="Search or jump to")).to_be_focused()


def test_tab_stays_in_the_palette(page: Page) -> None:
    open_palette(page)
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body"
            " || Boolean(document.activeElement.closest('#palette'))"
        )


@pytest.mark.parametrize(
    ("typed", "kinds"),
    [(">", {"On this page"}), ("@", {"Plugins"}), ("#", {"Tags"}), (f"!{ULID}", {"Execution"})],
)
def test_a_prefix_searches_one_kind_alone(page: Page, typed: str, kinds: set[str]) -> None:
    page.goto(DETAIL)
    open_palette(page)
    page.keyboard.type(typed)
    expect(page.locator(".palette-group-head").first).to_have_text(next(iter(kinds)))
    assert set(page.locator(".palette-group-head").all_inner_texts()) == kinds


def test_a_pasted_id_leads_to_its_execution(page: Page, site: Site) -> None:
    answer = site.execute(PRICING, query="E33G").json()
    id = answer["metadata"]["execution_id"]
    open_palette(page)
    page.locator("#palette-input").fill(f" {id.lower()} ")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/admin/executions/{id}/$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(PRICING)


def test_disable_from_the_palette_asks_first(page: Page, site: Site) -> None:
    page.goto(DETAIL)
    open_palette(page)
    page.keyboard.type("> disable")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=f"Disable {PRICING}?")).to_be_visible()
    assert site.execute(PRICING, query="E33G").status_code == 200
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=f"Disable {PRICING}")).to_be_focused()


def test_curl_is_copied_from_the_palette(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(DETAIL)
    open_palette(page)
    page.keyboard.type("copy curl")
    page.keyboard.press("Enter")
    expect(page.locator("#announcer")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("curl -X POST")


def test_what_was_looked_at_comes_first(page: Page) -> None:
    page.goto("/admin/plugins/team.list_members/")
    page.goto("/admin/plugins/")
    open_palette(page)
    expect(page.locator(".palette-group-head").first).to_have_text("Recent")
    assert selected(page) == "team.list_members"


def test_markup_in_a_name_is_text(page: Page) -> None:
    """What was typed, too."""
    page.route("**/palette.json", _index(lambda number: f"<img src=x onerror=alert({number})>"))
    open_palette(page)
    page.keyboard.type("@img")
    expect(page.locator("#palette-list [role=option]").first).to_contain_text("<img src=x")
    page.locator("#palette-input").fill("<i>none</i>")
    expect(page.locator("#palette-empty")).to_contain_text("“<i>none</i>”")
    assert page.locator("#palette img, #palette i").count() == 0


def test_a_thousand_plugins_are_counted_and_few_are_drawn(page: Page) -> None:
    page.route("**/palette.json", _index(lambda number: f"family{number % 9}.plugin_{number}"))
    open_palette(page)
    page.keyboard.type("@plugin_")
    expect(page.locator("#palette-status")).to_have_text("1,000 results, 50 shown")
    expect(page.locator("#palette-list [role=option]")).to_have_count(50)
    page.locator("#palette-input").fill("@plugin_777")
    expect(page.locator("#palette-status")).to_have_text("1 result")


def _index(name: Callable[[int], str]) -> Callable[[Route], None]:
    fields = {"description": "", "category": "general", "icon": "box", "tags": [], "aliases": []}
    body = {
        "plugins": [{"name": name(number), **fields} for number in range(MANY)],
        "plugin_url": "/admin/plugins/{}/",
        "tag_url": "/admin/plugins/?tag={}",
        "execution_url": "",
        "execution_permission": "",
    }
    return lambda route: route.fulfill(json=body)


def test_without_the_index_the_palette_still_leads_to_pages(page: Page, watch: Watch) -> None:
    page.route("**/palette.json", lambda route: route.abort())
    open_palette(page)
    expect(page.locator("#palette-status")).to_contain_text("The server did not answer")
    page.keyboard.type("audit")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Audit", re.IGNORECASE))
    assert all("ERR_FAILED" in text for text in watch.console)
    watch.console.clear()


def test_g_and_a_letter_go_to_a_page(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page).to_have_url(re.compile(r"/admin/health/$"))
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile(r"/admin/plugins/$"))


def test_j_and_k_walk_x_selects_and_enter_opens(page: Page) -> None:
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=PRICING, exact=True)).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="team.list_members", exact=True)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    assert page.locator("article").first.get_by_role("checkbox").is_checked()
    expect(page.get_by_role("link", name=PRICING, exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"{DETAIL}$"))


def test_keys_that_are_typed_are_text(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("/jgh?x")
    expect(page.get_by_role("searchbox")).to_have_value("/jgh?x")
    expect(page.locator("#shortcuts")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"/admin/plugins/\?q="))


def test_single_keys_are_switched_off_and_stay_off(page: Page) -> None:
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard shortcuts").get_by_label(KEYS_OFF).uncheck()
    page.keyboard.press("Escape")
    page.reload()
    for key in ("?", "j", "/", "g", "h"):
        page.keyboard.press(key)
    expect(page.locator("#shortcuts")).to_be_hidden()
    expect(page.locator("body")).to_be_focused()
    expect(page).to_have_url(re.compile(r"/admin/plugins/$"))
    open_palette(page)
    page.keyboard.type("keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_label(KEYS_OFF)).not_to_be_checked()
    page.get_by_label(KEYS_OFF).check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=PRICING, exact=True)).to_be_focused()


def test_the_navigation_becomes_icons_and_stays_so_without_a_flash(page: Page) -> None:
    page.locator("details[data-menu] summary").click()
    page.get_by_role("button", name="Navigation as icons").click()
    expect(page.locator("#navigation")).to_have_css("width", "64px")
    answer = page.goto(DETAIL)
    assert answer
    assert 'data-sidebar="narrow"' in answer.text()
    expect(page.get_by_role("link", name="Executions", exact=True)).to_be_visible()
    page.keyboard.press("[")
    expect(page.locator("#navigation")).not_to_have_css("width", "64px")


def test_a_message_stays_six_seconds_and_waits_for_who_points_at_it(page: Page) -> None:
    page.clock.install()
    page.goto(DETAIL)
    page.get_by_role("button", name=f"Reload {PRICING}").click()
    toast = page.get_by_role("status").locator(".toast")
    expect(toast).to_contain_text("is reloaded")
    page.clock.run_for(6_000)
    expect(toast).to_be_visible()
    toast.hover()
    page.clock.run_for(9_000)
    expect(toast).to_be_visible()
    page.mouse.move(400, 10)
    page.clock.run_for(9_000)
    expect(toast).to_be_hidden()


def test_a_message_is_dismissed(page: Page) -> None:
    page.goto(DETAIL)
    page.get_by_role("button", name=f"Reload {PRICING}").click()
    page.locator(".toast").get_by_role("button", name="Dismiss").click()
    expect(page.locator(".toast")).to_have_count(0)
    expect(page.locator("#main")).to_be_focused()


def test_without_a_connection_forms_keep_what_was_typed(page: Page) -> None:
    page.goto("/admin/api-keys/new/")
    page.get_by_label("Name").fill("typed before the train went into the tunnel")
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("You are offline")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_label("Name")).to_have_value(re.compile("^typed before"))
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Store this key now")


@pytest.mark.parametrize("path", ["/admin/", "/admin/plugins/", DETAIL, "/admin/help/"])
def test_skip_link_one_heading_and_a_title_of_its_own(page: Page, path: str) -> None:
    page.goto(path)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator("h1")).to_have_count(1)
    assert re.fullmatch(r"\S.* - ZANTARA", page.title())


def test_the_way_from_palette_to_disabling_needs_no_mouse(page: Page, site: Site) -> None:
    open_palette(page)
    page.keyboard.type(PRICING)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"{DETAIL}$"))
    seen = []
    for _ in range(25):
        page.keyboard.press("Tab")
        seen.append(focus_is_seen(page))
    assert all(seen)
    open_palette(page)
    page.keyboard.type("> disable")
    page.keyboard.press("Enter")
    page.get_by_label("Reason").press("Enter")
    expect(page.get_by_role("button", name=f"Enable {PRICING}")).to_be_focused()
    assert site.execute(PRICING, query="E33G").status_code == 409
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=f"Disable {PRICING}")).to_be_focused()


def test_what_has_left_the_page_stays_in_the_notifications(page: Page) -> None:
    page.goto(DETAIL)
    page.get_by_role("button", name=f"Reload {PRICING}").click()
    page.locator(".toast").get_by_role("button", name="Dismiss").click()
    page.goto("/admin/")
    page.locator("header summary").click()
    notes = page.get_by_role("list", name="Notifications")
    expect(notes.get_by_role("listitem")).to_contain_text(f"{PRICING} is reloaded")
    page.get_by_role("button", name="Clear notifications").click()
    expect(notes).to_be_hidden()


@pytest.mark.parametrize("width", [1280, 320])
def test_open_dialogs_and_messages_are_accessible_and_fit(
    site: Site, chromium: Browser, width: int
) -> None:
    context = chromium.new_context(
        base_url=site.url,
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
    )
    page = context.new_page()
    log_in(page)
    page.goto(DETAIL)
    open_palette(page)
    found = {"palette": findings(page, width)}
    page.keyboard.type("member list")
    found["palette, typed"] = findings(page, width)
    page.locator("#palette-input").fill("zzzz")
    found["palette, nothing"] = findings(page, width)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    found["shortcuts"] = findings(page, width)
    page.keyboard.press("Escape")
    page.get_by_role("button", name=f"Reload {PRICING}").click()
    expect(page.locator(".toast")).to_be_visible()
    found["message"] = findings(page, width)
    page.locator("header summary").click()
    expect(page.get_by_role("list", name="Notifications")).to_be_visible()
    found["notifications"] = findings(page, width)
    page.locator("header summary").click()
    context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    found["offline"] = findings(page, width)
    context.set_offline(False)
    page.context.add_cookies([{"name": "zantara_sidebar", "value": "narrow", "url": site.url}])
    for name, path in {"narrow": "/admin/plugins/", "help": "/admin/help/"}.items():
        page.goto(path)
        found[name] = findings(page, width)
    context.close()
    assert {name: each for name, each in found.items() if each} == {}
