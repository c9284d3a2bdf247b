"""Lists that may be as long as they like, beside executions, which have pages of their own."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from plugins_app.services.audit import CLI, record

AUDIT = "/admin/audit/"


@pytest.mark.parametrize("query", ["", "?before=40", "?after=1", "?source=cli&actor=nobody"])
def test_no_page_counts_rows_or_skips_over_them(admin: Client, query: str) -> None:
    for number in range(60):
        record(CLI, "enable", f"plugin.{number}")
    with CaptureQueriesContext(connection) as captured:
        assert admin.get(AUDIT + query).status_code == 200
    asked = " ".join(each["sql"] for each in captured.captured_queries).upper()
    assert "AUDITEVENT" in asked
    assert "COUNT(" not in asked
    assert "OFFSET" not in asked


@pytest.mark.parametrize("path", [AUDIT, "/admin/axes/accessattempt/"])
@pytest.mark.parametrize(
    "query",
    ["before=%00", "after=x", "before=99999999999999999999999", "status=no", "ip_address=x:y",
     "plugin=%00", "object=" + "x" * 300, "nonsense=1", "p=99", "o=1.2"],
)  # fmt: skip
def test_odd_addresses_are_answered(admin: Client, path: str, query: str) -> None:
    assert admin.get(f"{path}?{query}").status_code == 200
