"""Every address with every method for every kind of caller, as matrix.txt declares it."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from ulid import ULID

from plugins_app.models import ExecutionLog
from plugins_app.services.audit import CLI
from plugins_app.services.keys import create_key
from tests.rights import _matrix
from tests.rights._matrix import Address
from tests.rights._urls import addresses, stock_addresses
from tests.rights.conftest import Callers, new_user

MATRIX = _matrix.addresses()
NAMES = {
    "<plugin:name>": "lab.echo",
    "<plugin_name:name>": "lab.echo",
    "<breaker_move:move>": "reset",
    "<str:slug>": "rate-limited",
    "<slug:slug>": "calls",
    "<int:event_id>": "1",
    "<int:search_id>": "1",
}
EXAMPLE_OF = {
    "api/^": "api/nothing",
    "admin/(?P<url>.*)$": "admin/nothing",
    "admin/^<app_label>/$": "admin/plugins_app/",
    "admin/r/<path:content_type_id>/<path:object_id>/": "admin/r/1/1/",
}


def test_the_matrix_holds_every_address_and_no_other() -> None:
    declared = {row.pattern for row in MATRIX if row.section != "outside the URLconf"}

    assert declared == set(addresses()) - stock_addresses()


def test_the_older_prefix_leads_to_the_same() -> None:
    known = addresses()
    twins = {route: each for route, each in known.items() if route.startswith("api/v1/")}

    assert twins
    for route, each in twins.items():
        assert each.callback is known[route.replace("/v1/", "/", 1)].callback


def execution_by(caller: str) -> str:
    id = str(ULID())
    now = timezone.now()
    ExecutionLog.objects.create(
        id=id, plugin="lab.echo", status="succeeded", caller=caller, source="rest", started_at=now
    )
    return id


def path_of(row: Address, caller_id: str) -> str:
    path = EXAMPLE_OF.get(row.pattern, row.pattern)
    for placeholder, name in NAMES.items():
        path = path.replace(placeholder, name)
    if "id>" in path:
        path = re.sub("<.*id>", target_of(row, caller_id), path)
    return f"/{path}"


def target_of(row: Address, caller_id: str) -> str:
    """The key of a new row."""
    if "/user/" in row.pattern:
        return str(new_user(f"somebody {ULID()}").pk)
    if "/api-keys/" in row.pattern:
        return str(create_key(CLI, f"some {ULID()}", scopes=[]).key.pk)
    return execution_by(caller_id if row.variant == "own" else "user:0")


def sent_with(row: Address, method: str) -> dict[str, Any]:
    if row.pattern.endswith(("/execute", "/validate")):
        return {"data": b'{"input_data": {"text": "ha"}}', "content_type": "application/json"}
    if method in ("GET", "HEAD", "TRACE") or not row.pattern.startswith("api/"):
        return {}
    return {"data": b"{}", "content_type": "application/json"}


def cell_of(response: Any) -> str:
    if response.status_code == 302 and response["Location"].startswith("/admin/login/"):
        return "in"
    return "ok" if response.status_code == 200 else str(response.status_code)


@pytest.fixture
def _static_file(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    (settings.STATIC_ROOT / "some.css").write_text("a {}")


@pytest.mark.usefixtures("_static_file")
@pytest.mark.parametrize("row", MATRIX, ids=str)
def test_everybody_gets_what_the_matrix_declares(
    callers: Callers, row: Address, settings: Any
) -> None:
    settings.ZANTARA_ANONYMOUS_API = not row.section.endswith("off")
    wrong = defaultdict[str, list[str]](list)
    for column, client in callers.all():
        path = path_of(row, callers.ids[column])
        for method in row.methods:
            found = cell_of(client.generic(method, path, **sent_with(row, method)))
            if found != (declared := row.expected(method, column)):
                wrong[f"{method} got {found}, declared {declared}"].append(column)
    assert not dict(wrong)
