from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """Ours from the first migration, so that it can grow without moving tables."""


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
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("name",)
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
