from __future__ import annotations

from typing import Any, NoReturn

from django.db import models


class AppendOnly(TypeError):
    """Raised by every attempt to change or remove what is kept for good."""


class _AppendOnlyQuerySet(models.QuerySet["AuditEvent"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Audit events are never changed")

    def delete(self) -> NoReturn:
        raise AppendOnly("Audit events are never deleted")


class AuditEvent(models.Model):
    """Who changed what, when, why and from where. Written in the transaction of the change."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.CharField(max_length=160)
    actor_name = models.CharField(max_length=150, blank=True)
    action = models.CharField(max_length=40, db_index=True)
    object = models.CharField(max_length=160, db_index=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    source = models.CharField(max_length=16)
    request_id = models.CharField(max_length=128, blank=True)
    address = models.CharField(max_length=45, blank=True)

    objects = _AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = "audit event"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.action} {self.object}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("Audit events are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Audit events are never deleted")
