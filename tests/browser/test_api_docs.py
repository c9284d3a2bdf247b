"""The page of the API's documentation, as a browser shows it under the strict policy."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Site, Watch

DOCS = "/api/docs"


@pytest.fixture
def visitor(site: Site, chromium: Browser, watch: Watch) -> Iterator[Page]:
    """Nobody that the site knows; the watch fails the test on errors, violations of the policy
    and requests to others."""
    context = chromium.new_context(base_url=site.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    watch.over(context)
    yield context.new_page()
    context.close()


def operation(page: Page, method: str, path: str) -> Locator:
    exact = page.locator(f'.opblock-summary-path[data-path="{path}"]')
    return page.locator(f".opblock-{method}").filter(has=exact)


def test_the_page_shows_what_a_visitor_may_call(visitor: Page) -> None:
    visitor.goto(DOCS)

    expect(operation(visitor, "get", "/api/plugins/list")).to_be_visible()
    expect(operation(visitor, "post", "/api/plugins/bali_zero.pricing/execute")).to_be_visible()
    expect(visitor.get_by_role("heading", name="ZANTARA")).to_be_visible()


def test_try_it_out_calls_the_api(visitor: Page) -> None:
    visitor.goto(DOCS)
    block = operation(visitor, "get", "/api/plugins/list")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    with visitor.expect_response(lambda answer: "/plugins/list" in answer.url) as answered:
        block.get_by_role("button", name="Execute", exact=True).click()

    assert answered.value.status == 200
    assert urlsplit(answered.value.url).path == "/api/plugins/list"
    expect(block.locator(".live-responses-table tr.response .response-col_status")).to_contain_text(
        "200"
    )


def test_a_plugin_is_executed_from_the_page(visitor: Page) -> None:
    visitor.goto(DOCS)
    block = operation(visitor, "post", "/api/plugins/bali_zero.pricing/execute")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.locator("textarea.body-param__text").fill('{"input_data": {"query": "E33G"}}')
    block.get_by_role("button", name="Execute", exact=True).click()

    expect(block.locator(".live-responses-table tr.response .response-col_status")).to_contain_text(
        "200"
    )
    expect(block.locator(".live-responses-table")).to_contain_text("E33G")


def test_a_session_posts_from_the_page(page: Page) -> None:
    page.goto(DOCS)
    block = operation(page, "post", "/api/plugins/team.list_members/execute")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.locator("textarea.body-param__text").fill('{"input_data": {}}')
    block.get_by_role("button", name="Execute", exact=True).click()

    expect(block.locator(".live-responses-table tr.response .response-col_status")).to_contain_text(
        "200"
    )


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_fits_the_width(visitor: Page, width: int) -> None:
    visitor.set_viewport_size({"width": width, "height": 800})
    visitor.goto(DOCS)
    expect(operation(visitor, "get", "/api/plugins/list")).to_be_visible()

    assert visitor.evaluate("document.documentElement.scrollWidth") <= width
