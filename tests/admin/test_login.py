"""The way in: throttled before a password is hashed, and on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import get_hasher
from django.test import Client
from django.utils import timezone

from plugins_app.models import AuditEvent, User
from zantara import settings as written

LOGIN = "/admin/login/"
PASSWORD = "a-long-Password-1"


@pytest.fixture(autouse=True)
def _ayu(db: None) -> None:
    User.objects.create_superuser("ayu", password=PASSWORD)


@pytest.fixture
def hashed() -> Iterator[Any]:
    """Counts how often a password is hashed, for names that exist and for those that do not."""
    hasher = type(get_hasher())
    with (
        patch.object(hasher, "encode", autospec=True, side_effect=hasher.encode) as made,
        patch.object(hasher, "verify", autospec=True, side_effect=hasher.verify) as checked,
    ):
        yield lambda: made.call_count + checked.call_count


def log_in(client: Client, name: str = "ayu", password: str = "wrong", **extra: Any) -> Any:
    return client.post(LOGIN, {"username": name, "password": password}, **extra)


def lock(client: Client, name: str = "ayu", **extra: Any) -> Any:
    return [log_in(client, name, **extra) for _ in range(5)][-1]


def test_five_failures_lock_the_name_at_that_address(client: Client) -> None:
    statuses = [log_in(client).status_code for _ in range(6)]
    assert statuses == [200] * 4 + [429] * 2
    assert log_in(client, password=PASSWORD).status_code == 429
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("name", ["ayu", "nobody"])
def test_a_locked_out_attempt_hashes_nothing(client: Client, hashed: Any, name: str) -> None:
    log_in(client, name)
    assert hashed() > 0
    lock(client, name)
    before = hashed()
    assert log_in(client, name, PASSWORD).status_code == 429
    assert hashed() == before


def test_the_lockout_says_when_to_come_back_in_our_own_look(client: Client) -> None:
    response = lock(client)
    assert 14 * 60 < int(response["Retry-After"]) <= 15 * 60
    assert "no-store" in response["Cache-Control"]
    assert "unsafe-" not in response["Content-Security-Policy"]
    assert b"Try again in 15 minutes" in response.content
    assert response.content.count(b"<h1>") == 1


def test_names_that_exist_and_names_that_do_not_get_the_same_answers(client: Client) -> None:
    def answers(name: str) -> list[tuple[int, str]]:
        responses = [log_in(client, name) for _ in range(6)]
        return [(each.status_code, each.content.decode().split("<main")[1]) for each in responses]

    assert [
        (s, p.replace("nobody", "ayu").split("csrfmiddlewaretoken")[0])
        for s, p in answers("nobody")
    ] == [(s, p.split("csrfmiddlewaretoken")[0]) for s, p in answers("ayu")]


def test_other_names_and_other_addresses_are_not_locked(client: Client) -> None:
    lock(client)
    User.objects.create_superuser("made", password=PASSWORD)
    assert log_in(client, "made", PASSWORD).status_code == 302
    assert log_in(Client(), "ayu", PASSWORD, REMOTE_ADDR="192.0.2.9").status_code == 302


def test_another_program_at_the_same_address_is_the_same_attacker(client: Client) -> None:
    for number in range(5):
        last = log_in(client, headers={"user-agent": f"browser {number}"})
    assert last.status_code == 429


def test_a_clients_own_header_does_not_change_its_address(client: Client) -> None:
    for number in range(5):
        last = log_in(client, headers={"x-forwarded-for": f"192.0.2.{number}"})
    assert last.status_code == 429


def test_a_trusted_proxy_tells_the_address(client: Client, settings: Any) -> None:
    settings.ZANTARA_TRUSTED_PROXIES = ["127.0.0.1"]
    lock(client, headers={"x-forwarded-for": "192.0.2.1"})
    other = log_in(client, password=PASSWORD, headers={"x-forwarded-for": "192.0.2.2"})
    assert other.status_code == 302


def test_a_successful_login_forgets_the_failures(client: Client) -> None:
    for _ in range(4):
        log_in(client)
    assert log_in(client, password=PASSWORD).status_code == 302
    assert not AccessAttempt.objects.exists()


def test_the_lock_ends_by_itself_and_trying_does_not_prolong_it(client: Client) -> None:
    lock(client)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=10))
    assert log_in(client).status_code == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert log_in(client, password=PASSWORD).status_code == 302


def test_the_password_is_not_kept_with_the_failures(client: Client) -> None:
    log_in(client, password="nearly-the-Password")
    kept = str(list(AccessAttempt.objects.values())) + str(list(AuditEvent.objects.values()))
    assert "nearly-the-Password" not in kept


def test_logins_failures_and_logouts_are_on_record(client: Client) -> None:
    log_in(client)
    log_in(client, password=PASSWORD)
    client.post("/admin/logout/")
    events = AuditEvent.objects.order_by("id")
    assert [(e.action, e.object, e.actor_name, e.address) for e in events] == [
        ("login.failed", "user:ayu", "anonymous", "127.0.0.1"),
        ("login", "user:ayu", "ayu", "127.0.0.1"),
        ("logout", "user:ayu", "ayu", "127.0.0.1"),
    ]


def test_a_lock_is_on_record_once_with_its_end(client: Client) -> None:
    lock(client)
    for _ in range(2):
        log_in(client)
    event = AuditEvent.objects.get(action="login.locked")
    left = datetime.fromisoformat(event.after["until"]) - timezone.now()
    assert (event.object, event.actor_name, event.address) == ("user:ayu", "anonymous", "127.0.0.1")
    assert event.request_id
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)


def test_locked_out_attempts_do_not_fill_the_trail(client: Client) -> None:
    lock(client)
    for _ in range(3):
        log_in(client)
    assert AuditEvent.objects.filter(action="login.failed").count() == 5


def test_calls_of_the_api_leave_the_throttle_alone(client: Client) -> None:
    for header in ("Bearer zan_wrong", "Basic YXl1Ondyb25n"):
        response = client.get("/api/plugins/list", headers={"authorization": header})
        assert response.status_code == 401
    assert not AccessAttempt.objects.exists()


def test_a_password_can_be_changed(client: Client) -> None:
    log_in(client, password=PASSWORD)
    new = "another-long-Password-2"
    sent = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    client.post("/admin/password_change/", sent)
    assert User.objects.get().check_password(new)
    event = AuditEvent.objects.get(action="user.change")
    assert (event.object, event.actor_name, event.source) == ("user:ayu", "ayu", "admin")
    assert (event.before, event.after) == (None, {"password": "changed"})
    assert event.request_id


def test_a_password_that_is_refused_leaves_no_event(client: Client) -> None:
    log_in(client, password=PASSWORD)
    sent = {"old_password": "wrong", "new_password1": "x", "new_password2": "x"}
    client.post("/admin/password_change/", sent)
    assert not AuditEvent.objects.filter(action="user.change").exists()


def test_servers_hash_passwords_by_argon2() -> None:
    """Tests use a faster one (tests/conftest.py)."""
    assert written.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
