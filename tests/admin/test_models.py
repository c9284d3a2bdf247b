"""A page for every model, and none that changes what only services may change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessAttemptExpiration, AccessFailureLog, AccessLog
from django.apps import apps
from django.contrib import admin as django_admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from plugins_app import models
from plugins_app.core.caller import SYSTEM_CALLER, Scope
from plugins_app.models import AuditEvent, Favourite, SavedSearch, User
from plugins_app.services import sync
from plugins_app.services.audit import CLI
from plugins_app.services.execute import execute_and_wait
from plugins_app.services.keys import create_key
from tests.admin.conftest import PRICING
from tests.admin.test_pages import text

Login = Callable[..., Client]
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
NOT_FOR_PEOPLE = {ContentType, Permission, Session, Favourite, SavedSearch}
"""Django keeps the first two in step with the code; a session's data would open it; what users
keep at hand is theirs alone."""
WRITABLE = {User, Group}
ALL = [model for model in apps.get_models() if model not in NOT_FOR_PEOPLE]
READ_ONLY = [model for model in ALL if model not in WRITABLE]


def url(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def an_attempt() -> dict[str, Any]:
    return {
        "user_agent": "a browser",
        "ip_address": "192.0.2.1",
        "username": "ayu",
        "http_accept": "*/*",
        "path_info": "/admin/login/",
    }


@pytest.fixture
def rows(engine: object) -> None:
    """At least one row of every model."""
    sync.discover(CLI)
    execute_and_wait(PRICING, {"query": "E33G"}, caller=SYSTEM_CALLER, source="cli")
    create_key(CLI, "webapp", scopes=[Scope.LIST])
    user = User.objects.create_user("made")
    Group.objects.create(name="Operators")
    at = {"plugin": PRICING, "at": NOW}
    models.MetricHour.objects.create(**at, version="1.0.0", metric="calls", value=3)
    models.MetricMinute.objects.create(**at, version="1.0.0", metric="calls", value=3)
    models.CallerHour.objects.get_or_create(**at, caller="user:1", defaults={"calls": 3})
    models.GaugeMinute.objects.create(**at, in_flight=2)
    models.BreakerEvent.objects.create(**at, version="1.0.0", state="open", previous="closed")
    models.IdempotencyRecord.objects.create(
        caller="user:1", plugin=PRICING, key="order-1", created_at=NOW, expires_at=NOW
    )
    models.Worker.objects.create(
        id="h:1", host="h", pid=1, started=NOW, seen=NOW, generation=1, registry_hash="ab"
    )
    models.PluginRecord.objects.create(
        plugin=PRICING, owner="user:1", collection="notes", key="a", document={"pin": "4711"}
    )
    LogEntry.objects.create(user=user, object_repr="made", action_flag=CHANGE)
    attempt = AccessAttempt.objects.create(**an_attempt(), failures_since_start=2)
    AccessAttemptExpiration.objects.create(access_attempt=attempt, expires_at=NOW)
    AccessFailureLog.objects.create(**an_attempt())
    AccessLog.objects.create(**an_attempt())


def label(model: type[Model]) -> str:
    return model._meta.label_lower


def test_every_model_has_pages() -> None:
    assert [label(m) for m in ALL if not django_admin.site.is_registered(m)] == []


@pytest.mark.parametrize("model", ALL, ids=label)
def test_its_list_and_the_page_about_a_row_open(
    rows: None, admin: Client, model: type[Model]
) -> None:
    row = model._default_manager.first()
    assert row is not None
    assert admin.get(url(model, "changelist"), follow=True).status_code == 200
    assert admin.get(url(model, "change", row.pk), follow=True).status_code == 200
    assert admin.get(url(model, "history", row.pk)).status_code == 200


@pytest.mark.parametrize("model", READ_ONLY, ids=label)
def test_what_services_change_nobody_changes_here(
    rows: None, admin: Client, model: type[Model]
) -> None:
    row = model._default_manager.first()
    assert row is not None
    before = list(model._default_manager.values())
    for page, args in (("add", ()), ("change", (row.pk,)), ("delete", (row.pk,))):
        assert admin.post(url(model, page, *args), {"post": "yes"}).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    admin.post(url(model, "changelist"), sent)
    assert list(model._default_manager.values()) == before


@pytest.mark.parametrize("model", sorted(WRITABLE, key=label), ids=label)
def test_what_people_may_add_has_a_form(admin: Client, model: type[Model]) -> None:
    assert admin.get(url(model, "add")).status_code == 200


@pytest.mark.parametrize("model", ALL, ids=label)
def test_a_list_takes_its_own_view_permission(rows: None, login: Login, model: type[Model]) -> None:
    client = login()
    User.objects.get(username="ayu").user_permissions.clear()
    assert client.get(url(model, "changelist")).status_code == 403
    row = model._default_manager.first()
    assert row is not None
    assert client.get(url(model, "change", row.pk)).status_code == 403
    permission = Permission.objects.get(
        content_type__app_label=model._meta.app_label, codename=f"view_{model._meta.model_name}"
    )
    User.objects.get(username="ayu").user_permissions.add(permission)
    assert client.get(url(model, "changelist"), follow=True).status_code == 200
    assert client.get(url(model, "change", row.pk), follow=True).status_code == 200


@pytest.mark.parametrize("model", READ_ONLY, ids=label)
def test_a_row_that_is_not_there_is_404(rows: None, admin: Client, model: type[Model]) -> None:
    assert admin.get(url(model, "change", "999999")).status_code == 404


def test_what_plugins_store_stays_theirs(rows: None, admin: Client) -> None:
    row = models.PluginRecord.objects.get()
    for path in (
        url(models.PluginRecord, "changelist"),
        url(models.PluginRecord, "change", row.pk),
    ):
        assert b"4711" not in admin.get(path).content


def test_all_data_lists_what_one_may_see(login: Login) -> None:
    shown = text(login("view_worker").get("/admin/data/"))
    assert "Workers" in shown
    assert "Plugins" in shown
    assert "Users" not in shown


def test_a_new_user_is_on_record(admin: Client) -> None:
    password = "a-long-Password-1"
    sent = {"username": "made", "usable_password": "true"}
    admin.post(url(User, "add"), {**sent, "password1": password, "password2": password})
    event = AuditEvent.objects.get(action="user.create")
    assert event.object == "user:made"
    assert password not in str(event.after)


def test_a_changed_right_is_on_record_with_before_and_after(admin: Client) -> None:
    group = Group.objects.create(name="Operators")
    right = Permission.objects.get(codename="reload_plugin")
    admin.post(url(Group, "change", group.pk), {"name": "Operators", "permissions": [right.pk]})
    event = AuditEvent.objects.get(action="group.change")
    assert event.before == {"name": "Operators", "permissions": []}
    assert event.after["permissions"] == [str(right)]


def test_a_password_set_by_somebody_else_is_on_record(admin: Client) -> None:
    made = User.objects.create_user("made")
    new = "another-long-Password-2"
    sent = {"usable_password": "true", "password1": new, "password2": new}
    admin.post(f"/admin/plugins_app/user/{made.pk}/password/", sent)
    made.refresh_from_db()
    assert made.check_password(new)
    assert AuditEvent.objects.get(action="user.change").after == {"password": "changed"}


@pytest.mark.parametrize("model", [User, Group], ids=label)
def test_a_deletion_is_on_record(admin: Client, model: type[Model]) -> None:
    fields = {"username": "made"} if model is User else {"name": "made"}
    row = model._default_manager.create(**fields)
    admin.post(url(model, "delete", row.pk), {"post": "yes"})
    assert AuditEvent.objects.get(action=f"{model._meta.model_name}.delete").before
    assert not model._default_manager.filter(pk=row.pk).exists()


def test_a_user_who_has_keys_is_not_deleted_with_them(admin: Client) -> None:
    made = User.objects.create_user("made")
    create_key(CLI, "app", scopes=[Scope.LIST], owner=made)
    assert admin.post(url(User, "delete", made.pk), {"post": "yes"}).status_code == 403
    assert models.ApiKey.objects.filter(name="app", owner=made).exists()
    assert not AuditEvent.objects.filter(action="user.delete").exists()


def test_a_group_that_is_deleted_is_on_record_with_its_members(admin: Client) -> None:
    group = Group.objects.create(name="Operators")
    User.objects.create_user("made").groups.add(group)
    admin.post(url(Group, "delete", group.pk), {"post": "yes"})
    event = AuditEvent.objects.get(action="group.delete")
    assert event.before == {"name": "Operators", "permissions": [], "members": ["made"]}


def test_users_deleted_at_once_are_on_record_or_stay(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [User.objects.create_user(name).pk for name in ("made", "too")]
    sent = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
    with monkeypatch.context() as patched:
        patched.setattr(django_admin.ModelAdmin, "delete_queryset", _fails)
        with pytest.raises(ZeroDivisionError):
            admin.post(url(User, "changelist"), sent)
    assert not AuditEvent.objects.filter(action="user.delete").exists()
    admin.post(url(User, "changelist"), sent)
    gone = AuditEvent.objects.filter(action="user.delete").order_by("object")
    assert [event.object for event in gone] == ["user:made", "user:too"]


def _fails(*args: Any, **kwargs: Any) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    "path", ["/admin/password_change/", "/admin/plugins_app/user/{}/password/"]
)
def test_a_password_that_cannot_be_noted_is_not_changed(
    admin: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    new = {"password1": "Xy-12345678", "password2": "Xy-12345678", "usable_password": "true"}
    own = {"old_password": "-", "new_password1": "Xy-12345678", "new_password2": "Xy-12345678"}
    monkeypatch.setattr("plugins_app.services.people.record", _fails)
    with pytest.raises(ZeroDivisionError):
        admin.post(path.format(User.objects.get().pk), new | own)
    assert User.objects.get().check_password("-")


def test_a_password_that_is_switched_off_is_on_record(admin: Client) -> None:
    made = User.objects.create_user("made", password="-")
    sent = {"usable_password": "false", "unset-password": "1"}
    admin.post(f"/admin/plugins_app/user/{made.pk}/password/", sent)
    assert AuditEvent.objects.get(action="user.change").after == {"password": "switched off"}


def test_an_operator_of_users_cannot_raise_anybody(login: Login) -> None:
    client = login("view_user", "change_user")
    ayu = User.objects.get()
    sent = {"username": "ayu", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    right = Permission.objects.get(codename="reload_plugin")
    client.post(url(User, "change", ayu.pk), {**sent, "user_permissions": [right.pk]})
    ayu.refresh_from_db()
    assert not ayu.is_superuser
    assert right not in ayu.user_permissions.all()


def test_an_operator_of_users_cannot_take_over_a_stronger_account(login: Login) -> None:
    client = login("view_user", "change_user", "delete_user")
    boss = User.objects.create_superuser("boss", password="-")
    new = {"usable_password": "true", "password1": "Xy-12345678", "password2": "Xy-12345678"}
    changed = client.post(f"/admin/plugins_app/user/{boss.pk}/password/", new)
    deleted = client.post(url(User, "delete", boss.pk), {"post": "yes"})
    assert (changed.status_code, deleted.status_code) == (403, 403)
    boss.refresh_from_db()
    assert boss.check_password("-")


def test_an_operator_of_groups_cannot_add_rights_to_them(login: Login) -> None:
    client = login("view_group", "change_group")
    group = Group.objects.create(name="Operators")
    right = Permission.objects.get(codename="reload_plugin")
    client.post(url(Group, "change", group.pk), {"name": "Ops", "permissions": [right.pk]})
    group.refresh_from_db()
    assert (group.name, group.permissions.count()) == ("Ops", 0)
