"""The audit trail: what the database refuses, what the chain finds, and writers at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from threading import Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction

from plugins_app.models import AuditEvent, AuditHead
from plugins_app.models.audit import AppendOnly
from plugins_app.models.audit_chain import FIELDS, START, digest
from plugins_app.models.audit_guards import EVENTS, HEAD, guard, unguard
from plugins_app.services.audit import CLI, record
from plugins_app.services.audit_verification import Anchor, Break, unguarded, verify
from plugins_app.services.generation import raise_generation
from plugins_app.services.keys import create_key

pytestmark = pytest.mark.django_db
THREADS, EACH = 8, 20


def sql(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def opened(db: None) -> Callable[..., None]:
    """Runs SQL past the guards."""

    def run(*statements: str) -> None:
        with transaction.atomic():
            sql(*unguard(connection.vendor), *statements, *guard(connection.vendor))

    return run


def written(count: int) -> list[AuditEvent]:
    return [record(CLI, "reload", f"it {number}", after=number) for number in range(count)]


def broken() -> tuple[int, str] | None:
    found = verify().broken
    return (found.event, found.kind) if found else None


# --- the chain ------------------------------------------------------------------------------------


def test_each_event_carries_the_hash_of_the_one_before() -> None:
    first, second = written(2)
    assert (first.previous, second.previous) == (START, first.hash)
    assert (verify().checked, verify().hash) == (2, second.hash)
    assert broken() is None


@pytest.mark.parametrize(
    "value",
    [
        {"b": [1, 1.0, -0.0, 1e22, 0.1, 10**40], "a": None},
        "caf\u00e9 \U0001f600 \0 \udc80",
        {"nested": {"x": [True, False, {"y": float("inf")}]}},
        ("a", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_value_has_the_same_hash_after_the_database_kept_it(value: Any) -> None:
    event = record(CLI, "reload", "it\0", before=value, after=value, reason="\udc80")
    kept = AuditEvent.objects.get(pk=event.pk)
    assert kept.computed_hash() == event.hash
    assert broken() is None


def test_numbers_and_texts_that_look_alike_have_other_hashes() -> None:
    plain = dict.fromkeys(FIELDS, "")
    values = [1, "1", True, "number 1", ["1"], {"": "1"}, None, 2**70, 2**70 + 1]
    assert len({digest({**plain, "after": value}, START) for value in values}) == len(values)


def test_a_moment_has_one_hash_in_every_zone() -> None:
    utc = datetime(2026, 1, 1, 12, tzinfo=UTC)
    east = utc.astimezone(timezone(timedelta(hours=8)))
    plain = dict.fromkeys(FIELDS, "")
    assert digest({**plain, "at": utc}, START) == digest({**plain, "at": east}, START)


def test_a_change_that_is_rolled_back_leaves_no_event_and_no_gap() -> None:
    first = record(CLI, "reload", "it")
    with transaction.atomic():
        record(CLI, "reload", "never")
        transaction.set_rollback(True)
    second = record(CLI, "reload", "it")
    assert (second.id, second.previous) == (first.id + 1, first.hash)
    assert broken() is None


# --- what the database refuses --------------------------------------------------------------------

EVERY_DATABASE = (
    f"UPDATE {EVENTS} SET reason = 'another'",
    f"DELETE FROM {EVENTS}",
    f"DELETE FROM {HEAD}",
    f"UPDATE {HEAD} SET event = event - 1",
    f"UPDATE {HEAD} SET hash = 'another'",
)
COLUMNS = [field.column for field in AuditEvent._meta.concrete_fields[1:]]
POSTGRESQL = (f"TRUNCATE {EVENTS}", f"TRUNCATE {HEAD}")
SQLITE = (
    f"INSERT OR REPLACE INTO {EVENTS} SELECT * FROM {EVENTS}",
    f"INSERT INTO {EVENTS} SELECT 0, {', '.join(COLUMNS)} FROM {EVENTS} LIMIT 1",
)


def refused(statement: str) -> bool:
    try:
        with transaction.atomic():
            sql(statement)
    except IntegrityError as error:
        return "append-only" in str(error)
    return False


def test_the_database_refuses_to_change_or_remove_events() -> None:
    written(2)
    own = SQLITE if connection.vendor == "sqlite" else POSTGRESQL
    allowed = [each for each in (*EVERY_DATABASE, *own) if not refused(each)]
    assert allowed == []
    assert unguarded() == ()


def test_without_the_guards_the_same_statements_go_through(opened: Callable[..., None]) -> None:
    written(2)
    opened(EVERY_DATABASE[0])
    assert set(AuditEvent.objects.values_list("reason", flat=True)) == {"another"}


def test_a_guard_that_is_missing_is_told() -> None:
    sql(*unguard(connection.vendor))
    assert "audit_event_kept" in unguarded()
    sql(*guard(connection.vendor))
    assert unguarded() == ()


def test_no_event_passes_by_the_chain() -> None:
    with pytest.raises(AppendOnly):
        AuditEvent.objects.bulk_create([AuditEvent(action="test", object="it")])


# --- what the chain finds -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"UPDATE {EVENTS} SET reason = 'another' WHERE id = 3", (3, "changed")),
        (f"UPDATE {EVENTS} SET actor = 'user:9' WHERE id = 5", (5, "changed")),
        (f"UPDATE {EVENTS} SET address = '192.0.2.9' WHERE id = 2", (2, "changed")),
        (f"DELETE FROM {EVENTS} WHERE id = 1", (2, "out_of_place")),
        (f"DELETE FROM {EVENTS} WHERE id = 3", (4, "out_of_place")),
        (f"DELETE FROM {EVENTS} WHERE id = 5", (5, "cut_off")),
        (f"DELETE FROM {EVENTS} WHERE id > 2", (3, "cut_off")),
        (f"DELETE FROM {EVENTS}", (1, "cut_off")),
    ],
)
def test_what_is_done_past_the_guards_is_found(
    opened: Callable[..., None], statement: str, found: tuple[int, str]
) -> None:
    written(5)
    opened(statement)
    assert broken() == found


def test_two_events_that_are_swapped_are_found(opened: Callable[..., None]) -> None:
    written(4)
    opened(
        f"UPDATE {EVENTS} SET id = 99 WHERE id = 2",
        f"UPDATE {EVENTS} SET id = 2 WHERE id = 3",
        f"UPDATE {EVENTS} SET id = 3 WHERE id = 99",
    )
    assert broken() == (2, "changed")


def rewritten(number: int, reason: str) -> Iterator[str]:
    """How somebody would change an event who knows how the hashes are made."""
    previous = START
    for event in AuditEvent.objects.order_by("id"):
        event.reason = reason if event.id == number else event.reason
        event.previous, event.hash = previous, ""
        previous = event.computed_hash()
        yield (
            f"UPDATE {EVENTS} SET reason = '{event.reason}', previous = '{event.previous}',"
            f" hash = '{previous}' WHERE id = {event.id}"
        )
    yield f"UPDATE {HEAD} SET hash = '{previous}'"


def test_a_trail_that_was_written_anew_is_found_by_a_hash_noted_elsewhere(
    opened: Callable[..., None],
) -> None:
    events = written(4)
    noted = Anchor(events[2].id, events[2].hash)
    assert verify([noted]).whole
    opened(*rewritten(2, "another"))
    assert verify().whole
    assert verify([noted]).broken == Break(
        3, "other_history", "its hash is not the one that was noted"
    )


def test_a_noted_event_that_is_not_there_is_told() -> None:
    written(2)
    found = verify([Anchor(9, "0" * 64)]).broken
    assert found
    assert (found.event, found.kind) == (9, "other_history")


def test_a_check_of_the_last_events_begins_behind_the_others(opened: Callable[..., None]) -> None:
    written(6)
    opened(f"UPDATE {EVENTS} SET reason = 'another' WHERE id = 2")
    assert (verify(last=3).whole, verify(last=3).checked) == (True, 3)
    assert verify(last=5).broken


# --- writers at once ------------------------------------------------------------------------------


def at_once(work: Callable[[int], Any]) -> list[BaseException]:
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            for _ in range(EACH):
                work(number)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.django_db(transaction=True)
def test_eight_writers_at_once_make_one_chain() -> None:
    def change(number: int) -> None:
        with transaction.atomic():
            record(CLI, "reload", f"writer {number}", after={"number": number})
            raise_generation("policies")

    assert at_once(change) == []
    verdict = verify()
    assert (verdict.checked, verdict.broken) == (THREADS * EACH, None)
    ids = list(AuditEvent.objects.order_by("id").values_list("id", flat=True))
    assert ids == list(range(1, THREADS * EACH + 1))


@pytest.mark.django_db(transaction=True)
def test_writers_that_make_keys_and_raise_generations_do_not_wait_for_each_other_forever() -> None:
    names = iter(f"key {number}" for number in range(10_000))

    def change(number: int) -> None:
        if number % 2:
            create_key(CLI, next(names), scopes=[])
        else:
            raise_generation("keys")

    assert at_once(change) == []
    assert verify().whole
    assert AuditHead.objects.get().count == THREADS // 2 * EACH
