"""What the demo's plugins are: chosen by their place in the catalogue, so every run agrees."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

CATALOGUE = Path(__file__).with_name("catalogue.toml")
TAG = "demo"
FIRST_VERSION = "1.0.0"
BROKEN = "maps.static_map"
"""Needs a module that is not there."""
DEPRECATED = {"tax.legacy_rates": "tax.income_tax", "gmail.archive_thread": None}
DISABLED = ("property.withdraw_listing", "identity.revoke_sessions", "ai.draw_image")
STRICT = "finance.exchange_rate"
"""Called more often than its limit allows."""
SLOW = "rag.answer"
"""Runs into its timeout now and then."""
OUTAGE = "whatsapp.send_message"
"""Fails for some hours, until its breaker opens."""
UPGRADED = ("visa.find_visa", "crm.search_clients", "rag.search")
"""Searches that get a newer version on the way."""

_SECONDS = {"search": 0.18, "list": 0.12, "get": 0.05, "send": 0.6, "create": 0.35,
            "update": 0.2, "delete": 0.15, "compute": 0.3}  # fmt: skip
_WEIGHTS = {STRICT: 40.0, OUTAGE: 120.0, **dict.fromkeys(UPGRADED, 30.0)}
_OWNERS = ("Platform", "Client care", "Tax desk", "Legal desk", "Data")


@dataclass(frozen=True, slots=True)
class DemoPlugin:
    """`seconds` is its usual duration, `failures` the share of its calls that fail, `weight` how
    much it is used beside the others."""

    family: str
    action: str
    category: str
    kind: str
    description: str
    owner: str
    seconds: float
    failures: float
    weight: float
    rate_limit: int
    version: str = FIRST_VERSION

    @property
    def name(self) -> str:
        return f"{self.family}.{self.action}"

    @property
    def reads(self) -> bool:
        return self.kind in {"search", "list", "get", "compute"}


def plugins(count: int) -> list[DemoPlugin]:
    """The first `count`, one of each family at a time; more than there are come back numbered."""
    everything = list(_in_turn(tomllib.loads(CATALOGUE.read_text())))
    return [
        _plugin(*everything[n % len(everything)], number=n // len(everything)) for n in range(count)
    ]


def _in_turn(families: dict[str, dict[str, str]]) -> Iterator[tuple[str, str, str, str]]:
    """(family, category, action, text)."""
    actions = {name: [a for a in family if a != "category"] for name, family in families.items()}
    for n in range(max(map(len, actions.values()))):
        for name, names in actions.items():
            if n < len(names):
                yield name, families[name]["category"], names[n], families[name][names[n]]


def _plugin(family: str, category: str, action: str, text: str, *, number: int) -> DemoPlugin:
    kind, _, description = text.partition(": ")
    action = action if number == 0 else f"{action}_{number + 1}"
    name = f"{family}.{action}"
    chance = Random(name)  # noqa: S311  # believable, not secret
    return DemoPlugin(
        family=family,
        action=action,
        category=category,
        kind=kind,
        description=description,
        owner=chance.choice(_OWNERS),
        seconds=4.0 if name == SLOW else _SECONDS[kind] * chance.uniform(0.4, 2.5),
        failures=chance.choice((0.0, 0.002, 0.005, 0.01, 0.02, 0.06)),
        weight=_WEIGHTS.get(name) or chance.paretovariate(1.1),
        rate_limit=20 if name == STRICT else chance.choice((30, 60, 100, 100, 300)),
    )
