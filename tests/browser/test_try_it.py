"""The form of Try it, as a browser has it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Watch
from tests.browser.test_admin import forget
from tests.browser.test_marketplace import PRICING

SOURCE = """
from typing import Annotated, Any, Literal
from pydantic import BaseModel, ConfigDict, Field
from plugins_app.core import Example, Plugin, PluginInput, PluginMetadata, PluginOutput


class Card(BaseModel):
    kind: Literal["card"]
    number: str


class Bank(BaseModel):
    kind: Literal["bank"]
    iban: str
    holder: str | None = None


class Person(BaseModel):
    name: str
    tags: list[str] = []


class Input(PluginInput):
    model_config = ConfigDict(extra="allow")
    people: list[Person]
    pay: Annotated[Card | Bank, Field(discriminator="kind")]
    note: str | None = None
    level: Literal["low", "high"] = "low"
    counts: dict[str, int] = {}
    amount: float = 1


EXAMPLE = {
    "zeta": {"kept": [1, 2.50]},
    "people": [{"name": "Ayu", "tags": ["a", "b"]}, {"name": "Budi"}],
    "pay": {"kind": "bank", "iban": "X1", "holder": None},
    "note": None,
    "counts": {"one": 1},
    "amount": 12345678901234567890,
    "alpha": "unknown",
}


class Hard(Plugin[Input, PluginOutput]):
    metadata = PluginMetadata(name="browser.hard", examples=(Example(input=EXAMPLE),), rate_limit=1)

    async def execute(self, input_data):
        return PluginOutput(data={"names": [p.name for p in input_data.people]})
"""


@pytest.fixture
def hard(site: Site, page: Page) -> Page:
    """On the page of a plugin with a hard schema."""
    file = site.family / "hard_plugin.py"
    if not file.exists():
        file.write_text(SOURCE)
        page.get_by_role("button", name=f"Reload {PRICING}").click()
        expect(page.locator("#toasts")).to_contain_text("is reloaded")
    page.goto("/admin/plugins/browser.hard/try/")
    return page


def as_json(page: Page) -> str:
    page.get_by_role("button", name="JSON", exact=True).click()
    text = page.get_by_label("Input as JSON").input_value()
    page.get_by_role("button", name="Form", exact=True).click()
    return text


def test_a_run_shows_its_result_and_the_focus_stays(page: Page) -> None:
    page.goto(f"/admin/plugins/{PRICING}/try/")
    page.get_by_role("textbox", name="query").fill("E33G")
    page.keyboard.press("Control+Enter")
    outcome = page.locator("[data-outcome]")
    expect(outcome).to_contain_text("Succeeded · 200")
    expect(page.locator("[data-output]")).to_contain_text("12500000")
    expect(page.get_by_role("textbox", name="query")).to_be_focused()
    page.get_by_role("button", name="Headers").click()
    expect(page.locator("[data-output]")).to_contain_text("x-request-id")
    page.locator("[data-execution-link]").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_form_and_json_lose_nothing_of_each_other(hard: Page) -> None:
    before = as_json(hard)
    assert as_json(hard) == before
    hard.get_by_role("textbox", name="name").first.fill("Made")
    after = json.loads(as_json(hard))
    expected = json.loads(before)
    expected["people"][0]["name"] = "Made"
    assert after == expected
    assert list(after) == list(expected)
    assert "12345678901234567890" in as_json(hard)


def test_rows_branches_nulls_and_other_fields_can_be_changed(hard: Page) -> None:
    people = hard.get_by_role("group", name="people")
    people.get_by_role("button", name="Remove people 2").click()
    people.get_by_role("button", name="Add people").click()
    people.get_by_role("textbox", name="name").last.fill("Citra")
    pay = hard.get_by_role("group", name="pay")
    pay.get_by_label("card").check()
    pay.get_by_role("textbox", name="number").fill("4")
    assert json.loads(as_json(hard))["pay"] == {"kind": "card", "number": "4"}
    pay.get_by_label("bank").check()
    hard.get_by_label("Send null for note").uncheck()
    hard.get_by_role("textbox", name="note").fill("hi")
    hard.get_by_role("textbox", name="Name of another field").last.fill("more")
    hard.get_by_role("button", name="Add field").last.click()
    made = json.loads(as_json(hard))
    assert [person["name"] for person in made["people"]] == ["Ayu", "Citra"]
    assert made["note"] == "hi"
    assert made["more"] is None


def test_what_does_not_fit_is_told_at_the_field(page: Page, watch: Watch) -> None:
    page.goto(f"/admin/plugins/{PRICING}/try/")
    page.get_by_role("textbox", name="max_results").fill("0")
    page.get_by_role("button", name="Run").click()
    problems = page.locator("[data-problems]")
    expect(problems).to_be_focused()
    problems.get_by_role("link", name="/max_results").click()
    field = page.get_by_role("textbox", name="max_results")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("0")
    forget(watch, 422)


def test_a_rate_limit_counts_down(hard: Page, watch: Watch) -> None:
    for _ in range(2):
        hard.get_by_role("button", name="Run").click()
        expect(hard.locator("[data-outcome]")).not_to_be_empty()
        hard.wait_for_timeout(300)
    expect(hard.locator("[data-outcome]")).to_contain_text("Retry in")
    expect(hard.locator("[data-run]")).to_have_attribute("aria-disabled", "true")
    forget(watch, 429)
    forget(watch, 422)


def test_a_server_that_does_not_answer_takes_nothing_away(page: Page, watch: Watch) -> None:
    page.goto(f"/admin/plugins/{PRICING}/try/")
    page.get_by_role("textbox", name="query").fill("kept")
    page.route("**/execute", lambda route: route.abort())
    page.get_by_role("button", name="Run").click()
    expect(page.locator("[data-problems]")).to_contain_text("Your input is still here")
    expect(page.get_by_role("textbox", name="query")).to_have_value("kept")
    watch.console.clear()
