"""One caller of each column of the matrix, on an engine with the lab's plugins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from plugins_app.core.caller import Scope
from plugins_app.models import User
from plugins_app.services.audit import CLI
from plugins_app.services.keys import create_key
from tests.admin.conftest import _plain_static_files  # noqa: F401
from tests.api.conftest import clock, lab, plugin_folder  # noqa: F401
from tests.rights._matrix import COLUMNS

PERMISSION = {
    "+view": "view_installedplugin",
    "+execute": "execute_plugin",
    "+metrics": "view_metrics",
    "+logs": "view_executionlog",
    "+reload": "reload_plugin",
    "+change": "change_installedplugin",
    "+enable": "enable_plugin",
}
KEYS: dict[str, dict[str, Any]] = {
    "key": {"scopes": []},
    **{str(scope): {"scopes": [scope]} for scope in Scope},
    "others": {"scopes": list(Scope), "plugins": ["other.*"]},
}
USERS: dict[str, dict[str, Any]] = {
    "user": {},
    "staff": {"is_staff": True},
    **{name: {"is_staff": True} for name in PERMISSION},
    "root": {"is_staff": True, "is_superuser": True},
}


class Callers:
    """Column -> a client that calls as such, made when it is first asked for."""

    def __init__(self) -> None:
        self._clients: dict[str, Client] = {}
        self.ids = {"nobody": "anonymous:127.0.0.1"}
        """Column -> what the log calls it."""

    def __getitem__(self, column: str) -> Client:
        if column not in self._clients:
            self._clients[column] = self._made(column)
        return self._clients[column]

    def all(self) -> Iterable[tuple[str, Client]]:
        return [(column, self[column]) for column in COLUMNS]

    def _made(self, column: str) -> Client:
        client = Client(raise_request_exception=False)
        if column in KEYS:
            made = create_key(CLI, column, **KEYS[column])
            client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {made.secret}"
            self.ids[column] = f"key:{made.key.prefix}"
        elif column in USERS:
            user = new_user(column, **USERS[column])
            user.user_permissions.set(Permission.objects.filter(codename=PERMISSION.get(column)))
            client.force_login(user)
            self.ids[column] = f"user:{user.pk}"
        return client


def new_user(name: str, **fields: Any) -> User:
    """Without a password: hashing one takes longer than all else here."""
    user = User(username=name, **fields)
    user.set_unusable_password()
    user.save()
    return user


@pytest.fixture
def callers(lab: Any, settings: Any) -> Callers:  # noqa: F811
    settings.ZANTARA_ANONYMOUS_RATE = 0
    settings.AXES_ENABLED = False
    return Callers()
