"""The tiers of a plugin."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from plugins_app.core import Deprecation, Example, Plugin, PluginInput, PluginMetadata, PluginOutput
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.quality import Tier, checks, tier, undescribed
from plugins_app.core.testing import memory_executor

WELL = {"p95_ms": 1_500, "success_rate": 0.995}
GOLD: dict[str, Any] = {
    "description": "Says back what it was told.",
    "examples": (Example(input={"text": "a"}, expect={"text": "a"}),),
    "timeout": 5,
    "rate_limit": 60,
    "owner": "Desk",
    "read_only": True,
}


class Input(PluginInput):
    text: str = Field("", description="What to say.")


class Output(PluginOutput):
    text: str = Field(description="What was said.")


async def loaded(
    input_model: type[PluginInput] = Input,
    output_model: type[PluginOutput] = Output,
    **metadata: Any,
) -> LoadedPlugin:
    class Echo(Plugin[input_model, output_model]):  # type: ignore[valid-type]
        pass

    Echo.metadata = PluginMetadata(name="echo", **metadata)

    async def execute(self: Any, input_data: Any) -> Any:
        return output_model()

    Echo.execute = execute  # type: ignore[method-assign]
    executor = await memory_executor(Echo)
    return executor.registry.resolve("echo")


async def test_all_checks_passed_is_gold() -> None:
    found = checks(await loaded(**GOLD), WELL)
    assert [check.id for check in found if not check.passed] == []
    assert tier(found) is Tier.GOLD


class Bare(PluginInput):
    text: str = ""


@pytest.mark.parametrize(
    ("changes", "week", "missed", "reached"),
    [
        ({"description": "Short."}, WELL, "described", Tier.NONE),
        ({"output_model": PluginOutput}, WELL, "typed", Tier.NONE),
        ({"examples": ()}, WELL, "example", Tier.NONE),
        ({"timeout": None}, WELL, "timed", Tier.BRONZE),
        ({"rate_limit": None}, WELL, "limited", Tier.BRONZE),
        ({"owner": ""}, WELL, "owned", Tier.BRONZE),
        ({"input_model": Bare}, WELL, "fields", Tier.BRONZE),
        ({"examples": (Example(input={"text": "a"}),)}, WELL, "expected", Tier.SILVER),
        ({}, {**WELL, "p95_ms": 2_500}, "fast", Tier.SILVER),
        ({}, {**WELL, "success_rate": 0.98}, "reliable", Tier.SILVER),
        ({}, None, "fast", Tier.SILVER),
        ({"deprecated": Deprecation(date="2030-01-01")}, WELL, "current", Tier.SILVER),
    ],
)
async def test_what_is_missing_is_named_and_holds_the_tier_down(
    changes: dict[str, Any], week: dict[str, Any] | None, missed: str, reached: Tier
) -> None:
    found = checks(await loaded(**{**GOLD, **changes}), week)
    failed = {check.id: check.advice for check in found if not check.passed}
    assert failed[missed]
    assert tier(found) is reached


async def test_effects_that_are_not_told_hold_gold_back() -> None:
    silent = {name: value for name, value in GOLD.items() if name != "read_only"}
    found = checks(await loaded(**silent), WELL)
    assert [check.id for check in found if not check.passed] == ["effects"]


def test_fields_without_a_description_are_found_at_any_depth() -> None:
    class Card(BaseModel):
        kind: Literal["card"] = "card"
        number: str

    class Person(BaseModel):
        name: str
        cards: list[Card] = Field(description="All of them.")

    class Deep(PluginInput):
        people: list[Person] | None = Field(None, description="Whom.")
        note: str

    assert undescribed(Deep.model_json_schema()) == {
        "note",
        "people[].name",
        "people[].cards[].number",
    }
