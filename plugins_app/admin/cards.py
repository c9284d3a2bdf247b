"""One plugin as its card shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plugins_app.admin.badges import BADGES, Look, category_icon
from plugins_app.admin.facts import access, short_rate_limit
from plugins_app.admin.formats import end_of_path, milliseconds, number, plural, rate
from plugins_app.admin.quality import TIERS
from plugins_app.admin.sparkline import Sparkline, sparkline
from plugins_app.core.quality import Tier
from plugins_app.services.catalogue import Badge, PluginView

SHOWN_TAGS = 3
Summary = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    text: str
    title: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    view: PluginView
    figures: list[Figure] | None
    """None where the operator may not see metrics, and where there is nothing to count."""
    impact: str
    summary: Summary = field(default_factory=dict)
    """Of the last day; empty where the operator may not see metrics."""
    line: Sparkline | None = None
    """Calls of the last day by the hour."""

    @property
    def name(self) -> str:
        return self.view.name

    @property
    def calls(self) -> int:
        """In the last day."""
        return int(self.summary.get("calls", 0))

    @property
    def edition(self) -> str:
        """'v1.2.0 · bali-zero', as far as known."""
        version = f"v{self.view.version}" if self.view.version else ""
        return " · ".join(filter(None, (version, self.view.category)))

    @property
    def tier_word(self) -> str:
        return TIERS[Tier[self.view.tier.upper()]] if self.view.tier else ""

    @property
    def look(self) -> Look:
        return BADGES[self.view.status]

    @property
    def icon(self) -> str:
        return category_icon(self.view.category)

    @property
    def broken(self) -> bool:
        return self.view.status is Badge.LOAD_ERROR

    @property
    def place(self) -> str:
        """Where it failed."""
        return end_of_path(self.view.failure.location) if self.view.failure else ""

    @property
    def reload_word(self) -> str:
        return "Retry load" if self.broken else "Reload"

    @property
    def switch_word(self) -> str:
        return "Disable" if self.view.enabled else "Enable"

    @property
    def can_switch(self) -> bool:
        """Code that never loaded, and is not installed, has nothing to switch."""
        return self.view.loaded is not None or self.view.row is not None

    @property
    def tags(self) -> tuple[str, ...]:
        return self.view.metadata.tags[:SHOWN_TAGS] if self.view.metadata else ()

    @property
    def more_tags(self) -> tuple[str, ...]:
        return self.view.metadata.tags[SHOWN_TAGS:] if self.view.metadata else ()

    @property
    def access(self) -> str:
        return access(self.view.metadata) if self.view.metadata else ""

    @property
    def rate_limit(self) -> str:
        return short_rate_limit(self.view.metadata) if self.view.metadata else ""


def card(view: PluginView, summary: Summary | None, by_hour: Sequence[int] | None = None) -> Card:
    """`summary` is None where the operator may not see metrics."""
    called = summary is not None and (view.loaded or summary.get("calls"))
    figures = _strip(summary) if summary and called else None
    line = sparkline(by_hour) if by_hour and figures else None
    return Card(view, figures, impact(summary), summary or {}, line)


def impact(summary: Summary | None) -> str:
    """What disabling touches, as far as the last day tells."""
    if summary is None:
        return "How much it is used is hidden from you (plugins_app.view_metrics)."
    calls = summary.get("calls") or 0
    if not calls:
        return "Nobody called it in the last 24 h."
    return f"It answered {plural(calls, 'call')} in the last 24 h."


def _strip(summary: Summary) -> list[Figure]:
    share = error_share(summary)
    return [
        Figure("Calls", number(summary.get("calls", 0))),
        Figure("Errors", rate(share), tone=error_tone(share)),
        Figure("p95", milliseconds(summary.get("p95_ms")), "95 % of executed calls were faster"),
    ]


def error_share(summary: Summary) -> float | None:
    share = summary.get("success_rate")
    return None if share is None else 1 - share


def error_tone(share: float | None) -> str:
    return success_tone(None if share is None else 1 - share)


def figures(summary: Summary) -> list[Figure]:
    """The row above the charts."""
    share = summary.get("success_rate")
    failures = plural(summary.get("failures", 0), "failure")
    return [
        Figure(
            "Calls", number(summary.get("calls", 0)), f"{number(summary.get('refused', 0))} refused"
        ),
        Figure("Success", rate(share), failures, success_tone(share)),
        Figure("p50", milliseconds(summary.get("p50_ms")), "median"),
        Figure("p95", milliseconds(summary.get("p95_ms")), "slowest 5 %"),
        Figure("p99", milliseconds(summary.get("p99_ms")), _p99_note(summary)),
        Figure(
            "Cache hits",
            rate(summary.get("cache_hit_rate")),
            f"{number(summary.get('cache_hits', 0))} hits",
        ),
    ]


def _p99_note(summary: Summary) -> str:
    few = 0 < summary.get("calls", 0) < 100
    return "few samples" if few else "slowest 1 %"


def success_tone(share: float | None) -> str:
    if share is None or share >= 0.99:
        return ""
    return "warn" if share >= 0.9 else "error"
