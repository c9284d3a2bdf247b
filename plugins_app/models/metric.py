"""Metrics are counters: one row per plugin, version, time bucket and counter name.

The names are those of plugins_app.core.metrics; a latency histogram is the counters `latency:NN`.
Rows are only ever added to, so any window is a sum, and percentiles come from merged buckets.
"""

from __future__ import annotations

from django.db import models


class _Counter(models.Model):
    plugin = models.CharField(max_length=64)
    version = models.CharField(max_length=64)
    at = models.DateTimeField(help_text="Start of the bucket, UTC.")
    metric = models.CharField(max_length=40)
    value = models.BigIntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.plugin}@{self.version} {self.at:%Y-%m-%d %H:%M} {self.metric}"


class MetricMinute(_Counter):
    class Meta:
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("plugin", "at", "version", "metric"), name="metric_minute_once"
            ),
        )
        indexes = (models.Index(fields=("at",), name="metric_minute_at"),)


class MetricHour(_Counter):
    class Meta:
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("plugin", "at", "version", "metric"), name="metric_hour_once"
            ),
        )
        indexes = (models.Index(fields=("at",), name="metric_hour_at"),)


class CallerHour(models.Model):
    """Who called what, by the hour."""

    caller = models.CharField(max_length=160)
    plugin = models.CharField(max_length=64)
    at = models.DateTimeField(help_text="Start of the hour, UTC.")
    calls = models.BigIntegerField(default=0)
    errors = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(fields=("plugin", "at", "caller"), name="caller_hour_once"),
        )
        indexes = (
            models.Index(fields=("at",), name="caller_hour_at"),
            models.Index(fields=("caller", "at"), name="caller_hour_caller"),
        )

    def __str__(self) -> str:
        return f"{self.caller} {self.plugin} {self.at:%Y-%m-%d %H}"


class GaugeMinute(models.Model):
    """Peaks within one minute."""

    plugin = models.CharField(max_length=64)
    at = models.DateTimeField(help_text="Start of the minute, UTC.")
    in_flight = models.PositiveIntegerField(default=0, help_text="Calls at once in one process.")
    queued = models.PositiveIntegerField(
        default=0, help_text="Of these, calls that waited for another call's answer."
    )
    peak_quota = models.PositiveSmallIntegerField(
        default=0, help_text="Largest share of a caller's rate limit in use, in percent."
    )

    class Meta:
        default_permissions = ("view",)
        constraints = (models.UniqueConstraint(fields=("plugin", "at"), name="gauge_minute_once"),)
        indexes = (models.Index(fields=("at",), name="gauge_minute_at"),)

    def __str__(self) -> str:
        return f"{self.plugin} {self.at:%Y-%m-%d %H:%M}"


class BreakerEvent(models.Model):
    """A circuit breaker changed its state."""

    plugin = models.CharField(max_length=64)
    version = models.CharField(max_length=64)
    at = models.DateTimeField()
    state = models.CharField(max_length=12)
    previous = models.CharField(max_length=12)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        default_permissions = ("view",)
        ordering = ("-at",)
        indexes = (models.Index(fields=("plugin", "-at"), name="breaker_event_by_plugin"),)

    def __str__(self) -> str:
        return f"{self.plugin}@{self.version} {self.previous} -> {self.state}"
