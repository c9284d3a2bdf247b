"""Rows of the execution log that tests write, and what a page shows of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from plugins_app.models import ExecutionLog, Status
from plugins_app.runtime.ids import first_id
from tests.admin.conftest import PRICING

EXECUTIONS = "/admin/executions/"


def write(
    count: int = 1, start: int = 0, ago: timedelta = timedelta(hours=1), **fields: Any
) -> list[str]:
    """Ids that begin at the same moment and end with a number, the later the greater."""
    moment = timezone.now() - ago
    wanted = {"plugin": PRICING, "caller": "user:1", "source": "rest", "status": Status.SUCCEEDED}
    rows = [
        ExecutionLog(id=id_of(number, moment), started_at=moment, **{**wanted, **fields})
        for number in range(start, start + count)
    ]
    ExecutionLog.objects.bulk_create(rows)
    return [row.pk for row in rows]


def id_of(number: int, moment: datetime) -> str:
    return f"{first_id(moment)[:9]}0{number:016}"


def shown(response: Any) -> list[int]:
    """The numbers of the rows, in their order."""
    found = re.findall(r'href="/admin/executions/\w{10}(\d{16})/"', response.content.decode())
    return [int(number) for number in found]


def link(response: Any, word: str) -> str:
    body = response.content.decode()
    match = re.search(rf'href="([^"]*\?[^"]*)"[^>]*>\s*{word}\s*<', body)
    return match[1].replace("&amp;", "&") if match else ""


@contextmanager
def sql() -> Iterator[list[str]]:
    statements: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield statements
    statements += [each["sql"] for each in captured.captured_queries]
