"""Every request of the corpus gets its status, twice, and answers say nothing about our side."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from plugins_app.api.request_ids import WELL_FORMED
from plugins_app.models import ExecutionLog
from tests.api._call import PROBLEM, Clock
from tests.hostile._case import Case
from tests.hostile.corpus import CHAPTERS
from tests.rights.conftest import Callers

OURS = re.compile(rf"Traceback|site-packages|{re.escape(str(settings.BASE_DIR))}|SECRET_KEY'")
ALIVE = re.compile(r"<script>alert\(1\)|<img src=x")
AT_HOME = re.compile(r"/(?![/\\])[^\\\s]*")
ENDED = {"succeeded", "refused"}
A_MINUTE = 61.0
PART = 60
"""Cases that share one engine."""


def parts() -> Iterator[Any]:
    for chapter, cases in CHAPTERS.items():
        for start in range(0, len(cases), PART):
            yield pytest.param(cases[start : start + PART], id=f"{chapter} {start}")


def test_the_corpus_is_large_and_names_each_case_once() -> None:
    ids = Counter(case.id for cases in CHAPTERS.values() for case in cases)

    assert ids.total() >= 150
    assert [id for id, times in ids.items() if times > 1] == []


@pytest.mark.parametrize("cases", list(parts()))
def test_hostile_requests_get_their_status_every_time(
    callers: Callers, clock: Clock, cases: list[Case]
) -> None:
    wrong = {}
    for case in cases:
        clock.now += A_MINUTE  # so that no limit counts what came before
        answers = [send(callers[case.who], case) for _ in range(2)]
        found = [fault for answer in answers for fault in faults(answer, case)]
        statuses = [answer.status_code for answer in answers]
        if found or statuses != [case.status] * 2:
            wrong[case.id] = (statuses, case.status, found)
    assert not wrong
    assert set(ExecutionLog.objects.values_list("status", flat=True)) <= ENDED


def send(client: Client, case: Case) -> Any:
    return client.generic(
        case.method, case.path, case.body, case.content_type, headers=dict(case.headers)
    )


def faults(answer: Any, case: Case) -> Iterator[str]:
    """What the answer should not say."""
    shown = f"{dict(answer.headers)} {answer.content.decode()}"
    kind = answer.get("Content-Type", "")
    if OURS.search(shown):
        yield "shows our side"
    if "X-Injected" in answer.headers or not WELL_FORMED.fullmatch(answer["X-Request-Id"]):
        yield "has a header of the client's"
    if answer["X-Content-Type-Options"] != "nosniff":
        yield "may be sniffed"
    if kind.startswith("text/html") and ALIVE.search(shown):
        yield "has a script of the client's"
    if answer.status_code >= 400 and is_for_machines(case) and kind != PROBLEM and answer.content:
        yield f"is no problem but {kind}"
    if not AT_HOME.fullmatch(answer.get("Location", "/")):
        yield f"leads to {answer['Location']}"


def is_for_machines(case: Case) -> bool:
    return f"{case.path}/".startswith(("/api/", "/metrics/", "/livez/", "/readyz/"))
