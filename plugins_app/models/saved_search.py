from __future__ import annotations

from django.conf import settings
from django.db import models


class SavedSearch(models.Model):
    """A view of the executions that a user comes back to; nobody else sees it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches"
    )
    name = models.CharField(max_length=60)
    query = models.TextField(help_text="As the address has it, without its question mark.")

    class Meta:
        ordering = ("name",)
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("user", "name"), name="saved_search_once"),)

    def __str__(self) -> str:
        return self.name
