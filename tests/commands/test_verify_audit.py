"""verify_audit: what it prints, and with what it exits."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection

from plugins_app.models import AuditEvent
from plugins_app.models.audit_guards import EVENTS, guard, unguard
from plugins_app.services import doctor
from plugins_app.services.audit import CLI, record
from plugins_app.services.doctor import Level
from tests.commands.conftest import Ran

Run = Callable[..., Ran]


def past_the_guards(statement: str, *, and_close: bool = True) -> None:
    statements = [*unguard(connection.vendor), statement]
    with connection.cursor() as cursor:
        for each in [*statements, *(guard(connection.vendor) if and_close else ())]:
            cursor.execute(each)


def levels() -> dict[str, Level]:
    return {finding.id: finding.level for finding in doctor.examine()}


def test_a_whole_trail_is_told_with_its_newest_hash(run: Run) -> None:
    newest = [record(CLI, "reload", "it") for _ in range(3)][-1]

    ran = run("verify_audit")

    assert ran.code == 0
    assert f"Newest: {newest.id}:{newest.hash}" in ran.out


def test_a_broken_trail_is_a_failure_that_names_the_event(run: Run) -> None:
    for _ in range(3):
        record(CLI, "reload", "it")
    past_the_guards(f"UPDATE {EVENTS} SET reason = 'x' WHERE id = 2")

    ran = run("verify_audit", "--json")

    assert ran.code == 1
    assert (ran.document["success"], ran.document["broken"]["event"]) == (False, 2)
    assert ran.document["broken"]["kind"] == "changed"
    assert levels()["ZD60"] is Level.ERROR


def test_an_anchor_that_holds_is_taken_and_another_is_not(run: Run) -> None:
    event = record(CLI, "reload", "it")

    assert run("verify_audit", "--anchor", f"{event.id}:{event.hash}").code == 0
    assert run("verify_audit", "--anchor", f"{event.id}:{'0' * 64}").code == 1


def test_guards_that_are_missing_are_told_and_made_again(run: Run) -> None:
    past_the_guards("SELECT 1", and_close=False)

    assert "does not refuse changes" in run("verify_audit").err
    assert levels()["ZD61"] is Level.ERROR
    assert "Restored: audit_event" in run("verify_audit", "--restore-guards").err
    assert levels()["ZD61"] is Level.OK
    assert AuditEvent.objects.get().action == "audit.guard"
