"""Execute with an Idempotency-Key: of all requests with it, one runs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from plugins_app.api import idempotency
from plugins_app.models import ApiKey, ExecutionLog, IdempotencyRecord
from plugins_app.services.audit import CLI
from plugins_app.services.idempotency import earlier_call
from plugins_app.services.retention import prune
from tests.api._call import Clock, Headers, is_problem, run

pytestmark = pytest.mark.usefixtures("lab")

MakeKey = Callable[..., Headers]


@pytest.fixture
def once(key: MakeKey) -> Headers:
    return {**key("execute"), "Idempotency-Key": "order-1"}


def rows() -> list[ExecutionLog]:
    return list(ExecutionLog.objects.exclude(status="refused"))


def test_the_second_request_gets_the_answer_to_the_first(client: Client, once: Headers) -> None:
    first = run(client, "lab.echo", once, text="ha")
    second = run(client, "lab.echo", once, text="ha")

    assert first.status_code == second.status_code == 200
    assert second.content == first.content
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert len(rows()) == 1


def test_a_replay_has_the_headers_of_the_first_answer(client: Client, once: Headers) -> None:
    first = run(client, "lab.limited", once)
    second = run(client, "lab.limited", once)

    same = ("Content-Type", "Content-Length", "RateLimit", "X-RateLimit-Remaining", "Vary")
    assert {name: second[name] for name in same} == {name: first[name] for name in same}
    assert second["X-Request-Id"] != first["X-Request-Id"]


def test_a_plugin_is_one_plugin_under_all_its_names(client: Client, once: Headers) -> None:
    first = run(client, "lab.echo", once, text="ha")

    assert run(client, "echo-it", once, text="ha").content == first.content


@pytest.mark.parametrize(("name", "status"), [("lab.crashes", 500), ("lab.hangs", 504)])
def test_a_failure_is_an_outcome_too(client: Client, once: Headers, name: str, status: int) -> None:
    first = run(client, name, once)
    second = run(client, name, once)

    assert first.status_code == second.status_code == status
    assert second.content == first.content
    assert len(rows()) == 1


def test_how_the_same_body_is_spelled_does_not_matter(client: Client, once: Headers) -> None:
    path, kind = "/api/plugins/lab.echo/execute", "application/json"
    one, other = '{"input_data":{"text":"a","times":2}}', '{"input_data": {"times":2,"text":"a"}}'
    first = client.post(path, one, content_type=kind, headers=once)

    assert client.post(path, other, content_type=kind, headers=once).content == first.content


def test_another_body_under_the_same_key_is_refused(client: Client, once: Headers) -> None:
    run(client, "lab.echo", once, text="ha")

    assert is_problem(run(client, "lab.echo", once, text="no"), 422, "idempotency_mismatch")
    assert len(rows()) == 1


def test_another_pinned_version_is_another_request(client: Client, once: Headers) -> None:
    run(client, "lab.versioned@1.0.0", once)

    refused = run(client, "lab.versioned@2.0.0", once)
    assert is_problem(refused, 422, "idempotency_mismatch")


def test_a_key_belongs_to_its_caller_and_plugin(
    client: Client, key: MakeKey, once: Headers
) -> None:
    run(client, "lab.echo", once, text="ha")
    run(client, "lab.limited", once)
    other = {**key("execute", name="other"), "Idempotency-Key": "order-1"}

    assert "Idempotent-Replayed" not in run(client, "lab.echo", other, text="ha")
    assert len(rows()) == 3


def test_what_was_refused_is_not_kept(client: Client, once: Headers, clock: Clock) -> None:
    assert run(client, "lab.echo", once, times=99).status_code == 422
    assert run(client, "lab.echo", once, text="ha").status_code == 200
    for number in range(3):
        last = run(client, "lab.limited", {**once, "Idempotency-Key": f"k{number}"})
    assert last.status_code == 429
    clock.now += 61

    assert run(client, "lab.limited", {**once, "Idempotency-Key": "k2"}).status_code == 200


def test_an_answer_from_the_cache_is_none_of_this_key(client: Client, once: Headers) -> None:
    run(client, "lab.limited")

    body = run(client, "lab.limited", once).json()
    assert body["metadata"]["cached"] is False


def test_while_the_first_still_runs_the_others_are_told_to_come_back(
    client: Client, once: Headers
) -> None:
    run(client, "lab.echo", once, text="ha")
    IdempotencyRecord.objects.update(status=None, body=None)
    ExecutionLog.objects.update(status="running")

    response = run(client, "lab.echo", once, text="ha")
    assert is_problem(response, 409, "idempotency_in_progress")
    assert response["Retry-After"] == "1"


def test_what_nobody_knows_the_end_of_is_never_run_again(client: Client, once: Headers) -> None:
    run(client, "lab.echo", once, text="ha")
    IdempotencyRecord.objects.update(status=None, body=None)
    ExecutionLog.objects.update(status="abandoned")

    response = run(client, "lab.echo", once, text="ha")
    assert is_problem(response, 409, "idempotency_outcome_unknown")
    assert response.json()["execution_id"] == rows()[0].id
    assert len(rows()) == 1


def test_a_kept_answer_that_cannot_be_decrypted_is_not_run_again(
    client: Client, once: Headers, settings: Any
) -> None:
    run(client, "lab.echo", once, text="ha")
    settings.ZANTARA_ENCRYPTION_KEYS = ["another"]

    response = run(client, "lab.echo", once, text="ha")
    assert is_problem(response, 409, "idempotency_outcome_unknown")


def test_an_older_encryption_key_still_reads(client: Client, once: Headers, settings: Any) -> None:
    settings.ZANTARA_ENCRYPTION_KEYS = ["old"]
    first = run(client, "lab.echo", once, text="ha")
    settings.ZANTARA_ENCRYPTION_KEYS = ["new", "old"]

    assert run(client, "lab.echo", once, text="ha").content == first.content


def test_kept_answers_are_encrypted(client: Client, once: Headers) -> None:
    run(client, "lab.echo", once, text="confidential")

    assert b"confidential" not in bytes(IdempotencyRecord.objects.get().body or b"")


def test_of_many_at_once_one_runs(once: Headers) -> None:
    def ask(_: int) -> Any:
        try:
            return run(Client(), "lab.echo", once, text="ha")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        responses = list(pool.map(ask, range(64)))

    assert {each.status_code for each in responses} <= {200, 409}
    assert len(rows()) == 1
    answers = [each for each in responses if each.status_code == 200]
    assert len({each.content for each in answers}) == 1
    assert sum("Idempotent-Replayed" not in each for each in answers) == 1
    waiting = [each for each in responses if each.status_code != 200]
    assert all(is_problem(each, 409, "idempotency_in_progress") for each in waiting)


def test_whoever_lost_the_race_is_not_charged(
    client: Client, once: Headers, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look before the call may come too early; the accept transaction decides."""
    run(client, "lab.single", once)
    looks = iter([lambda *asked: None, earlier_call])
    monkeypatch.setattr(idempotency, "earlier_call", lambda *asked: next(looks)(*asked))
    again = run(client, "lab.single", once)

    assert again["Idempotent-Replayed"] == "true"
    assert len(rows()) == 1
    assert not any(lab.state._leases.values())
    assert lab.executor.counts()["lab.single"]["error:idempotency_in_progress"] == 1


