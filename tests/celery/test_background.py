"""Queued executions: what a row says, who may claim it, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.utils import timezone

from plugins_app.core.caller import SYSTEM_CALLER, Caller, Scope
from plugins_app.core.errors import Unavailable
from plugins_app.core.execution import Execution
from plugins_app.models import ApiKey, ExecutionLog, InstalledPlugin, MetricMinute, User
from plugins_app.runtime import queue as rows
from plugins_app.runtime import serving
from plugins_app.runtime.encryption import decrypt, encrypt
from plugins_app.runtime.engine import Engine, current_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.services import background
from plugins_app.services.access import (
    anonymous_caller,
    caller_again,
    caller_of_key,
    caller_of_user,
)

PLUGINS = """
RAN = []

class Input(PluginInput):
    word: str = ""

class Read(Plugin[Input, PluginOutput]):
    metadata = PluginMetadata(name="lab.read", read_only=True, rate_limit=2)

    async def execute(self, input_data: Input, context: Context) -> PluginOutput:
        RAN.append(context.execution_id)
        return PluginOutput(data={"word": input_data.word, "ran": len(RAN)})

class Write(Plugin[Input, PluginOutput]):
    metadata = PluginMetadata(name="lab.write", queue="slow", requires_auth=True)

    async def execute(self, input_data: Input, context: Context) -> PluginOutput:
        return PluginOutput(data=context.caller.id)
