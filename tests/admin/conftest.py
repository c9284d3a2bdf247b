"""The pages on a real engine, and operators of every kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from plugins_app.models import User

PRICING = "bali_zero.pricing"


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Any) -> None:
    """Addresses without a manifest: nothing needs to be collected first."""
    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}


@pytest.fixture
def family(settings: Any, tmp_path: Path) -> Path:
    """A folder for plugins that a test writes, beside the real ones. Ask for it before `engine`."""
    family = tmp_path / f"pages_{tmp_path.name}" / "family"
    family.mkdir(parents=True)
    settings.ZANTARA_PLUGIN_DIRS = [*settings.ZANTARA_PLUGIN_DIRS, family.parent]
    return family


@pytest.fixture
def login(engine: Any, client: Client) -> Callable[..., Client]:
    """login('view_metrics'): the client of a staff user who may see plugins and this much more."""

    def make(*permissions: str, **fields: Any) -> Client:
        user = User.objects.create_user("ayu", password="-", is_staff=True, **fields)
        codenames = ("view_installedplugin", *permissions)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client.force_login(user)
        return client

    return make


@pytest.fixture
def admin(login: Callable[..., Client]) -> Client:
    return login(is_superuser=True)
