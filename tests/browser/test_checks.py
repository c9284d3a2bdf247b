"""What every page keeps, and the checks that no other file has. CHECKS says which test has which of
the checklist's numbers."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser._axe import findings
from tests.browser.conftest import Site, Watch, log_in

PRICING = "bali_zero.pricing"
PLUGIN = f"/admin/plugins/{PRICING}/"
PAGES = {
    "dashboard": "/admin/",
    "marketplace": "/admin/plugins/",
    "table": "/admin/plugins/?view=table",
    **{tab: f"{PLUGIN}{tab}/" for tab in ("try", "metrics", "logs", "versions", "config", "docs")},
    "overview": PLUGIN,
    "executions": "/admin/executions/",
    "keys": "/admin/api-keys/",
    "a new key": "/admin/api-keys/new/",
    "audit": "/admin/audit/",
    "an event": "/admin/audit/1/",
    "health": "/admin/health/",
    "help": "/admin/help/",
    "all data": "/admin/data/",
    "users": "/admin/plugins_app/user/",
    "groups": "/admin/auth/group/",
    "a chart": "/admin/charts/calls/",
}
CHECKS = {
    1: "test_marketplace.test_pages_are_accessible_and_fit "
    "test_executions.test_pages_are_accessible_and_fit "
    "test_admin.test_pages_are_accessible_and_fit "
    "test_charts.test_charts_with_all_that_can_be_opened_are_accessible "
    "test_checks.test_every_page_is_accessible_in_forced_colours",
    2: "test_shell.test_open_dialogs_and_messages_are_accessible_and_fit "
    "test_catalogue.test_filters_and_choices_are_accessible "
    "test_admin.test_pages_are_accessible_and_fit",
    3: "test_checks.test_every_page_has_a_skip_link_one_heading_and_a_title_of_its_own "
    "test_shell.test_skip_link_one_heading_and_a_title_of_its_own",
    4: "test_catalogue.test_the_first_plugin_is_near_the_beginning_of_the_page",
    5: "test_catalogue.test_filters_combine_and_the_address_restores_them",
    6: "test_marketplace.test_search_narrows_as_one_types_and_stays_in_the_address "
    "test_marketplace.test_everything_important_works_without_javascript",
    7: "test_marketplace.test_a_search_without_result_offers_the_way_back",
    8: "test_marketplace.test_disable_asks_changes_the_badge_and_stops_callers",
    9: "test_checks.test_a_dialog_holds_the_focus_and_gives_it_back",
    10: "test_marketplace.test_reload_brings_new_code_and_refuses_broken_code",
    11: "test_marketplace.test_reload_brings_new_code_and_refuses_broken_code",
    12: "test_checks.test_a_plugin_that_cannot_be_loaded_is_told_everywhere_and_mended",
    13: "test_try_it.test_a_run_shows_its_result_and_the_focus_stays",
    14: "test_try_it.test_form_and_json_lose_nothing_of_each_other",
    15: "test_try_it.test_what_does_not_fit_is_told_at_the_field",
    16: "test_try_it.test_a_rate_limit_counts_down "
    "test_checks.test_calls_over_the_limit_are_in_its_chart",
    17: "test_checks.test_a_plugin_that_fails_rests_and_its_chart_says_so",
    18: "test_charts.test_every_chart_has_its_sentence_and_the_table_has_the_series "
    "test_charts.test_arrow_keys_read_the_values_and_escape_ends_it "
    "test_charts.test_range_comparison_and_span_are_in_the_address",
    19: "test_executions.test_live_mode_never_moves_the_row_in_focus",
    20: "test_run_log.test_a_log_of_20_000_lines_is_there_at_once_and_can_be_searched",
    21: "test_admin.test_a_key_is_shown_once_and_works",
    22: "test_shell.test_the_way_from_palette_to_disabling_needs_no_mouse",
    23: "test_shell.test_single_keys_are_switched_off_and_stay_off "
    "test_shell.test_keys_that_are_typed_are_text",
    24: "test_admin.test_pages_are_accessible_and_fit "
    "test_marketplace.test_pages_are_accessible_and_fit",
    25: "test_checks.test_no_page_complains_asks_others_or_holds_code "
    "test_charts.test_charts_that_cannot_be_loaded_say_so_and_retry",
}


def test_every_number_of_the_checklist_has_a_test() -> None:
    assert sorted(CHECKS) == list(range(1, 26))
    for file, _, name in (
        test.partition(".") for tests in CHECKS.values() for test in tests.split()
    ):
        tree = ast.parse((Path(__file__).parent / f"{file}.py").read_text())
        assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


def test_every_page_is_accessible_in_forced_colours(site: Site, chromium: Browser) -> None:
    """The colours are the system's own then, so axe looks at everything but contrast."""
    site.execute(PRICING, query="E33G")
    context = chromium.new_context(
        base_url=site.url,
        viewport={"width": 1280, "height": 800},
        forced_colors="active",
        reduced_motion="reduce",
    )
    page = context.new_page()
    log_in(page)
    found = {}
    for name, path in PAGES.items():
        page.goto(path)
        found[name] = [each for each in findings(page, 1280) if "color-contrast" not in each]
    context.close()
    assert {name: each for name, each in found.items() if each} == {}


