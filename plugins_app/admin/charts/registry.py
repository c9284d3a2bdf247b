"""Every chart, in the order in which pages show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.changes import changes
from plugins_app.admin.charts.chart import Chart, Drawing
from plugins_app.admin.charts.kinds import (
    breaker,
    cache,
    callers,
    calls,
    distribution,
    errors,
    heat,
    keys,
    latency,
    limits,
    load,
    retries,
    versions,
)


@dataclass(frozen=True, slots=True)
class Definition:
    """`about` says what is counted. `of_plugin`: it takes a plugin; `of_all`: it is about all;
    `of_key`: it takes an API key."""

    id: str
    slug: str
    title: str
    about: str
    draw: Callable[[Asked], Drawing]
    of_plugin: bool = True
    of_all: bool = True
    of_key: bool = False
    timed: bool = True
    """Whether its places are buckets of time, so that annotations have a place among them."""
    compares: bool = False
    """Whether it can show the period before."""

    def made(self, asked: Asked) -> Chart:
        told = changes(asked) if self.timed else []
        drawing = self.draw(asked)
        return Chart(
            self.id,
            self.slug,
            self.title,
            self.about,
            asked.plugin,
            drawing,
            drawing.window or asked.window,
            told,
        )

    def fits(self, plugin: str | None, key: str | None = None) -> bool:
        if key:
            return self.of_key and not plugin
        return self.of_plugin if plugin else self.of_all


DEFINITIONS = (
    Definition("P1", "calls", "Calls", "Calls by how they ended.", calls.draw, compares=True),
    Definition(
        "P2",
        "errors",
        "Error rate",
        "Failed and timed out, of executed calls. Refusals and cached answers do not count.",
        errors.draw,
        compares=True,
    ),
    Definition(
        "P3",
        "latency",
        "Latency",
        "Of executed calls, cached ones left out.",
        latency.draw,
        compares=True,
    ),
    Definition(
        "P4",
        "distribution",
        "Latency distribution",
        "Executed calls by how long they took.",
        distribution.draw,
        timed=False,
    ),
    Definition(
        "P5", "cache", "Cache", "Hits of the calls that looked into it.", cache.draw, compares=True
    ),
    Definition(
        "P6",
        "limits",
        "Rate limit",
        "Calls refused with 429, and the largest share of a caller's quota in use.",
        limits.draw,
        compares=True,
    ),
    Definition(
        "P7",
        "breaker",
        "Circuit breaker",
        "The share of time that it was closed, half-open and open.",
        breaker.draw,
        of_all=False,
    ),
    Definition("P8", "load", "In flight", "The most calls at once in a bucket.", load.draw),
    Definition(
        "P9",
        "retries",
        "Attempts and timeouts",
        "Executed calls by how many attempts they took.",
        retries.draw,
    ),
    Definition(
        "P10",
        "versions",
        "Error rate by version",
        "As the error rate, each version for itself.",
        versions.draw_errors,
        of_all=False,
    ),
    Definition(
        "P10b",
        "versions-latency",
        "p95 by version",
        "95 % of a version's executed calls were faster.",
        versions.draw_latency,
        of_all=False,
    ),
    Definition(
        "P11",
        "callers",
        "Callers",
        "The ten with the most calls.",
        callers.draw,
        timed=False,
    ),
    Definition(
        "P12",
        "heat",
        "Errors by plugin and time",
        "The error rate of each plugin that was called.",
        heat.draw,
        of_plugin=False,
        timed=False,
    ),
    Definition(
        "P1k",
        "key-calls",
        "Calls with this key",
        "Calls by how they ended, by whole hours.",
        keys.draw_calls,
        of_plugin=False,
        of_all=False,
        of_key=True,
        timed=False,
    ),
    Definition(
        "P11k",
        "key-plugins",
        "Plugins called with this key",
        "The ten with the most calls.",
        keys.draw_plugins,
        of_plugin=False,
        of_all=False,
        of_key=True,
        timed=False,
    ),
)
_NAMED = {
    name: definition for definition in DEFINITIONS for name in (definition.slug, definition.id)
}


def definition(name: str) -> Definition:
    """By slug or id: 'calls' or 'P1'. Raises KeyError."""
    return _NAMED[name]
