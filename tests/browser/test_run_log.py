"""What a run logged, as a browser sees it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser._axe import findings
from tests.browser.conftest import Site
from tests.browser.test_checks import take_in

Run = Callable[[int], str]
TALKATIVE = """
import asyncio

from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput, TransientError


class Input(PluginInput):
    lines: int = 3


class TalkativePlugin(Plugin[Input, PluginOutput]):
    metadata = PluginMetadata(
        name="checks.talkative", version="1.0.0", read_only=True, max_attempts=2, timeout=60,
        rate_limit=None,
    )
    async def execute(self, input_data, context):
        for number in range(input_data.lines):
            context.log.info("row %d of the import", number, extra={"batch": number // 100})
            if number % 100 == 0:
                await asyncio.sleep(0)
        context.log.warning("the upstream is slow")
        context.log.error("gave up")
        raise TransientError("The upstream is down")
"""


@pytest.fixture(scope="module")
def known() -> dict[int, str]:
    """Often repeated, the failures would open its breaker."""
    return {}


@pytest.fixture
def talkative(page: Page, site: Site, known: dict[int, str]) -> Run:
    """The address of a run that logged `lines` and two more in each of two attempts."""
    file = site.family / "talkative_plugin.py"
    if not file.exists():
        file.write_text(TALKATIVE)
        take_in(page)

    def run(lines: int) -> str:
        if lines not in known:
            answer = site.execute("checks.talkative", lines=lines)
            known[lines] = f"/admin/executions/{answer.json()['execution_id']}/"
        return known[lines]

    return run


def test_a_log_of_20_000_lines_is_there_at_once_and_can_be_searched(
    page: Page, talkative: Run
) -> None:
    page.goto(talkative(9_998))
    box = page.get_by_role("region", name="Lines of the log")
    failing = box.locator("details")
    expect(failing).to_have_count(1)
    expect(failing).to_have_attribute("open", "")
    expect(failing.locator("summary")).to_contain_text("Attempt 2 failed: plugin_error")
    expect(box.locator("li")).to_have_count(2_000)
    box.scroll_into_view_if_needed()
    expect(box.locator("li").last).to_be_in_viewport()

    height = box.evaluate("each => each.scrollTop")
    box.focus()
    page.keyboard.press("PageUp")
    page.wait_for_function("at => document.querySelector('.log').scrollTop < at", arg=height)

    first = int((box.locator("li").first.get_attribute("id") or "")[1:])
    box.get_by_role("link", name="Earlier lines").click()
    expect(box.locator("li").last).to_have_id(f"L{first - 1}")

    page.get_by_label("Find").fill("row 4321 of")
    told = re.compile(
        "^20,00. lines, 2 with “row 4321 of”$"
    )  # a busy server adds a line of its own
    expect(page.locator("[data-announce]")).to_have_text(told)
    expect(box.locator("mark[data-here]")).to_be_in_viewport()
    page.get_by_label("Only lines with it").check()
    expect(box.locator("li")).to_have_count(2)
    page.get_by_role("button", name="Next match").click()
    expect(box.locator("mark").last).to_have_attribute("data-here", "")
    copied = _copied(page)
    assert [line.split(" ", 2)[1:] for line in copied.splitlines()] == [
        ["INFO", "    row 4321 of the import batch=43"]
    ] * 2


def _copied(page: Page) -> str:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy", exact=True).first.click()
    expect(page.get_by_role("status").last).to_contain_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_levels_lines_and_attempts_are_in_the_address(page: Page, talkative: Run) -> None:
    page.goto(run := talkative(500))
    page.get_by_label("Show").select_option("error")
    box = page.get_by_role("region", name="Lines of the log")
    expect(box.locator("li")).to_have_count(2)
    expect(page).to_have_url(re.compile("level=error"))
    page.get_by_role("button", name="Expand all").click()
    expect(box.locator("li:visible")).to_have_count(2)
    page.get_by_role("button", name="Collapse all").click()
    expect(box.locator("li:visible")).to_have_count(0)
    page.goto(f"{run}?line=120#L120")
    expect(box.locator("#L120")).to_be_in_viewport()


@pytest.mark.parametrize("width", [1280, 320])
def test_the_log_is_accessible_and_fits(page: Page, talkative: Run, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    run = talkative(3)
    for query in ("?level=warning", "?level=warning&find=up", "?find=nowhere&only=on"):
        page.goto(f"{run}{query}")
        page.locator("[data-log] details").evaluate_all(
            "all => all.forEach(d => { d.open = true })"
        )
        assert findings(page, width) == []


def test_wrapping_times_and_full_screen_are_switched(page: Page, talkative: Run) -> None:
    page.goto(f"{talkative(3)}?level=warning")
    box = page.get_by_role("region", name="Lines of the log")
    wrap = page.get_by_role("button", name="Wrap")
    expect(wrap).to_have_attribute("aria-pressed", "true")
    wrap.click()
    expect(wrap).to_have_attribute("aria-pressed", "false")
    expect(box.locator("li .log-text").last).to_have_css("white-space", "pre")
    page.get_by_role("button", name="Times").click()
    expect(box.locator(".log-time").last).to_be_hidden()
    page.get_by_role("button", name="Full screen").click()
    expect(page.get_by_role("button", name="Leave full screen")).to_be_visible()
    page.get_by_role("button", name="Leave full screen").click()
    expect(page.get_by_role("button", name="Full screen", exact=True)).to_be_visible()
