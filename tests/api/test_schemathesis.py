"""Schemathesis makes requests from the served document and holds the answers against it: every
check that it has, with the same requests on every run."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import orjson
import pytest
import schemathesis
from django.core.asgi import get_asgi_application
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import Interaction, ScenarioRecorder

from plugins_app.models import InstalledPlugin
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.installed import write_down
from tests.api._call import Headers
from tests.api.conftest import LAB
from zantara.guard import Guard

PLUGINS = Path(__file__).parent.parent.parent / "plugins"
WELL_BEHAVED = ["bali_zero.*", "team.*", "lab.exact", "lab.declines", "lab.old", "lab.versioned",
                "lab.limited", "lab.private"]  # fmt: skip
"""The lab's other plugins are there to fail, or take numbers as pydantic does: `true` for 1."""
DEPENDS = {"positive_data_acceptance": {"enabled": False}}
CONFIG: dict[str, Any] = {
    "seed": 3,
    "continue-on-failure": True,
    "generation": {
        "deterministic": True,
        "database": "none",
        "no-shrink": True,
        "max-examples": 8,
        # No text may hold NUL; JSON Schema could only say so with a pattern for each.
        "allow-x00": False,
    },
    "checks": {
        # Who allows a microsecond gets 504; `_told` looks at each 503.
        "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503", "504"]},
    },
    "operations": [
        # Which input they take is said by the plugin that the address names.
        {"include-name": "POST /api/plugins/{name}/execute", "checks": DEPENDS},
        {"include-name": "POST /api/plugins/{name}/validate", "checks": DEPENDS},
        # It takes its question from the body or from the address, but not from both.
        {"include-name": "POST /api/plugins/search", "checks": DEPENDS},
    ],
}


@pytest.fixture
def plugin_folder(settings: Any) -> None:
    settings.ZANTARA_PLUGIN_DIRS = [LAB, PLUGINS]
    settings.ZANTARA_ANONYMOUS_RATE = 0


def findings(headers: Headers, **config: Any) -> list[str]:
    app = Guard(get_asgi_application())
    schema = schemathesis.openapi.from_asgi(
        "/api/openapi.json",
        app,
        config=SchemathesisConfig.from_dict({**CONFIG, "headers": headers, **config}),
        headers=headers,
    )
    return sorted({each for event in from_schema(schema).execute() for each in _told(event)})


def _behaves(name: str) -> bool:
    return any(fnmatchcase(name, each) for each in WELL_BEHAVED)


def _told(event: events.EngineEvent) -> Iterator[str]:
    if isinstance(event, events.NonFatalError):
        yield f"{event.label}: {event.info.message}"
    if isinstance(event, events.FatalError):
        yield repr(event.exception)
    if isinstance(event, events.ScenarioFinished):
        yield from (f"{each.operation}: {each}" for each in _failures(event.recorder))
        yield from filter(None, map(_unavailable, event.recorder.interactions.values()))


def _failures(recorder: ScenarioRecorder) -> Iterator[Failure]:
    for checks in recorder.checks.values():
        yield from (check.failure_info.failure for check in checks if check.failure_info)


def _unavailable(interaction: Interaction) -> str | None:
    """The one reason for 503 is a breaker that a request of this run forced open."""
    response = interaction.response
    if response is None or response.status_code != 503:
        return None
    kind = orjson.loads(response.content)["type"]
    return None if kind == "/problems/circuit-open" else f"503 {kind}: {interaction.request.uri}"


@pytest.mark.usefixtures("lab")
def test_nothing_is_found_with_the_key_of_an_administrator(key: Any) -> None:
    assert findings(key("admin", plugins=WELL_BEHAVED)) == []


def test_nothing_is_found_without_a_key(lab: Any) -> None:
    active = lab.registry.snapshot.active.values()
    write_down([each for each in active if not _behaves(each.name)], ())
    InstalledPlugin.objects.update(overrides={"visibility": "staff"})
    engine_loop.run(lab.take_policies())
    phases = {"coverage": {"enabled": False}}  # most of it would be 401

    assert findings({}, phases=phases) == []