"""
Enqueue = Callable[..., Execution]


@pytest.fixture
def sent(
    engine_of: Callable[..., Engine], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[tuple[str, str]]]:
    """The messages that went to the broker: (content, queue)."""
    sent: list[tuple[str, str]] = []
    settings.ZANTARA_BROKER_URL = "redis://not-asked"
    monkeypatch.setattr(background, "_send", lambda *message: sent.append(message))
    engine_of(PLUGINS)
    yield sent
    serving.ensure_stopped()


@pytest.fixture
def enqueue(sent: list[tuple[str, str]]) -> Enqueue:
    def enqueue(
        name: str = "lab.read", *, caller: Caller = SYSTEM_CALLER, **data: Any
    ) -> Execution:
        return background.enqueue(name, data, caller=caller, source="cli")

    return enqueue


def only_row() -> ExecutionLog:
    return ExecutionLog.objects.get()


def counted() -> dict[str, int]:
    found = MetricMinute.objects.filter(metric__regex="^(status|error):")
    return dict(found.values_list("metric", "value"))


def test_a_queued_row_tells_who_asked_for_what_before_anybody_runs_it(
    enqueue: Enqueue, sent: list[tuple[str, str]]
) -> None:
    execution = enqueue(word="hello")
    row = only_row()

    assert (row.pk, row.status, row.caller) == (execution.id, "queued", "system")
    assert (row.input, row.finished_at, row.lease_until) == ('{"word":"hello"}', None, None)
    assert (len(sent), sent[0][1], counted()) == (1, "default", {})


@pytest.mark.parametrize(("name", "data"), [("lab.read", '"hello"'), ("lab.write", '"system"')])
def test_the_run_ends_the_row_that_waited(
    enqueue: Enqueue, sent: list[tuple[str, str]], name: str, data: str
) -> None:
    execution = enqueue(name, word="hello")
    background.run_sealed(sent[0][0])
    row = only_row()

    assert (row.pk, row.status, row.attempts) == (execution.id, "succeeded", 1)
    assert data in row.output
    assert row.worker == current_engine().worker
    assert counted() == {"status:succeeded": 1}


def test_a_message_that_comes_twice_runs_once(
    enqueue: Enqueue, sent: list[tuple[str, str]]
) -> None:
    enqueue()
    background.run_sealed(sent[0][0])
    background.run_sealed(sent[0][0])

    assert counted() == {"status:succeeded": 1}
    assert '"ran":1' in only_row().output


def test_of_two_that_found_the_row_one_claims_it(enqueue: Enqueue) -> None:
    row = rows.find(enqueue().id)
    assert row
    claim = {"worker": "w", "version": "1.0.0", "now": timezone.now(), "lease": timedelta(1)}

    assert rows.claim(row, **claim)  # type: ignore[arg-type]
    assert rows.claim(row, **claim) is None  # type: ignore[arg-type]


def test_the_plugins_own_queue_is_taken_where_none_is_named(
    enqueue: Enqueue, sent: list[tuple[str, str]]
) -> None:
    enqueue("lab.write")

    assert sent[0][1] == "slow"


def test_a_call_that_would_be_refused_is_not_queued_but_counted(
    enqueue: Enqueue, sent: list[tuple[str, str]]
) -> None:
    execution = enqueue(nonsense=1)
    current_engine().journal.close()

    assert execution.error
    assert (execution.error.code, sent) == ("invalid_input", [])
    assert counted() == {"status:refused": 1, "error:invalid_input": 1}


def test_a_limit_that_is_reached_when_it_runs_refuses_the_row(
    enqueue: Enqueue, sent: list[tuple[str, str]]
) -> None:
    for _ in range(3):
        enqueue()
    for message, _ in sent:
        background.run_sealed(message)
    last = ExecutionLog.objects.order_by("id").last()

    assert last
    assert (last.status, last.error_code) == ("refused", "rate_limited")
    assert counted() == {"status:succeeded": 2, "status:refused": 1, "error:rate_limited": 1}


def test_a_plugin_that_is_gone_when_it_would_run_refuses_the_row(
    enqueue: Enqueue, sent: list[tuple[str, str]], settings: Any, tmp_path: Any
) -> None:
    enqueue()
    serving.ensure_stopped()
    (tmp_path / f"plugins_of_{tmp_path.name}" / "family" / "m0.py").unlink()
    engine_loop.run(current_engine().registry.load(everything=True))
    background.run_sealed(sent[0][0])

    assert (only_row().status, only_row().error_code) == ("refused", "plugin_not_found")
    assert counted() == {"status:refused": 1, "error:plugin_not_found": 1}


def test_a_plugin_disabled_meanwhile_refuses_the_row(
    enqueue: Enqueue, sent: list[tuple[str, str]]
) -> None:
    enqueue()
    InstalledPlugin.objects.create(
        name="lab.read",
        enabled=False,
        version="1.0.0",
        category="general",
        last_seen=timezone.now(),
    )
    engine_loop.run(current_engine().take_policies())
    background.run_sealed(sent[0][0])

    assert (only_row().status, only_row().error_code) == ("refused", "plugin_disabled")


def test_a_key_revoked_meanwhile_runs_nothing(
    enqueue: Enqueue, sent: list[tuple[str, str]]
) -> None:
    key = ApiKey.objects.create(
        name="app", prefix="abc", digest="-", scopes=["execute"], plugins=["*"]
    )
    enqueue("lab.write", caller=caller_of_key(key))
    ApiKey.objects.update(revoked=timezone.now())
    background.run_sealed(sent[0][0])

    assert (only_row().status, only_row().error_code) == ("refused", "unauthenticated")


def test_the_worker_calls_with_the_rights_that_the_caller_has_then(
    enqueue: Enqueue, sent: list[tuple[str, str]]
) -> None:
    user = User.objects.create(username="ayu")
    caller = caller_of_user(user)
    enqueue("lab.write", caller=caller)
    background.run_sealed(sent[0][0])

    assert Scope.EXECUTE in caller.scopes
    assert (only_row().status, only_row().output) == ("succeeded", f'"user:{user.pk}"')


def test_a_login_that_ended_meanwhile_is_nobody_any_more(db: None) -> None:
    user = User.objects.create(username="ayu")

    assert caller_again(f"user:{user.pk}") == caller_of_user(user)
    User.objects.update(is_active=False)
    assert caller_again(f"user:{user.pk}") is None


def test_an_anonymous_caller_keeps_the_address_that_its_limit_counts_under(settings: Any) -> None:
    assert caller_again("anonymous:192.0.2.7") == anonymous_caller(address="192.0.2.7")


def test_a_version_that_was_named_is_the_one_that_runs(
    enqueue: Enqueue, sent: list[tuple[str, str]]
) -> None:
    enqueue("lab.read@1.0.0")
    order = background.Order(*orjson.loads(decrypt(sent[0][0].encode())))

    assert order.pinned == "1.0.0"
    background.run_order(order._replace(pinned="9.9.9"))
    assert only_row().error_code == "plugin_not_found"


def test_a_message_that_we_did_not_make_runs_nothing(
    enqueue: Enqueue, sent: list[tuple[str, str]], settings: Any
) -> None:
    enqueue()
    forged = sent[0][0]
    settings.SECRET_KEY = "another"
    background.run_sealed(forged)

    assert only_row().status == "queued"


def test_a_message_without_a_row_runs_nothing(sent: list[tuple[str, str]]) -> None:
    background.run_sealed(encrypt(b'["01M00000000000000000000000", {}]').decode())

    assert not ExecutionLog.objects.exists()


def test_where_the_broker_fails_nothing_is_left_behind(
    enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: str) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(background, "_send", fail)
    execution = enqueue()
    current_engine().journal.close()

    assert execution.error
    assert only_row().status == "refused"
    assert counted() == {"status:refused": 1, "error:unavailable": 1}


def test_a_broker_that_took_the_message_and_then_failed_is_believed_by_the_row(
    enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_and_fail(message: str, queue: str) -> None:
        background.run_sealed(message)
        raise Unavailable("away")

    monkeypatch.setattr(background, "_send", take_and_fail)

    assert enqueue().error is None
    assert only_row().status == "succeeded"


def test_without_a_broker_nothing_can_be_queued(enqueue: Enqueue, settings: Any) -> None:
    settings.ZANTARA_BROKER_URL = ""

    with pytest.raises(Unavailable, match="REDIS_URL"):
        enqueue()
    assert not ExecutionLog.objects.exists()


def test_a_row_that_no_worker_takes_is_ended_and_then_never_runs(
    enqueue: Enqueue, sent: list[tuple[str, str]]
) -> None:
    enqueue()
    hour, later = timedelta(hours=1), timezone.now() + timedelta(minutes=61)

    assert rows.sweep(timezone.now(), hour) == 0
    assert rows.sweep(later, hour) == 1
    background.run_sealed(sent[0][0])
    assert (only_row().status, only_row().error_code) == ("abandoned", "unavailable")
    assert counted() == {"status:abandoned": 1, "error:unavailable": 1}


def test_an_ended_row_reads_like_the_answer(enqueue: Enqueue, sent: list[tuple[str, str]]) -> None:
    execution = enqueue(word="hello")
    background.run_sealed(sent[0][0])
    row = background.wait(execution.id, timedelta(seconds=1))
    assert row
    output = background.output_of(row)

    assert (output.success, output.data) == (True, {"word": "hello", "ran": 1})
    assert output.metadata["execution_id"] == execution.id
