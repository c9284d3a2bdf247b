"""What is counted, under which names, and how latency becomes mergeable.

A metric is a counter with a short name: `status:failed`, `error:rate_limited`, `cache:hit`,
`attempts:2`, `latency:31`, `latency_us`. Buckets are log-spaced, ten per decade from 0.1 ms, so
any window's histogram is a sum and its percentiles are right to within a bucket (26 %).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plugins_app.core.execution import Execution

BUCKETS_PER_DECADE = 10
FIRST_BOUND_MS = 0.1
BUCKETS = 68
"""The last bucket holds everything above its lower bound, about 400 s."""
_LATENCY = tuple(f"latency:{bucket:02d}" for bucket in range(BUCKETS))


def bucket_of(milliseconds: float) -> int:
    """Index of the bucket whose upper bound is the first at or above the duration."""
    return bisect_left(_BOUNDS, milliseconds)


def upper_bound_ms(bucket: int) -> float:
    return float(FIRST_BOUND_MS * 10 ** (bucket / BUCKETS_PER_DECADE))


_BOUNDS = tuple(upper_bound_ms(bucket) for bucket in range(BUCKETS - 1))


def percentile_ms(histogram: Mapping[int, int], share: float) -> float | None:
    """Upper bound of the bucket that holds the `share` (0 to 1) of all calls; None without any."""
    total = sum(histogram.values())
    if not total:
        return None
    rank, seen = math.ceil(share * total), 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= max(rank, 1):
            return upper_bound_ms(bucket)
    return None


def histogram_of(counts: Mapping[str, int]) -> dict[int, int]:
    """Bucket -> executed calls, lowest first."""
    return {
        int(metric.removeprefix("latency:")): amount
        for metric, amount in sorted(counts.items())
        if metric.startswith("latency:")
    }


def attempts_metric(attempts: int) -> str:
    """'attempts:1', 'attempts:2' or 'attempts:3+'."""
    return f"attempts:{attempts}" if attempts < 3 else "attempts:3+"


def counters(execution: Execution) -> dict[str, int]:
    """Metric -> amount that one ended call adds. Cache hits have no latency."""
    counts = {"status:" + execution.status: 1}
    if execution.error:
        counts["error:" + execution.error.code] = 1
    if not execution.admitted:
        return counts
    if execution.cached:
        counts["cache:hit"] = 1
        return counts
    caching = execution.use_cache and execution.loaded.metadata.cache_ttl
    counts["cache:miss" if caching else "cache:bypass"] = 1
    counts[attempts_metric(execution.attempts or 1)] = 1
    counts[_LATENCY[bucket_of(execution.duration * 1000)]] = 1
    counts["latency_us"] = round(execution.duration * 1_000_000)
    return counts


def summary(counts: Mapping[str, int]) -> dict[str, Any]:
    """What people ask of counters. Times are milliseconds; `avg_time` is seconds, as it was in
    the replaced system; a share of nothing is None."""
    kinds = _by_kind(counts)
    statuses, errors, cache = kinds["status"], kinds["error"], kinds["cache"]
    refused = statuses.pop("refused", 0)
    calls, successes = sum(statuses.values()), statuses.get("succeeded", 0)
    histogram = {int(bucket): n for bucket, n in sorted(kinds["latency"].items())}
    executed = sum(histogram.values())
    average = counts.get("latency_us", 0) / executed / 1e6 if executed else None
    looked_up = cache.get("hit", 0) + cache.get("miss", 0)
    return {
        "calls": calls,
        "successes": successes,
        "failures": calls - successes,
        "success_rate": _share(successes, calls),
        "refused": refused,
        "rate_limited": errors.get("rate_limited", 0),
        "errors": errors,
        "timeouts": statuses.get("timed_out", 0),
        "cache_hits": cache.get("hit", 0),
        "cache_misses": cache.get("miss", 0),
        "cache_hit_rate": _share(cache.get("hit", 0), looked_up),
        "avg_time": None if average is None else round(average, 6),
        **{f"p{p}_ms": _rounded(percentile_ms(histogram, p / 100)) for p in (50, 95, 99)},
    }


def _by_kind(counts: Mapping[str, int]) -> defaultdict[str, dict[str, int]]:
    """'status:failed' -> 'status' -> 'failed'."""
    kinds: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name, amount in counts.items():
        kind, _, which = name.partition(":")
        kinds[kind][which] = amount
    return kinds


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