def test_every_page_has_a_skip_link_one_heading_and_a_title_of_its_own(page: Page) -> None:
    titles: dict[str, str] = {}
    for name, path in PAGES.items():
        page.goto(path)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
        expect(page.locator("h1")).to_have_count(1)
        titles[name] = page.title()
    assert len(set(titles.values()) - {titles["table"]}) == len(PAGES) - 2, titles
    assert all(re.fullmatch(r"\S.* - ZANTARA", title) for title in titles.values()), titles


def test_no_page_complains_asks_others_or_holds_code(page: Page) -> None:
    """Complaints and requests to others are what `page` watches."""
    for name, path in PAGES.items():
        page.goto(path)
        page.wait_for_load_state("networkidle")
        handlers = page.evaluate(
            "[...document.querySelectorAll('*')].filter(each => each.hasAttribute('style') "
            "|| each.getAttributeNames().some(name => name.startsWith('on'))).length"
        )
        scripts = page.locator("script:not([src]):not([type='application/json'])").count()
        assert (name, scripts) == (name, 0)
        assert handlers == page.locator("canvas[style]").count(), name


def test_a_dialog_holds_the_focus_and_gives_it_back(page: Page) -> None:
    page.goto(PLUGIN)
    opener = page.get_by_role("button", name=f"Disable {PRICING}")
    opener.click()
    behind = "document.activeElement.closest('main *:not(dialog, dialog *), header, nav') !== null"
    for _ in range(6):
        page.keyboard.press("Tab")
        assert not page.evaluate(behind)
    assert page.evaluate("document.querySelector('dialog[open]').matches(':modal')")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


BROKEN = "import no_such_module\n"
MENDED = """
from plugins_app.core import Plugin, PluginError, PluginInput, PluginMetadata, PluginOutput


class {name}Plugin(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="checks.{lower}", version="1.0.0", {more})

    async def execute(self, input_data):
        {body}
"""


def source(name: str, body: str = "return PluginOutput(data=1)", more: str = "") -> str:
    return MENDED.format(name=name, lower=name.lower(), body=body, more=more)


def take_in(page: Page) -> None:
    """A reload of a plugin beside them takes in what is new."""
    page.goto(PLUGIN)
    page.get_by_role("button", name=f"Reload {PRICING}").click()
    expect(page.locator("#toasts")).to_contain_text("is reloaded")


def test_a_plugin_that_cannot_be_loaded_is_told_everywhere_and_mended(
    page: Page, site: Site
) -> None:
    file = site.family / "mended_plugin.py"
    file.write_text(source("Mended"))
    take_in(page)
    file.write_text(BROKEN)
    page.goto("/admin/plugins/checks.mended/")
    page.get_by_role("button", name="Reload checks.mended").click()
    expect(page.get_by_role("alert").first).to_contain_text("Version 1.0.0 is still serving.")
    page.goto("/admin/")
    attention = page.get_by_role("region", name=re.compile("attention"))
    expect(attention).to_contain_text("checks.mended")
    page.goto("/admin/plugins/?q=checks.mended")
    expect(page.locator("article .badge")).to_contain_text("Reload failed")
    page.goto("/admin/plugins/checks.mended/")
    page.locator("summary", has_text="Traceback").click()
    expect(page.get_by_text("No module named 'no_such_module'").last).to_be_visible()
    file.write_text(source("Mended"))
    page.get_by_role("button", name="Reload checks.mended").click()
    expect(page.locator("h1 + .meta .badge")).to_have_text("Enabled")


def test_calls_over_the_limit_are_in_its_chart(page: Page, site: Site) -> None:
    (site.family / "narrow_plugin.py").write_text(source("Narrow", more="rate_limit=2"))
    take_in(page)
    answers = [site.execute("checks.narrow") for _ in range(5)]
    assert sum(each.status_code == 429 for each in answers) >= 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    page.goto("/admin/plugins/checks.narrow/metrics/")
    limits = page.locator("#chart-limits")
    limits.scroll_into_view_if_needed()
    expect(limits.locator("[data-chart-summary]")).to_contain_text(re.compile(r"\b[23]\b"))


def test_a_plugin_that_fails_rests_and_its_chart_says_so(
    page: Page, site: Site, watch: Watch
) -> None:
    text = source("Failing", body='raise PluginError("It is down")')
    (site.family / "failing_plugin.py").write_text(text)
    take_in(page)
    statuses = [site.execute("checks.failing").status_code for _ in range(11)]
    assert statuses[-1] == 503
    page.goto("/admin/plugins/checks.failing/")
    expect(page.locator("h1 + .meta .badge")).to_contain_text("Circuit open")
    page.goto("/admin/plugins/checks.failing/metrics/")
    bands = page.locator("#chart-breaker")
    bands.scroll_into_view_if_needed()
    expect(bands.locator("[data-chart-summary]")).to_contain_text(re.compile("open", re.IGNORECASE))
    page.locator(".plugin-head summary").click()
    page.get_by_role("button", name="Reset the circuit breaker").click()
    expect(page.locator("h1 + .meta .badge")).to_have_text("Enabled")
    assert site.execute("checks.failing").status_code != 503
