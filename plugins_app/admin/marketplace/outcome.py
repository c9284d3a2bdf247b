"""What came of something done to many plugins: kept in the session until the next page shows it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest

from plugins_app.admin.formats import end_of_path, plural
from plugins_app.core.importing import Failure
from plugins_app.services.bulk import Outcome
from plugins_app.services.sync import SyncReport

_KEY = "marketplace_outcome"
_DONE = {"enable": "enabled", "disable": "disabled", "reload": "reloaded"}
_ALREADY = {"enable": "already enabled", "disable": "already disabled"}


@dataclass(frozen=True, slots=True)
class Failed:
    """`plugin` has a page, by the name under which it is known."""

    plugin: str
    reason: str
    location: str = ""
    note: str = ""

    @property
    def place(self) -> str:
        return end_of_path(self.location)


@dataclass(frozen=True, slots=True)
class Panel:
    """`lists` are what was done, and to whom; `ticked` stay selected."""

    sentence: str
    lists: list[tuple[str, list[str]]]
    failed: list[Failed]
    ticked: list[str]


def of_bulk(outcome: Outcome) -> Panel:
    done, already = _DONE[outcome.action], _ALREADY.get(outcome.action, "unchanged")
    failed = [Failed(f.name, f.reason, f.location, _serving(f.serving)) for f in outcome.failed]
    parts = [f"{len(outcome.done):,} {done}"]
    parts += [f"{len(outcome.unchanged):,} {already}"] if outcome.unchanged else []
    parts += [f"{len(failed):,} failed"] if failed else []
    lists = [(done.capitalize(), outcome.done), (already.capitalize(), outcome.unchanged)]
    return Panel(
        f"{', '.join(parts)}.",
        [(w, list(n)) for w, n in lists if n],
        failed,
        [f.name for f in outcome.failed],
    )


def of_discovery(report: SyncReport) -> Panel:
    counts = {
        "new": report.new,
        "changed": sorted([*report.changed, *report.recoded]),
        "gone": report.gone,
    }
    moved = [f"{len(names):,} {word}" for word, names in counts.items() if names]
    failed = [_failed(failure) for failure in report.failures]
    parts = [*(moved or ["Nothing new"]), f"{plural(len(report.kept), 'plugin')} as before"]
    parts += [f"{len(failed):,} failed"] if failed else []
    waiting = {"waiting to be enabled": sorted(report.waiting)}
    lists = [(w.capitalize(), n) for w, n in {**counts, **waiting}.items() if n]
    return Panel(f"{', '.join(parts)}.", lists, failed, [])


def _failed(failure: Failure) -> Failed:
    name = failure.plugin or failure.module
    return Failed(name, failure.message, failure.location, _serving(failure.serving))


def _serving(version: str) -> str:
    return f"Version {version} is still serving." if version else ""


def keep(request: HttpRequest, panel: Panel) -> None:
    request.session[_KEY] = asdict(panel)


def taken(request: HttpRequest) -> Panel | None:
    """Once."""
    kept: dict[str, Any] | None = request.session.pop(_KEY, None)
    if kept is None:
        return None
    failed = [Failed(**each) for each in kept.pop("failed")]
    return Panel(**kept, failed=failed)
