from __future__ import annotations

from django.db import models


class RegistryState(models.Model):
    """One row of counters. A door that changes something raises one; every process reads the
    row twice a second and takes over what moved."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    plugins = models.PositiveBigIntegerField(default=0, help_text="Code is to be loaded again.")
    policies = models.PositiveBigIntegerField(default=0, help_text="Enablement or overrides moved.")
    keys = models.PositiveBigIntegerField(default=0, help_text="API keys moved.")
    reloads = models.JSONField(
        default=dict, help_text="Plugin -> the generation at which its reload was last asked for."
    )
    config = models.PositiveBigIntegerField(default=0, help_text="Plugin configuration moved.")
    warms = models.JSONField(
        default=dict, help_text="Plugin -> number of the request to warm it, counted over all."
    )

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(id=1), name="registry_state_single"),
        )

    def __str__(self) -> str:
        return f"plugins {self.plugins}, policies {self.policies}"


class Worker(models.Model):
    """One process that serves plugins, and what it has loaded."""

    id = models.CharField(max_length=100, primary_key=True)
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    started = models.DateTimeField()
    seen = models.DateTimeField(db_index=True)
    generation = models.PositiveBigIntegerField(help_text="Registry generation that it serves.")
    registry_hash = models.CharField(max_length=64, help_text="Over all loaded plugins' sources.")
    errors = models.JSONField(default=list, help_text="Load errors, as this process met them.")
    warmed = models.JSONField(
        default=dict,
        help_text="Plugin -> its last warming here: request, answers, examples, error.",
    )

    class Meta:
        ordering = ("host", "pid")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
