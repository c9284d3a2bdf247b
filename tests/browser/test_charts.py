"""Charts as a browser shows them: sentence, table, cursor, legend, address."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser._axe import findings
from tests.browser.conftest import Site, Watch, log_in

PRICING = "bali_zero.pricing"
METRICS = f"/admin/plugins/{PRICING}/metrics/"


def chart(page: Page, slug: str) -> Locator:
    """Drawn: its numbers have come."""
    figure = page.locator(f"#chart-{slug}")
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_attribute("data-drawn", "")
    return figure


def numbers(page: Page, slug: str, query: str) -> Any:
    return page.request.get(f"/admin/charts/{slug}.json?{query}&plugin={PRICING}").json()


def test_every_chart_has_its_sentence_and_the_table_has_the_series(page: Page, site: Site) -> None:
    site.execute(PRICING, query="E33G")
    site.execute(PRICING, query="E33G")
    page.goto(f"{METRICS}?range=7d")
    for figure in page.locator("[data-chart]").all():
        slug = (figure.get_attribute("id") or "").removeprefix("chart-")
        chart(page, slug)
        expected = numbers(page, slug, "range=7d")
        expect(figure.locator("[data-chart-summary]")).to_have_text(expected["summary"])
        expect(figure.get_by_role("img")).to_have_attribute("aria-label", expected["summary"])
        figure.get_by_text("Show data table").click()
        expect(figure.locator("tbody tr")).to_have_count(len(expected["rows"]))
        cells = figure.locator("tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        )
        assert cells == [[row["label"], *row["cells"]] for row in expected["rows"]]


def test_arrow_keys_read_the_values_and_escape_ends_it(page: Page, site: Site) -> None:
    site.execute(PRICING, query="E33G")
    page.goto(f"{METRICS}?range=7d")
    figure = chart(page, "calls")
    figure.get_by_role("img").focus()
    page.keyboard.press("End")
    reading = figure.get_by_role("status")
    told = [
        f"{each['label']} {each['texts'][-1]}"
        for each in numbers(page, "calls", "range=7d")["series"]
    ]
    assert sum(each.endswith(" 0") for each in told) < len(told)
    expect(reading).to_contain_text(", ".join(told))
    last = reading.inner_text()
    page.keyboard.press("ArrowLeft")
    expect(reading).not_to_have_text(last)
    page.keyboard.press("ArrowRight")
    expect(reading).to_have_text(last)
    page.keyboard.press("Escape")
    expect(reading).to_have_text("")


def test_the_legend_takes_series_away_and_brings_them_back(page: Page, site: Site) -> None:
    site.execute(PRICING, query="E33G")
    page.goto(METRICS)
    figure = chart(page, "latency")
    button = figure.get_by_role("button", name="p99")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    figure.get_by_role("img").focus()
    page.keyboard.press("End")
    expect(figure.get_by_role("status")).to_contain_text("p95")
    expect(figure.get_by_role("status")).not_to_contain_text("p99")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")


def test_range_comparison_and_span_are_in_the_address(page: Page, site: Site) -> None:
    site.execute(PRICING, query="E33G")
    page.goto(METRICS)
    page.get_by_role("link", name="7d", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?range=7d$"))
    page.get_by_role("link", name="Compare").click()
    expect(page).to_have_url(re.compile(r"\?range=7d&compare=previous$"))
    expect(chart(page, "calls").get_by_role("button", name="period before")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="Stop comparing")).to_be_visible()
    page.locator("#range-custom").click()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?compare=previous&from=.*&to="))
    expect(page.locator("[data-chart-summary]").first).to_contain_text("from ")
    page.go_back()
    expect(page).to_have_url(re.compile(r"\?range=7d&compare=previous$"))


def test_charts_that_cannot_be_loaded_say_so_and_retry(
    page: Page, site: Site, watch: Watch
) -> None:
    site.execute(PRICING, query="E33G")
    page.route("**/charts/*.json*", lambda route: route.abort())
    page.goto(METRICS)
    figure = page.locator("#chart-calls")
    expect(figure.get_by_role("alert")).to_contain_text("could not be loaded")
    page.unroute("**/charts/*.json*")
    figure.get_by_role("button", name="Retry").click()
    chart(page, "calls")
    expect(figure.locator("[data-chart-error]")).to_be_hidden()
    assert all("ERR_FAILED" in text for text in watch.console)
    watch.console.clear()


def test_another_theme_draws_anew(page: Page, site: Site) -> None:
    site.execute(PRICING, query="E33G")
    page.goto(METRICS)
    box = chart(page, "calls").locator("[data-chart-box] canvas")
    before = box.evaluate("canvas => canvas.toDataURL()")
    page.locator("details[data-menu] summary").first.click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert box.evaluate("canvas => canvas.toDataURL()") != before


def test_a_bucket_opens_its_executions(page: Page, site: Site) -> None:
    site.execute(PRICING, query="E33G")
    link = "/admin/plugins/?plugin={plugin}&from={since}&to={until}"
    page.route(
        "**/charts/calls.json*",
        lambda route: route.fulfill(json={**route.fetch().json(), "executions": link}),
    )
    page.goto(f"{METRICS}?range=24h")
    figure = chart(page, "calls")
    figure.get_by_role("img").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"plugin={PRICING}&from=[^&]*&to="))
    asked = parse_qs(urlsplit(page.url).query)
    span = [datetime.fromisoformat(asked[name][0]) for name in ("from", "to")]
    assert span[1] - span[0] == timedelta(minutes=15)


def test_charts_with_all_that_can_be_opened_are_accessible(site: Site, chromium: Browser) -> None:
    """axe draws style sheets of its own, so the console is not watched here."""
    site.execute(PRICING, query="E33G")
    context = chromium.new_context(
        base_url=site.url,
        viewport={"width": 320, "height": 800},
        reduced_motion="reduce",
    )
    page = context.new_page()
    log_in(page)
    found = {}
    for slug in ("calls", "heat", "breaker"):
        page.goto(f"/admin/charts/{slug}/?range=7d{'' if slug == 'heat' else f'&plugin={PRICING}'}")
        chart(page, slug).get_by_text("Show data table").click()
        expect(page.locator("figure tbody tr").first).to_be_visible()
        page.locator("#range-custom").click()
        found[slug] = findings(page, 320)
    context.close()
    assert found == {"calls": [], "heat": [], "breaker": []}
