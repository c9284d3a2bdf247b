"""Numbers of one bucket, from its counters."""

from __future__ import annotations

from plugins_app.core.metrics import histogram_of, percentile_ms
from plugins_app.services.timelines import ERRORS, Counts

FEW = 100
"""Below so many calls a p99 says little."""
REFUSALS = {
    "invalid_input": "error:invalid_input",
    "rate_limited": "error:rate_limited",
    "circuit_open": "error:circuit_open",
}


def succeeded(counts: Counts) -> int:
    """By the plugin itself: not from the cache."""
    return max(0, counts["status:succeeded"] - counts["cache:hit"])


def failed(counts: Counts) -> int:
    return counts["status:failed"] + counts["status:abandoned"]


def executed(counts: Counts) -> int:
    """Calls that the plugin worked for, however they ended; cancelled ones tell nothing of it."""
    return succeeded(counts) + sum(counts[metric] for metric in ERRORS)


def calls(counts: Counts) -> int:
    """Answers of any kind; refusals are none."""
    return executed(counts) + counts["cache:hit"] + counts["status:cancelled"]


def refused_otherwise(counts: Counts) -> int:
    known = sum(counts[metric] for metric in REFUSALS.values())
    return max(0, counts["status:refused"] - known)


def error_rate(counts: Counts) -> float | None:
    """Percent of the executed calls."""
    return percent(sum(counts[metric] for metric in ERRORS), executed(counts))


def hit_rate(counts: Counts) -> float | None:
    """Percent of the calls that looked into the cache."""
    return percent(counts["cache:hit"], counts["cache:hit"] + counts["cache:miss"])


def percentile(counts: Counts, share: float) -> float | None:
    """Milliseconds, of executed calls."""
    found = percentile_ms(histogram_of(counts), share)
    return None if found is None else round(found, 2)


def measured(counts: Counts) -> int:
    """Calls whose duration is known."""
    return sum(histogram_of(counts).values())


def percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None
