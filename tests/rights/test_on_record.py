"""Every door that changes something is in the audit trail: who, through which door, from where."""

from __future__ import annotations

from typing import Any

import pytest
from celery import current_app
from django.contrib.auth.models import Group
from django.core.management import get_commands

from plugins_app import tasks
from plugins_app.core.caller import Scope
from plugins_app.management import others
from plugins_app.models import AuditEvent
from plugins_app.services import lifecycle, sync
from plugins_app.services.audit import CLI, record
from plugins_app.services.audit_actions import ACTIONS
from plugins_app.services.keys import create_key
from plugins_app.services.overrides import fingerprint
from tests.rights import _matrix
from tests.rights._doors import ADDRESSES, COMMANDS, MODELS, TASKS, actions
from tests.rights.conftest import Callers, new_user
from tests.rights.test_matrix import execution_by
from tests.rights.test_model_pages import WRITABLE

DOORS = {**ADDRESSES, **MODELS, **COMMANDS, **TASKS}


def test_each_address_that_takes_a_post_says_what_the_trail_has_of_it() -> None:
    posts = {row.pattern for row in _matrix.addresses() if "POST" in row.lines}

    assert {each.replace("api/v1/", "api/") for each in posts} == set(ADDRESSES)


def test_each_model_that_operators_write_says_what_the_trail_has_of_it() -> None:
    assert set(MODELS) == WRITABLE


def test_each_command_says_what_the_trail_has_of_it() -> None:
    assert set(COMMANDS) == set(get_commands())


def test_each_task_says_what_the_trail_has_of_it() -> None:
    assert tasks
    assert {name for name in current_app.tasks if name.startswith("zantara.")} == set(TASKS)


def test_commands_of_others_are_noted_as_they_are_declared() -> None:
    assert others.NOTED.items() <= COMMANDS.items()


def test_each_action_has_a_door_and_each_door_a_known_action() -> None:
    assert set().union(*map(actions, DOORS.values())) == set(ACTIONS)


def test_an_action_without_words_is_not_recorded(db: None) -> None:
    with pytest.raises(ValueError, match="No word"):
        record(CLI, "something", "it")


# --- what stands in an event ----------------------------------------------------------------------

ECHO = "/admin/plugins/lab.echo"
API = "/api/plugins/lab.echo"
BULK = "/admin/catalogue/bulk/"
PASSWORDS = {
    "usable_password": "true",
    "password1": "a-long-Password-1",
    "password2": "a-long-Password-1",
}
KEY = {"name": "made", "scopes": ["list"], "plugins": "*", "expires": "2999-01-01"}


@pytest.mark.parametrize(
    ("path", "sent", "action", "source"),
    [
        (f"{API}/disable", {}, "disable", "rest"),
        (f"{API}/enable", {}, "enable", "rest"),
        (f"{API}/reload", {}, "reload", "rest"),
        (f"{API}/breaker/force-open", {}, "breaker.force_open", "rest"),
        (f"{API}/breaker/force-closed", {}, "breaker.force_closed", "rest"),
        (f"{API}/breaker/reset", {}, "breaker.reset", "rest"),
        (f"{ECHO}/disable/", {}, "disable", "admin"),
        (f"{ECHO}/enable/", {}, "enable", "admin"),
        (f"{ECHO}/reload/", {}, "reload", "admin"),
        (f"{ECHO}/reset-breaker/", {}, "breaker.reset", "admin"),
        (f"{ECHO}/config/", {"seen": fingerprint({}), "timeout": "3", "save": "1"}, "overrides",
         "admin"),
        (BULK, {"action": "disable", "names": "lab.echo"}, "bulk.disable", "admin"),
        (BULK, {"action": "enable", "names": "lab.echo"}, "bulk.enable", "admin"),
        (BULK, {"action": "reload", "names": "lab.echo"}, "bulk.reload", "admin"),
        ("/admin/catalogue/discover/", {}, "discover", "admin"),
        ("/admin/executions/export/", {"format": "csv"}, "export", "admin"),
        ("/admin/audit/export/", {"format": "csv"}, "export", "admin"),
        ("/admin/executions/{execution}/again/", {"input": '{"text": "ha"}'}, "execute.again",
         "admin"),
        ("/admin/logout/", {}, "logout", "admin"),
        ("/admin/plugins_app/user/add/", {"username": "made", **PASSWORDS}, "user.create", "admin"),
        ("/admin/plugins_app/user/{user}/change/", {"username": "other"}, "user.change", "admin"),
        ("/admin/plugins_app/user/{user}/password/", PASSWORDS, "user.change", "admin"),
        ("/admin/plugins_app/user/{user}/delete/", {"post": "yes"}, "user.delete", "admin"),
        ("/admin/plugins_app/user/",
         {"post": "yes", "action": "delete_selected", "_selected_action": "{user}"},
         "user.delete", "admin"),
        ("/admin/auth/group/add/", {"name": "made"}, "group.create", "admin"),
        ("/admin/auth/group/{group}/change/", {"name": "other"}, "group.change", "admin"),
        ("/admin/auth/group/{group}/delete/", {"post": "yes"}, "group.delete", "admin"),
        ("/admin/api-keys/new/", KEY, "key.create", "admin"),
        ("/admin/api-keys/{key}/", {**KEY, "name": "other"}, "key.change", "admin"),
        ("/admin/api-keys/{key}/disable/", {}, "key.disable", "admin"),
        ("/admin/api-keys/{key}/rotate/", {"name": "some", "overlap": "0", "reason": "x"},
         "key.rotate", "admin"),
        ("/admin/api-keys/{key}/revoke/", {"confirm": "some", "reason": "x"}, "key.revoke",
         "admin"),
    ],
)  # fmt: skip
def test_an_event_says_who_through_which_door_and_from_where(
    callers: Callers, path: str, sent: dict[str, Any], action: str, source: str
) -> None:
    client = callers["root"]
    arranged = arrange(action)
    path = path.format(**arranged)
    sent = {n: v.format(**arranged) if n == "_selected_action" else v for n, v in sent.items()}
    kind = {"content_type": "application/json"} if source == "rest" else {}
    answer = client.post(path, sent, REMOTE_ADDR="192.0.2.7", **kind)
    event = AuditEvent.objects.filter(action=action).latest("id")

    assert (event.actor, event.actor_name) == (callers.ids["root"], "root")
    assert (event.source, event.address) == (source, "192.0.2.7")
    assert event.request_id == answer["X-Request-ID"]
    assert "a-long-Password-1" not in f"{event.before}{event.after}"


def arrange(action: str) -> dict[str, str]:
    """What the request is about, as it has to be before."""
    if action != "discover":
        sync.discover(CLI)
    if action.endswith("enable"):
        lifecycle.disable(["lab.echo"], CLI)
    return {
        "user": str(new_user("somebody").pk),
        "group": str(Group.objects.create(name="some").pk),
        "key": str(create_key(CLI, "some", scopes=[Scope.LIST]).key.pk),
        "execution": execution_by("user:0"),
    }
