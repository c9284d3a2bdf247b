from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models, transaction


class User(AbstractUser):
    """Ours from the first migration, so that it can grow without moving tables."""

    def save(self, *args: Any, **kwargs: Any) -> None:
        """With what receivers of its signals write, or not at all."""
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)

    @property
    def has_new_password(self) -> bool:
        """Set and not saved; not so where a login only hashes the same one anew."""
        return self._password is not None  # type: ignore[attr-defined]


class ApiKeys(models.QuerySet["ApiKey"]):
    def working(self) -> ApiKeys:
        """Neither revoked nor disabled; they may still have expired."""
        return self.filter(revoked=None, disabled=None)


class ApiKey(models.Model):
    """The secret is shown once; only its HMAC is kept. `prefix` finds the row and is shown."""

    name = models.CharField(max_length=100, unique=True)
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False, help_text="HMAC-SHA-256, hex.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="api_keys"
    )
    scopes = models.JSONField(default=list, help_text="What it may do.")
    plugins = models.JSONField(
        default=list, help_text="Globs of the plugins it may use, like 'bali_zero.*'."
    )
    model = models.CharField(
        max_length=64, blank=True, help_text="AI model it stands for; wins over the header."
    )
    rate_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="Calls per minute over all plugins."
    )
    networks = models.JSONField(
        default=list, help_text="Networks that it may be used from; empty is anywhere."
    )
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)
    disabled = models.DateTimeField(
        null=True, blank=True, help_text="Since when it is refused; it may be enabled again."
    )
    last_used = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeys.as_manager()

    proof: bytes | None = None
    """Of a key in memory: a plain hash of the secret that has proved it."""

    class Meta:
        ordering = ("name",)
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
