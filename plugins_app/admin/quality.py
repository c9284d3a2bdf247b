"""A plugin's tier, and what is missing for the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.quality import Check, Tier, checks, tier

TIERS = {Tier.NONE: "No tier yet", Tier.BRONZE: "Bronze", Tier.SILVER: "Silver", Tier.GOLD: "Gold"}


@dataclass(frozen=True, slots=True)
class Quality:
    word: str
    slug: str
    groups: list[tuple[str, list[Check]]]
    """Of each tier its checks."""


def quality(plugin: LoadedPlugin, week: Mapping[str, Any]) -> Quality:
    found = checks(plugin, week)
    reached = tier(found)
    tiers = (Tier.BRONZE, Tier.SILVER, Tier.GOLD)
    groups = [(TIERS[each], [check for check in found if check.tier is each]) for each in tiers]
    return Quality(TIERS[reached], reached.name.lower(), groups)
