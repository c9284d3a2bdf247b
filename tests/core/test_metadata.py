from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from plugins_app.core import PluginCategory, PluginMetadata
from plugins_app.core.metadata import RESERVED_NAMES, PluginOverrides, tool_name


def test_a_name_is_enough_and_the_rest_has_safe_defaults() -> None:
    metadata = PluginMetadata(name="team.list")
    assert (metadata.version, metadata.category) == ("1.0.0", PluginCategory.GENERAL)
    assert (metadata.max_attempts, metadata.cache_ttl, metadata.isolation) == (1, None, "inline")
    assert (metadata.read_only, metadata.open_world) == (False, True)


def test_there_are_21_categories() -> None:
    assert len(PluginCategory) == 21


def test_metadata_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        PluginMetadata(name="a").name = "b"


@pytest.mark.parametrize("name", ["a", "bali_zero.pricing", "a.1", "a-b.c_d", "a" * 64])
def test_words_joined_by_dots_are_names(name: str) -> None:
    assert PluginMetadata(name=name).name == name


@pytest.mark.parametrize(
    "name",
    ["", "A", "1a", "a.", ".a", "a..b", "a b", "a/b", "a@1", "a\n", "a__b", "ä", "a" * 65]
    + ["a." + "b" * 62]
    + sorted(RESERVED_NAMES),
)
def test_anything_else_is_no_name(name: str) -> None:
    with pytest.raises(ValidationError):
        PluginMetadata(name=name)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"version": "1.0"}, "semantic version"),
        ({"version": "v1.0.0"}, "semantic version"),
        ({"category": "cooking"}, "category"),
        ({"estimated_time": 0}, "greater than 0"),
        ({"timeout": -1}, "greater than 0"),
        ({"timeout": float("inf")}, "finite"),
        ({"rate_limit": 0}, "greater than 0"),
        ({"rate_limit": 2001}, "2000"),
        ({"max_concurrency": 0}, "greater than 0"),
        ({"cache_ttl": 60}, "cache_ttl needs read_only"),
        ({"cache_ttl": 0, "read_only": True}, "greater than 0"),
        ({"cache_scope": "everyone"}, "cache_scope"),
        ({"max_attempts": 2}, "needs read_only or idempotent"),
        ({"max_attempts": 0}, "greater than or equal to 1"),
        ({"read_only": True, "destructive": True}, "exclude each other"),
        ({"isolation": "cloud"}, "isolation"),
        ({"priority": 10}, "less than or equal to 9"),
        ({"allowed_models": ("haiku", "gpt")}, r"unknown families \['gpt'\]"),
        ({"aliases": ("",)}, "printable ASCII"),
        ({"aliases": ("x" * 129,)}, "printable ASCII"),
        ({"aliases": ("café",)}, "printable ASCII"),
        ({"legacy_handler_key": "a\tb"}, "printable ASCII"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_broken_rule_is_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        PluginMetadata(name="a", **wrong)


def test_every_field_has_a_description() -> None:
    assert [n for n, field in PluginMetadata.model_fields.items() if not field.description] == []


def test_the_default_timeout_is_four_times_the_estimate_but_at_least_5_seconds() -> None:
    assert PluginMetadata(name="a", estimated_time=0.1).attempt_timeout == 5
    assert PluginMetadata(name="a", estimated_time=3).attempt_timeout == 12
    assert PluginMetadata(name="a", estimated_time=3, timeout=1).attempt_timeout == 1


def test_aliases_hold_the_legacy_key_once() -> None:
    metadata = PluginMetadata(name="a", legacy_handler_key="old", aliases=("x", "old"))
    assert metadata.all_aliases == ("old", "x")


def test_tool_names_hold_no_dots() -> None:
    assert tool_name("team.members.list") == "team__members__list"


def test_overrides_change_only_what_they_set() -> None:
    declared = PluginMetadata(name="a", rate_limit=5, read_only=True, cache_ttl=9)
    changed = PluginOverrides(rate_limit=7).apply(declared)
    assert (changed.rate_limit, changed.cache_ttl) == (7, 9)
    assert PluginOverrides().apply(declared) is declared


def test_zero_switches_a_limit_and_a_cache_off() -> None:
    declared = PluginMetadata(name="a", rate_limit=5, read_only=True, cache_ttl=9)
    changed = PluginOverrides(rate_limit=0, cache_ttl=0).apply(declared)
    assert (changed.rate_limit, changed.cache_ttl) == (None, None)


def test_operators_cannot_cache_a_plugin_that_changes_things() -> None:
    assert PluginOverrides(cache_ttl=9).apply(PluginMetadata(name="a")).cache_ttl is None


def test_operators_cannot_repeat_a_plugin_that_changes_things() -> None:
    assert PluginOverrides(max_attempts=3).apply(PluginMetadata(name="a")).max_attempts == 1
    repeatable = PluginMetadata(name="a", idempotent=True)
    assert PluginOverrides(max_attempts=3).apply(repeatable).max_attempts == 3


def test_visibility_and_payloads_are_no_metadata() -> None:
    declared = PluginMetadata(name="a")
    assert PluginOverrides(visibility="staff", payloads="off").apply(declared) is declared
