"""Tool definitions as providers take them, and the way back to the plugin."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.metadata import NAME_PATTERN, PluginMetadata, tool_name
from plugins_app.core.plugin import PluginInput
from plugins_app.core.testing import memory_executor
from plugins_app.core.tools import anthropic_tools, name_map, openai_tools
from tests.core.calls import echo, plugin

PROVIDERS_PATTERN = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class Search(PluginInput):
    query: str = Field(description="Part of a name.")
    limit: int = 10


def is_name(text: str) -> bool:
    try:
        return PluginMetadata(name=text).name == text
    except ValidationError:
        return False


plugin_names = st.one_of(
    st.from_regex(re.compile(NAME_PATTERN), fullmatch=True),
    st.text("a_.-1", min_size=1, max_size=6),
).filter(is_name)


async def loaded(*names: str, **metadata: Any) -> list[LoadedPlugin]:
    made = [plugin(echo, name=name, input=Search, **metadata) for name in names]
    executor = await memory_executor(*made)
    return [executor.registry.resolve(name) for name in names]


async def test_anthropic_takes_name_description_and_schema() -> None:
    [found] = await loaded("team.search", description="Finds members.")
    [tool] = anthropic_tools([found])
    assert set(tool) == {"name", "description", "input_schema"}
    assert (tool["name"], tool["description"]) == ("team__search", "Finds members.")
    assert tool["input_schema"] is found.input_schema


async def test_openai_takes_a_function_without_strict() -> None:
    [found] = await loaded("team.search", description="Finds members.")
    assert openai_tools([found]) == [
        {
            "type": "function",
            "function": {
                "name": "team__search",
                "description": "Finds members.",
                "parameters": found.input_schema,
            },
        }
    ]


async def test_a_tool_asks_only_for_what_the_plugin_needs() -> None:
    [tool] = openai_tools(await loaded("team.search"))
    schema = tool["function"]["parameters"]
    assert (schema["type"], schema["required"]) == ("object", ["query"])
    assert set(schema["properties"]) == {"query", "limit"}


async def test_the_name_map_holds_every_tool() -> None:
    found = await loaded("team.search", "greet")
    assert name_map(found) == {"team__search": "team.search", "greet": "greet"}
    assert list(name_map(found)) == [tool["name"] for tool in anthropic_tools(found)]


@given(plugin_names)
def test_every_plugin_name_makes_a_tool_name_that_providers_take(name: str) -> None:
    assert PROVIDERS_PATTERN.fullmatch(tool_name(name))


@given(st.lists(plugin_names, unique=True, max_size=20))
def test_no_two_plugins_have_one_tool_name(names: list[str]) -> None:
    assert len({tool_name(name) for name in names}) == len(names)


@given(plugin_names)
def test_the_dots_can_be_told_from_the_underscores(name: str) -> None:
    """A name may end a word with '_', but starts none with it: of a run, the last two are a dot."""
    assert re.sub(r"__(?!_)", ".", tool_name(name)) == name


@pytest.mark.parametrize("name", ["a__b", "a.b__c", "a.b.c__d"])
def test_a_name_that_looks_like_another_ones_tool_name_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="stands for the dot"):
        PluginMetadata(name=name)
