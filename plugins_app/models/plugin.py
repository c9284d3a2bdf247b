from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from pydantic import ValidationError as SchemaError

from plugins_app.core.metadata import PluginCategory, PluginOverrides


def check_overrides(value: Any) -> None:
    try:
        PluginOverrides.model_validate(value)
    except SchemaError as error:
        raise ValidationError(
            [f"{'.'.join(map(str, e['loc'])) or 'overrides'}: {e['msg']}" for e in error.errors()]
        ) from error


class InstalledPlugin(models.Model):
    """A plugin that was discovered at least once. What operators decided lives here."""

    name = models.CharField(max_length=64, primary_key=True)
    installed = models.BooleanField(
        default=True, help_text="The last discovery found its code.", db_index=True
    )
    enabled = models.BooleanField(default=False, help_text="Callers may execute it.", db_index=True)
    overrides = models.JSONField(
        default=dict,
        blank=True,
        validators=[check_overrides],
        help_text="Operator's values over those from the code; discovery never changes them.",
    )
    pinned_version = models.CharField(
        max_length=64, blank=True, help_text="Version to serve; empty means the highest."
    )
    version = models.CharField(max_length=64, help_text="Version that is served now.")
    category = models.CharField(
        max_length=32, choices=[(c.value, c.value) for c in PluginCategory], db_index=True
    )
    description = models.TextField(blank=True)
    metadata = models.JSONField(default=dict, help_text="As the code of that version declares it.")
    first_seen = models.DateTimeField(auto_now_add=True)
    last_seen = models.DateTimeField(help_text="Last discovery that found it.")

    class Meta:
        ordering = ("name",)
        verbose_name = "plugin"
        permissions = (
            ("execute_plugin", "Can execute plugins"),
            ("reload_plugin", "Can reload plugins"),
            ("enable_plugin", "Can enable and disable plugins"),
            ("view_metrics", "Can view metrics"),
        )

    def __str__(self) -> str:
        return self.name


class PluginVersion(models.Model):
    """One version of a plugin as it was seen; changed source is another row."""

    plugin = models.ForeignKey(InstalledPlugin, on_delete=models.CASCADE, related_name="versions")
    version = models.CharField(max_length=64)
    source_hash = models.CharField(max_length=64, help_text="SHA-256 of the module's source.")
    source_path = models.CharField(max_length=500, blank=True)
    input_schema = models.JSONField()
    output_schema = models.JSONField()
    metadata = models.JSONField()
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        ordering = ("plugin", "-last_seen")
        verbose_name = "plugin version"
        constraints = (
            models.UniqueConstraint(
                fields=("plugin", "version", "source_hash"), name="plugin_version_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.plugin_id}@{self.version}"


class PluginRecord(models.Model):
    """One JSON document that a plugin stored; an empty owner means shared by its callers."""

    plugin = models.CharField(max_length=64)
    owner = models.CharField(max_length=160, blank=True)
    collection = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    document = models.JSONField()
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("plugin", "owner", "collection", "key")
        verbose_name = "plugin record"
        constraints = (
            models.UniqueConstraint(
                fields=("plugin", "owner", "collection", "key"), name="plugin_record_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.plugin}/{self.collection}/{self.key}"
