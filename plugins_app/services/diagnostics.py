"""What an operator needs to see of this installation, and what goes into a report about it."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version

from django.conf import settings
from django.db import connection

from plugins_app.core.state import BreakerState
from plugins_app.models import RegistryState, Worker
from plugins_app.services import doctor
from plugins_app.services.doctor import Finding, Level
from plugins_app.services.registry import breaker_states, snapshot
from plugins_app.services.workers import live_workers

ORDER = (Level.ERROR, Level.WARNING, Level.OK)


@dataclass(frozen=True, slots=True)
class Server:
    """`behind`: it has not taken over the newest generation of the registry yet."""

    row: Worker
    alive: bool
    behind: bool


@dataclass(frozen=True, slots=True)
class Diagnosis:
    findings: list[Finding]
    """Gravest first."""
    servers: list[Server]
    breakers: list[tuple[str, str]]
    """(plugin, state) of those that are not closed."""
    versions: dict[str, str]

    @property
    def level(self) -> Level:
        return self.findings[0].level if self.findings else Level.OK

    @property
    def problems(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level is not Level.OK]

    @property
    def sound(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level is Level.OK]

    @property
    def markdown(self) -> str:
        """For a bug report. Findings quote no secret."""
        return "\n".join(_markdown(self))


def diagnose() -> Diagnosis:
    return Diagnosis(
        sorted(doctor.examine(), key=lambda finding: ORDER.index(finding.level)),
        _servers(),
        _breakers(),
        _versions(),
    )


def _servers() -> list[Server]:
    newest = RegistryState.objects.filter(pk=1).values_list("plugins", flat=True).first() or 0
    alive = set(live_workers().values_list("pk", flat=True))
    return [Server(row, row.pk in alive, row.generation < newest) for row in Worker.objects.all()]


def _breakers() -> list[tuple[str, str]]:
    plugins = snapshot().active.values()
    states = breaker_states(plugins)
    return [
        (plugin.name, states[plugin.key].state.value)
        for plugin in plugins
        if plugin.key in states and states[plugin.key].state is not BreakerState.CLOSED
    ]


def _versions() -> dict[str, str]:
    return {
        "ZANTARA": f"{settings.ZANTARA_VERSION} {settings.ZANTARA_COMMIT}".strip(),
        "Python": platform.python_version(),
        "Django": version("django"),
        "pydantic": version("pydantic"),
        connection.display_name: _database_version(),
        "System": f"{platform.system()} {platform.release()}",
    }


def _database_version() -> str:
    return ".".join(map(str, connection.get_database_version()))


def _markdown(diagnosis: Diagnosis) -> Iterable[str]:
    yield "### ZANTARA diagnostics"
    yield ""
    yield from (f"- {name} {number}" for name, number in diagnosis.versions.items())
    yield f"- {sum(server.alive for server in diagnosis.servers)} servers running"
    yield ""
    for finding in diagnosis.findings:
        yield f"- {finding.level.upper()} {finding.id} {finding.title}"