def test_after_a_day_the_key_is_free(client: Client, once: Headers) -> None:
    run(client, "lab.echo", once, text="ha")
    IdempotencyRecord.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert "Idempotent-Replayed" not in run(client, "lab.echo", once, text="no")
    assert len(rows()) == 2
    assert "Idempotent-Replayed" in run(client, "lab.echo", once, text="no")


def test_expired_keys_are_pruned(client: Client, once: Headers) -> None:
    run(client, "lab.echo", once, text="ha")
    IdempotencyRecord.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    pruned = prune(CLI, older_than=timedelta(days=1), keep_failures=timedelta(days=1))

    assert pruned["idempotency keys"] == 1
    assert len(rows()) == 1


@pytest.mark.parametrize("sent", ["", "two words", "ü", "x" * 256])
def test_a_key_is_visible_ascii(client: Client, once: Headers, sent: str) -> None:
    response = run(client, "lab.echo", {**once, "Idempotency-Key": sent}, text="ha")

    assert is_problem(response, 400, "malformed_request")
    assert not rows()


def test_nobody_in_particular_has_no_keys(client: Client) -> None:
    """Anonymous callers share addresses, and would get each other's answers."""
    response = run(client, "lab.echo", {"Idempotency-Key": "1"}, text="ha")

    assert is_problem(response, 401, "unauthenticated")


def test_a_hidden_plugin_is_not_betrayed_by_a_kept_answer(client: Client, key: MakeKey) -> None:
    """The answer was kept under a key that has lost the plugin since."""
    mine = {**key("execute"), "Idempotency-Key": "order-1"}
    run(client, "lab.echo", mine, text="ha")
    ApiKey.objects.update(plugins=["other.*"])

    assert is_problem(run(client, "lab.echo", mine, text="ha"), 404, "plugin_not_found")
