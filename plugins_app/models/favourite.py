from __future__ import annotations

from django.conf import settings
from django.db import models


class Favourite(models.Model):
    """A plugin that a user keeps at hand; nobody else sees it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites"
    )
    plugin = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("user", "plugin"), name="favourite_once"),)

    def __str__(self) -> str:
        return self.plugin
