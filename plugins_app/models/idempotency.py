from __future__ import annotations

from django.db import models


class IdempotencyRecord(models.Model):
    """That a caller has used a key, and what the call answered. Written by the journal alone, in
    the transactions of the call's row: a key is taken exactly where its call may start."""

    caller = models.CharField(max_length=160)
    plugin = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64, help_text="SHA-256 of what was asked, in hex.")
    execution_id = models.CharField(max_length=26, db_index=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True, help_text="The key is free again after it.")
    status = models.PositiveSmallIntegerField(
        null=True, help_text="Of the kept answer; empty as long as there is none."
    )
    headers = models.TextField(blank=True, help_text="Of the kept answer, as JSON.")
    body = models.BinaryField(null=True, help_text="Of the kept answer, encrypted.")

    class Meta:
        ordering = ("-id",)
        verbose_name = "idempotency key"
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("caller", "plugin", "key"), name="idempotency_key_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.plugin}: {self.key}"
