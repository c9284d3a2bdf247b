from __future__ import annotations

from typing import Any, NoReturn

from django.db import models, transaction
from django.utils import timezone

from plugins_app.models.audit_chain import FIELDS, START, clean_text, digest, storable


class AppendOnly(TypeError):
    """Raised by every attempt to change or remove what is kept for good."""


class _AppendOnlyQuerySet(models.QuerySet["AuditEvent"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Audit events are never changed")

    def delete(self) -> NoReturn:
        raise AppendOnly("Audit events are never deleted")

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Audit events are written one by one, each after the one before")


class AuditHead(models.Model):
    """One row: the newest event. Its lock is what lets events be written one after another, and
    it tells when the newest ones are taken away."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    event = models.BigIntegerField(default=0, help_text="The newest event.")
    hash = models.CharField(max_length=64, default=START, help_text="Its hash.")
    count = models.BigIntegerField(default=0, help_text="Events written until now.")

    class Meta:
        verbose_name = "audit head"
        default_permissions = ("view",)
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="audit_head_single"),)

    def __str__(self) -> str:
        return f"{self.event} {self.hash}"

    @classmethod
    @transaction.atomic(savepoint=False)
    def held(cls) -> AuditHead:
        """Locked until the transaction ends. Take it after all other rows that the transaction
        locks, and before the registry's state: two that wait for each other would both fail."""
        head, _ = cls.objects.select_for_update().get_or_create(pk=1)
        return head


class AuditEvent(models.Model):
    """Who changed what, when, why and from where. Written in the transaction of the change, and
    chained to the event before."""

    id = models.BigIntegerField(primary_key=True, editable=False)
    at = models.DateTimeField(db_index=True, editable=False)
    actor = models.CharField(max_length=160)
    actor_name = models.CharField(max_length=150, blank=True)
    action = models.CharField(max_length=40)
    object = models.CharField(max_length=160)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    source = models.CharField(max_length=16)
    request_id = models.CharField(max_length=128, blank=True)
    address = models.CharField(max_length=45, blank=True)
    previous = models.CharField(max_length=64, help_text="Hash of the event before.")
    hash = models.CharField(max_length=64, help_text="SHA-256 over this event and `previous`.")

    objects = _AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = "audit event"
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=("object", "-id"), name="audit_by_object"),
            models.Index(fields=("action", "-id"), name="audit_by_action"),
            models.Index(fields=("actor", "-id"), name="audit_by_actor"),
            models.Index(fields=("request_id", "-id"), name="audit_by_request"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.object}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Takes its place at the end of the chain."""
        if not self._state.adding:
            raise AppendOnly("Audit events are never changed")
        self._make_storable()
        with transaction.atomic(savepoint=False):
            head = AuditHead.held()
            self.at = timezone.now()
            self.id, self.previous = head.event + 1, head.hash
            self.hash = self.computed_hash()
            super().save(force_insert=True)
            head.event, head.hash, head.count = self.id, self.hash, head.count + 1
            head.save(update_fields=("event", "hash", "count"))

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Audit events are never deleted")

    def computed_hash(self) -> str:
        return digest({name: getattr(self, name) for name in FIELDS}, self.previous)

    def _make_storable(self) -> None:
        for field in self._meta.concrete_fields:
            value = getattr(self, field.attname)
            if isinstance(field, models.CharField | models.TextField):
                setattr(self, field.attname, clean_text(value, field.max_length))
        self.before, self.after = storable(self.before), storable(self.after)
