"""The pages that the `type` of a problem leads to."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser._axe import findings
from tests.browser.conftest import Site, Watch

PAGES = ("/problems/", "/problems/rate-limited", "/problems/nothing")


@pytest.mark.parametrize("width", [1280, 320])
def test_the_pages_are_accessible_and_fit(site: Site, chromium: Browser, width: int) -> None:
    context = chromium.new_context(
        base_url=site.url,
        viewport={"width": width, "height": 800},
    )
    page = context.new_page()
    found = {}
    for path in PAGES:
        page.goto(path)
        found[path] = findings(page, width)
    context.close()

    assert found == {path: [] for path in PAGES}


def test_a_stranger_finds_the_way_from_a_wrong_address_to_a_meaning(
    site: Site, chromium: Browser, watch: Watch
) -> None:
    context = chromium.new_context(base_url=site.url)
    page = context.new_page()
    page.goto("/problems/nothing")
    watch.over(context)
    page.get_by_role("link", name="All problems").click()
    page.get_by_role("link", name="Rate limit reached").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Rate limit reached")
    expect(page.get_by_text("/problems/rate-limited")).to_be_visible()
    context.close()
