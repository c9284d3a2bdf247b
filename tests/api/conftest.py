"""An engine on the lab's plugins, and callers of every kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from plugins_app.core.memory_state import MemoryState
from plugins_app.models import User
from plugins_app.services.audit import CLI
from plugins_app.services.keys import create_key
from tests.api._call import Clock, Headers

LAB = Path(__file__).parent / "lab"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of limits and breakers; ask for it before the engine."""
    clock = Clock()
    state = partial(MemoryState, clock=clock, random=lambda: 0.5)
    monkeypatch.setattr("plugins_app.runtime.engine.MemoryState", state)
    return clock


@pytest.fixture
def plugin_folder(settings: Any, tmp_path: Path) -> Path:
    """An empty family beside the lab's, for plugins that a test writes."""
    family = tmp_path / f"plugins_of_{tmp_path.name}" / "family"
    family.mkdir(parents=True)
    settings.ZANTARA_PLUGIN_DIRS = [LAB, family.parent]
    return family


@pytest.fixture
def lab(clock: Clock, plugin_folder: Path, engine: Any) -> Any:
    """An engine that serves the lab's plugins; its limits run on the clock."""
    return engine


@pytest.fixture
def key() -> Callable[..., Headers]:
    """key('list', plugins=['lab.*']) makes an API key; its header."""

    def make(*scopes: str, name: str = "app", **options: Any) -> Headers:
        made = create_key(CLI, name, scopes=scopes, **options)  # type: ignore[arg-type]
        return {"Authorization": f"Bearer {made.secret}"}

    return make


@pytest.fixture
def login(client: Client) -> Callable[..., Client]:
    """login('view_metrics', is_staff=True): the client with the session of a new user."""

    def make(*permissions: str, **fields: Any) -> Client:
        user = User.objects.create_user("ayu", password="-", **fields)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    return make
