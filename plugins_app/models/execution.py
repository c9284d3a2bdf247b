from __future__ import annotations

from django.db import models


class Status(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    TIMED_OUT = "timed_out", "Timed out"
    CANCELLED = "cancelled", "Cancelled"
    ABANDONED = "abandoned", "Abandoned"
    REFUSED = "refused", "Refused"


class ExecutionLog(models.Model):
    """One execution. Written by the journal alone; `id` is a time-ordered ULID.

    Refusals are sampled into it (status `refused`); their ids were told to nobody.
    """

    id = models.CharField(max_length=26, primary_key=True)
    plugin = models.CharField(max_length=64)
    version = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=12, choices=Status)
    error_code = models.CharField(max_length=32, blank=True)
    error = models.TextField(blank=True, help_text="What the caller was told.")
    traceback = models.TextField(blank=True, help_text="For staff only.")
    caller = models.CharField(max_length=160)
    caller_name = models.CharField(max_length=150, blank=True)
    source = models.CharField(max_length=16, help_text="Door that it came through.")
    request_id = models.CharField(max_length=128, blank=True)
    model = models.CharField(max_length=64, blank=True, help_text="AI model that asked for it.")
    cached = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    duration_ms = models.FloatField(null=True)
    input = models.TextField(blank=True, help_text="JSON, sensitive fields masked.")
    output = models.TextField(blank=True, help_text="JSON, sensitive fields masked.")
    stages = models.JSONField(
        null=True, help_text="[stage, microseconds after the start], in their order."
    )
    lines = models.TextField(
        blank=True,
        help_text="JSON: what was logged meanwhile, as [microseconds after the start, level, text,"
        " fields]; `left_out` of them after the first `first`. For staff only.",
    )
    worker = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(
        null=True, help_text="A running row past this time belongs to a dead process."
    )

    class Meta:
        ordering = ("-id",)
        verbose_name = "execution"
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=("plugin", "-id"), name="execution_by_plugin"),
            models.Index(fields=("caller", "-id"), name="execution_by_caller"),
            models.Index(fields=("status", "-id"), name="execution_by_status"),
            models.Index(
                fields=("lease_until",),
                name="execution_running",
                condition=models.Q(status="running"),
            ),
        )

    def __str__(self) -> str:
        return self.id
