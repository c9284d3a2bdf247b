"""This process's counts in Prometheus' text format. Asks no database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from plugins_app.core.metrics import BUCKETS, upper_bound_ms
from plugins_app.runtime.engine import Engine, current_engine
from plugins_app.runtime.redis.degrading import DegradingState

CONTENT_TYPE = CONTENT_TYPE_LATEST
_FAMILIES = (
    ("status", "zantara_executions", "Ended calls by status."),
    ("error", "zantara_errors", "Failed and refused calls by error code."),
    ("cache", "zantara_cache_lookups", "Calls by what the cache did for them."),
    ("attempts", "zantara_attempts", "Executed calls by the attempts they took."),
)


def exposition(plugins: Collection[str] | None = None) -> bytes:
    """Of these plugins, or of all."""
    registry = CollectorRegistry()
    registry.register(_EngineCollector(current_engine(), plugins))
    return generate_latest(registry)


class _EngineCollector(Collector):
    def __init__(self, engine: Engine, plugins: Collection[str] | None) -> None:
        self._engine, self._plugins = engine, plugins

    def collect(self) -> Iterator[Metric]:
        counts = {
            name: counted
            for name, counted in self._engine.executor.counts().items()
            if self._plugins is None or name in self._plugins
        }
        for prefix, name, help_text in _FAMILIES:
            yield _counter(name, help_text, prefix, counts)
        yield _histogram(counts)
        snapshot = self._engine.registry.snapshot
        yield _gauge("zantara_in_flight", "Calls in flight.", self._engine.executor.in_flight)
        degraded = isinstance(self._engine.state, DegradingState) and self._engine.state.degraded
        yield _gauge("zantara_degraded", "1 while the shared state is away.", degraded)
        yield _gauge("zantara_plugins_loaded", "Plugins loaded.", len(snapshot.plugins))
        yield _gauge("zantara_load_errors", "Plugins that failed to load.", len(snapshot.errors))


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value=value)


def _counter(
    name: str, help_text: str, prefix: str, counts: Mapping[str, Mapping[str, int]]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, help_text, labels=["plugin", prefix])
    for plugin, counted in counts.items():
        for metric, amount in counted.items():
            if metric.startswith(f"{prefix}:"):
                family.add_metric([plugin, metric.partition(":")[2]], amount)
    return family


def _histogram(counts: Mapping[str, Mapping[str, int]]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(
        "zantara_execution_duration_seconds", "Duration of executed calls.", labels=["plugin"]
    )
    for plugin, counted in counts.items():
        family.add_metric(
            [plugin], list(_buckets(counted)), sum_value=counted.get("latency_us", 0) / 1e6
        )
    return family


def _buckets(counted: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    """(upper bound in seconds, calls at or below it)."""
    below = 0
    for bucket in range(BUCKETS):
        below += counted.get(f"latency:{bucket:02d}", 0)
        bound = "+Inf" if bucket == BUCKETS - 1 else f"{upper_bound_ms(bucket) / 1000:.6g}"
        yield bound, below
