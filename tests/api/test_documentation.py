"""docs/api.md names everything that callers can meet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plugins_app.api.urls import urlpatterns
from plugins_app.core.caller import Scope
from plugins_app.services.access import _PERMISSIONS
from plugins_app.services.problem_kinds import PROBLEMS

TEXT = (Path(__file__).resolve().parent.parent.parent / "docs" / "api.md").read_text()
ROUTES = sorted(
    re.sub(r"<\w+:(\w+)>", r"{\1}", f"/api/{pattern.pattern}")
    for pattern in urlpatterns
    if pattern.name
)


@pytest.mark.parametrize(
    ("code", "status"), [(code, kind.status) for code, kind in PROBLEMS.items()]
)
def test_every_error_code_stands_in_the_line_of_its_status(code: str, status: int) -> None:
    lines = [line for line in TEXT.splitlines() if f"`{code.replace('_', '-')}`" in line]

    assert any(str(status) in line for line in lines)


@pytest.mark.parametrize("route", ROUTES)
def test_every_endpoint_is_listed(route: str) -> None:
    assert f"`{route}`" in TEXT


@pytest.mark.parametrize("scope", Scope)
def test_every_scope_stands_beside_its_permission(scope: Scope) -> None:
    permission = _PERMISSIONS[scope].partition(".")[2]

    assert f"| {scope} | `{permission}`" in TEXT
