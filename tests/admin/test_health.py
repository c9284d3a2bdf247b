"""The page that says how the installation is doing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone

from plugins_app.core.state import BreakerState
from plugins_app.models import Worker
from plugins_app.services import breakers, sync
from plugins_app.services.audit import CLI
from plugins_app.services.registry import snapshot
from tests.admin.conftest import PRICING
from tests.admin.test_pages import text

PAGE = "/admin/health/"


def server(name: str, seconds_ago: float = 0, generation: int = 0) -> None:
    now = timezone.now()
    Worker.objects.create(
        id=name, host=name, pid=1, started=now, seen=now - timedelta(seconds=seconds_ago),
        generation=generation, registry_hash="0" * 64,
    )  # fmt: skip


def test_a_problem_comes_with_its_consequence_and_its_cure(family: Path, admin: Client) -> None:
    (family / "broken_plugin.py").write_text("import no_such_module_at_all\n")
    sync.discover(CLI)
    shown = text(admin.get(PAGE)).partition("What to look at")[2]
    assert "broken_plugin.py:1" in shown
    assert "Fix:" in shown
    assert "ZD14" in shown


def test_what_is_wrong_is_said_at_the_top(admin: Client, settings: Any) -> None:
    settings.DEBUG, settings.EMBEDDED = True, False
    assert text(admin.get(PAGE)).index("Error") < text(admin.get(PAGE)).index("What to look at")


def test_servers_are_told_apart_by_what_they_serve_and_when_they_were_seen(admin: Client) -> None:
    server("silent", 3600 * 2)
    server("behind", generation=0)
    sync.raise_generation("plugins")
    server("newest", generation=10**6)
    shown = text(admin.get(PAGE))
    assert "silent:1 Silent" in shown
    assert "behind:1 Taking over" in shown
    assert "newest:1 Up to date" in shown
    assert "2 running" in shown


def test_open_breakers_are_named(admin: Client) -> None:
    assert "All are closed." in text(admin.get(PAGE))
    breakers.force(snapshot().active[PRICING], BreakerState.OPEN, CLI)
    assert f"{PRICING} open" in text(admin.get(PAGE))


def test_the_diagnostics_hold_versions_and_findings_and_no_secret(
    admin: Client, settings: Any
) -> None:
    body = admin.get(PAGE).content.decode()
    report = body.partition('id="diagnostics"')[2].partition("</pre>")[0]
    assert "Python 3." in report
    assert "OK ZD" in report
    assert settings.SECRET_KEY not in body


def test_it_takes_a_permission(login: Callable[..., Client]) -> None:
    response = login().get(PAGE)
    assert response.status_code == 403
    assert b"plugins_app.view_worker" in response.content
