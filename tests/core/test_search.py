from __future__ import annotations

from plugins_app.core.registry import PluginRegistry
from plugins_app.core.search import rank, suggestions
from tests.core.calls import echo, plugin


async def registry() -> PluginRegistry:
    found = PluginRegistry()
    for name, metadata in {
        "pricing.official": {"aliases": ("get_price",), "description": "Fees of the visa office"},
        "visa.check": {"tags": ("immigration",), "description": "Whether a permit is valid"},
        "team.list": {"description": "Lists people; knows nothing of pricing"},
    }.items():
        await found.register(plugin(echo, name=name, **metadata))
    return found


async def names(query: str) -> list[str]:
    return [p.name for p in (await registry()).search(query)]


async def test_the_whole_name_or_alias_comes_first_with_full_marks() -> None:
    active = (await registry()).snapshot.active.values()
    assert [(p.name, s) for p, s in rank(active, "GET_PRICE")] == [("pricing.official", 1.0)]


async def test_a_name_counts_more_than_a_description() -> None:
    assert await names("pricing") == ["pricing.official", "team.list"]
    assert await names("visa") == ["visa.check", "pricing.official"]


async def test_tags_and_descriptions_are_searched() -> None:
    assert await names("immigration") == ["visa.check"]
    assert await names("permit") == ["visa.check"]


async def test_one_wrong_letter_still_finds() -> None:
    assert (await names("pricng"))[0] == "pricing.official"
    assert await names("imigration") == ["visa.check"]


async def test_every_word_must_be_found() -> None:
    assert await names("visa permit") == ["visa.check"]
    assert await names("visa zebra") == []


async def test_a_search_for_nothing_finds_nothing() -> None:
    assert await names("") == []
    assert await names(" ?! ") == []


def test_suggestions_are_close_names_and_at_most_three() -> None:
    assert suggestions(["team.list", "visa.check"], "team__lst") == ["team.list"]
    assert len(suggestions([f"team.list{n}" for n in range(9)], "team.list")) == 3
    assert suggestions(["team.list"], "x" * 100_000) == []
