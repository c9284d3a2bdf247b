"""Commands in the audit trail, Django's among them: who ran them on which host."""

from __future__ import annotations

import json
import os
import pwd
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.management.commands import changepassword
from django.contrib.sessions.models import Session
from django.utils import timezone

from plugins_app.management.commands.quickstart import Command as Quickstart
from plugins_app.models import AuditEvent, User
from plugins_app.services import upkeep
from plugins_app.services.audit import CLI
from plugins_app.services.warming import warm_servers
from tests.commands.conftest import Ran
from tests.commands.plugins import a_server
from tests.serving import Installation

Run = Callable[..., Ran]
PASSWORD = "a-long-Password-1"


def made_by_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> AuditEvent:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    run("createsuperuser", "--no-input", "--username", "ayu", "--email", "ayu@example.com")
    return AuditEvent.objects.get(action="user.create")


def test_an_event_of_a_command_names_the_systems_user_and_host(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "somebody else")
    monkeypatch.setenv("LOGNAME", "somebody else")
    event = made_by_command(run, monkeypatch)
    assert (event.actor, event.source) == ("cli", "cli")
    assert event.actor_name == pwd.getpwuid(os.getuid()).pw_name
    assert event.address == socket.gethostname()[:45]


def test_a_new_superuser_is_on_record(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    event = made_by_command(run, monkeypatch)
    assert event.object == "user:ayu"
    assert event.after["is_superuser"] is True
    assert PASSWORD not in str(event.after)


def test_a_superuser_who_cannot_be_noted_is_not_made(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("plugins_app.services.people.record", full)
    with pytest.raises(ZeroDivisionError):
        made_by_command(run, monkeypatch)
    assert not User.objects.exists()


def test_a_password_that_a_command_changes_is_on_record(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.create_user("ayu")
    monkeypatch.setattr(changepassword.Command, "_get_pass", lambda *args, **_: PASSWORD)
    run("changepassword", "ayu")
    (event,) = AuditEvent.objects.all()
    assert (event.action, event.object, event.actor) == ("user.change", "user:ayu", "cli")
    assert (event.before, event.after) == (None, {"password": "changed"})


def test_the_first_administrator_of_make_run_is_on_record(db: None) -> None:
    Quickstart()._administrator()
    (event,) = AuditEvent.objects.all()
    assert (event.action, event.object, event.actor) == ("user.create", "user:admin", "cli")


def test_users_that_code_makes_by_itself_leave_no_event(db: None) -> None:
    User.objects.create_user("made", password=PASSWORD)
    assert not AuditEvent.objects.exists()


def test_asking_servers_to_warm_their_caches_is_on_record(db: None) -> None:
    a_server()
    warm_servers(CLI, ["shop.buy"], timedelta(0))
    event = AuditEvent.objects.get(action="warm")
    assert (event.object, event.after) == ("servers", {"plugins": ["shop.buy"]})


def test_the_schedule_says_how_many_sessions_it_deleted(db: None) -> None:
    for number, age in enumerate((-1, 1, 2)):
        ended = timezone.now() - timedelta(days=age)
        Session.objects.create(session_key=str(number), session_data="-", expire_date=ended)
    for _ in range(2):
        upkeep.clear_sessions()
    (event,) = AuditEvent.objects.all()
    assert (event.actor, event.source, event.object) == ("schedule", "system", "sessions")
    assert (event.action, event.after) == ("prune", {"sessions": 2})
    assert Session.objects.count() == 1


SHOW = (
    "import json; from plugins_app.models import AuditEvent as E;"
    "events = E.objects.order_by('id').values('action', 'object', 'before', 'after');"
    "print(json.dumps(list(events)))"
)


def test_what_is_run_by_manage_py_is_on_record(installation: Installation, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite3"
    for command in (
        ["migrate", "-v0"],
        ["migrate", "axes", "0008", "-v0"],
        ["axes_reset_username", "ayu"],
        ["axes_list_attempts"],
        ["backup", str(copy)],
    ):
        assert installation.manage(*command).returncode == 0, command
    first, back, unlocked, copied = json.loads(
        installation.manage("shell", "-v0", "-c", SHOW).stdout
    )
    assert (first["action"], first["object"]) == ("migrate", "database")
    assert first["before"]["plugins_app"] is None
    assert set(back["before"]) == set(back["after"]) == {"axes"}
    assert unlocked["action"] == "login.unlock"
    assert unlocked["after"] == {"arguments": ["ayu"]}
    assert copied["action"] == "backup"
    assert copied["after"] == {"file": str(copy), "bytes": copy.stat().st_size}
