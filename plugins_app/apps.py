from __future__ import annotations

import sqlite3
from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class PluginsAppConfig(AppConfig):
    name = "plugins_app"
    verbose_name = "ZANTARA"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from plugins_app import checks  # noqa: F401  (registers the system checks)
        from plugins_app.services import key_owners, people

        key_owners.connect()
        people.connect()

        connection_created.connect(allow_all_parameters)


def allow_all_parameters(connection: Any, **told: Any) -> None:
    """Django 5.2 takes SQLite to allow 999 in a statement, as it did long ago, and cuts a sync of
    1,000 plugins into dozens."""
    if connection.vendor == "sqlite":
        allowed = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        connection.features.max_query_params = allowed
