"""Who calls what and when, over days: busy office hours, quiet nights, some plugins in fashion."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from plugins_app.core.caller import Caller
from plugins_app.demo.catalogue import STRICT, DemoPlugin

OFFICE = timedelta(hours=8)
"""Bali's distance from UTC."""
BURST = 45
"""Calls within a minute, now and then, of the plugin whose limit is too small for them."""


@dataclass(frozen=True, slots=True)
class Call:
    at: datetime
    plugin: DemoPlugin
    caller: Caller
    data: dict[str, Any]


def calls(
    plugins: list[DemoPlugin],
    callers: list[Caller],
    begin: datetime,
    end: datetime,
    per_day: int,
    chance: Random,
) -> Iterator[Call]:
    """In order of time."""
    weights = [plugin.weight for plugin in plugins]
    moment = begin
    while True:
        busy = _busy(moment + OFFICE)
        moment += timedelta(seconds=chance.expovariate(per_day * busy / 86_400))
        if moment >= end:
            return
        plugin = chance.choices(plugins, weights)[0]
        caller = chance.choices(callers, range(len(callers), 0, -1))[0]
        crowd = BURST if plugin.name == STRICT and chance.random() < 0.02 else 1
        for _ in range(crowd):
            yield Call(moment, plugin, caller, _data(plugin.kind, chance))


def _busy(local: datetime) -> float:
    """1 on average over a week."""
    day = 1 + math.cos((local.hour + local.minute / 60 - 14) / 24 * math.tau)
    return max(0.08, day * (0.4 if local.weekday() >= 5 else 1.2))


_WORDS = ("kitas", "tax residency", "villa in Canggu", "notary", "work permit", "new company",
          "overstay", "invoice", "lease", "VAT", "passport", "investor visa")  # fmt: skip


def _data(kind: str, chance: Random) -> dict[str, Any]:
    word, number = chance.choice(_WORDS), chance.randrange(1, 400)
    invalid = chance.random() < 0.01
    if invalid:
        return {"unknown": word}
    sent: dict[str, dict[str, Any]] = {
        "search": {"query": word, "limit": chance.choice((5, 10, 20))},
        "list": {"limit": chance.choice((10, 20, 50))},
        "get": {"id": f"a-{number}"},
        "send": {"to": [{"address": f"client{number}@example.com"}], "text": f"About {word}."},
        "create": {"title": word, "tags": [word.split()[0]]},
        "update": {"id": f"a-{number}", "changes": {"status": chance.choice(("open", "done"))}},
        "delete": {"id": f"a-{number}", "reason": "A duplicate"},
        "compute": {"subject": word, "amount": number},
    }
    return sent[kind]
