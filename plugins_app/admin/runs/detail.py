"""What the page about one execution shows."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from plugins_app.admin.formats import milliseconds, plural, seconds
from plugins_app.admin.runs.address import Address
from plugins_app.admin.runs.waterfall import waterfall
from plugins_app.admin.snippets import curl_with
from plugins_app.admin.values import pretty
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.masking import MASK
from plugins_app.models import ExecutionLog, Status
from plugins_app.services.problem_kinds import PROBLEMS, ProblemKind, page_of
from plugins_app.services.registry import snapshot
from plugins_app.services.runs.grammar import Token, written

LONGEST_IN_ADDRESS = 6_000
"""Characters of an input that another page is given by its address."""
_FOR_OPERATORS = {
    "plugin_error": "Read the error and any traceback; run it again once the cause is gone.",
    "internal_error": "Read the traceback, and the server's log with the request id.",
    "invalid_output": "The plugin's code has to change: what it answered does not fit its schema.",
    "timeout": "Look whether what the plugin waits for is slow, or allow it more time.",
    "cancelled": "Look where the effect would show before anybody repeats it.",
    "outcome_unknown": "Look where the effect would show before anybody repeats it.",
    "rate_limited": "See who calls so often; raise the limit if the calls are wanted.",
    "concurrency_limited": "See why calls take so long; raise the limit if they are wanted.",
    "circuit_open": "See which failures opened the breaker; reset it once they are over.",
}
_KEPT_SHORTER = {Status.SUCCEEDED, Status.REFUSED}
_UNENDED = {Status.QUEUED, Status.RUNNING}


@dataclass(frozen=True, slots=True)
class Payload:
    """JSON as it was kept. `bytes`: how long it was, where only its beginning is kept."""

    text: str
    value: Any
    masked: int
    bytes: int | None = None

    @property
    def complete(self) -> bool:
        return not self.masked and self.bytes is None

    @property
    def note(self) -> str:
        if self.bytes is not None:
            return f"It has {self.bytes:,} bytes; only the beginning is kept."
        if self.masked:
            return f"{plural(self.masked, 'value')} masked before it was stored."
        return ""


@dataclass(frozen=True, slots=True)
class Why:
    """What happened and what to do, in the words of the page about this kind of problem."""

    kind: ProblemKind
    url: str
    code: str

    @property
    def next(self) -> str:
        """For operators: the page itself speaks to those who call."""
        return _FOR_OPERATORS.get(self.code, self.kind.remedy)


@dataclass(frozen=True, slots=True)
class Step:
    """What an operator may do next, as a link."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Again:
    """`refusal`: why it cannot be run again as it was. `try_url`: its input in the plugin's form,
    or empty. `text`: an input that no address can carry there, to be changed here. `typed`: what
    has to be typed first."""

    refusal: str
    try_url: str
    text: str
    changes_data: bool
    typed: str

    @property
    def at_once(self) -> bool:
        return not (self.refusal or self.changes_data)


def payload(text: str) -> Payload | None:
    if not text:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return Payload(text, None, 0, len(text.encode()))
    cut = isinstance(value, dict) and value.get("truncated") is True and "sha256" in value
    length = value.get("bytes") if cut else None
    shown = str(value.get("head", "")) if cut else pretty(value)
    return Payload(shown, value, _masks(value), length)


def _masks(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_masks, value.values()))
    if isinstance(value, list):
        return sum(map(_masks, value))
    return int(value == MASK)


def why(row: ExecutionLog) -> Why | None:
    kind = PROBLEMS.get(row.error_code)
    return Why(kind, page_of(row.error_code), row.error_code) if kind else None


def serving(row: ExecutionLog) -> LoadedPlugin | None:
    """The plugin's code as it serves now."""
    return snapshot().active.get(row.plugin)


def limits(row: ExecutionLog, plugin: LoadedPlugin | None) -> tuple[str, str]:
    """Duration and attempts, each 'of' its limit while the same version serves."""
    took, tried = milliseconds(row.duration_ms), str(row.attempts)
    if plugin is None or plugin.version != row.version or not row.attempts:
        return took, tried
    metadata = plugin.metadata
    several = metadata.max_attempts > 1
    longest = metadata.call_timeout if several else metadata.attempt_timeout
    return f"{took} of {seconds(longest)}", f"{tried} of {metadata.max_attempts}"


def steps(row: ExecutionLog) -> Iterator[Step]:
    """Runs like this one."""

    def runs(label: str, *found: tuple[str, str]) -> Step:
        q = written(Token(key, value) for key, value in found)
        return Step(label, reverse("admin:executions") + Address(q=q, range="7d").query)

    yield runs("All of this plugin", ("plugin", row.plugin))
    yield runs("All of this caller", ("caller", row.caller))
    if row.error_code:
        yield runs("Same error", ("plugin", row.plugin), ("error", row.error_code))


def remedies(row: ExecutionLog) -> Iterator[Step]:
    """Where an operator can do something about it."""
    routes = {
        "timeout": ("Raise the timeout", "admin:plugin-config"),
        "rate_limited": ("Change the limit", "admin:plugin-config"),
        "concurrency_limited": ("Change the limit", "admin:plugin-config"),
        "circuit_open": ("Look at the plugin", "admin:plugin-detail"),
        "plugin_disabled": ("Enable the plugin", "admin:plugin-detail"),
        "load_error": ("Look at the failure", "admin:plugin-detail"),
    }
    if row.error_code in routes:
        label, route = routes[row.error_code]
        if url := _address(route, row.plugin):
            yield Step(label, url)


def kept_until(row: ExecutionLog) -> datetime | None:
    """When the row may be pruned; None while it has not ended."""
    if row.status in _UNENDED:
        return None
    ordinary = row.status in _KEPT_SHORTER
    days = settings.ZANTARA_RETENTION_DAYS if ordinary else settings.ZANTARA_RETENTION_FAILURES_DAYS
    return row.started_at + timedelta(days=days)


def again(row: ExecutionLog, sent: Payload | None, plugin: LoadedPlugin | None) -> Again:
    whole = sent if plugin and sent and sent.bytes is None else None
    url = try_url(row.plugin, whole.value) if whole else ""
    metadata = plugin.metadata if plugin else None
    return Again(
        refusal=_refusal(sent, plugin),
        try_url=url or (_address("admin:plugin-try", row.plugin) if plugin and not whole else ""),
        text=whole.text if whole and not url else "",
        changes_data=not (metadata and metadata.read_only),
        typed=row.plugin if metadata and metadata.destructive else "",
    )


def _refusal(sent: Payload | None, plugin: LoadedPlugin | None) -> str:
    if plugin is None:
        return "The plugin is not loaded."
    if sent is None:
        return "Its input was not kept."
    if sent.bytes is not None:
        return "Only the beginning of its input was kept."
    if sent.masked:
        return f"{plural(sent.masked, 'value')} of its input masked: give them anew."
    return ""


def try_url(plugin: str, value: Any) -> str:
    """The page with the plugin's form, filled; empty where the input is too long for an address."""
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    encoded = urlsafe_b64encode(plain.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    url = _address("admin:plugin-try", plugin)
    return f"{url}?input={encoded}" if url and len(encoded) <= LONGEST_IN_ADDRESS else ""


def _address(route: str, plugin: str) -> str:
    try:
        return reverse(route, args=[plugin])
    except NoReverseMatch:
        return ""


def page_about(row: ExecutionLog, base: str, *, with_traceback: bool) -> dict[str, Any]:
    """`base` is where the API is, without a slash at its end."""
    sent, plugin = payload(row.input), serving(row)
    took, tried = limits(row, plugin)
    return {
        "run": row,
        "why": why(row),
        "took": took,
        "tried": tried,
        "sent": sent,
        "answered": payload(row.output),
        "traceback": row.traceback if with_traceback else "",
        "plugin_url": _address("admin:plugin-detail", row.plugin),
        "waterfall": waterfall(row),
        "steps": list(steps(row)),
        "remedies": list(remedies(row)),
        "kept_until": kept_until(row),
        "keeps_payloads": settings.ZANTARA_LOG_PAYLOADS,
        "again": again(row, sent, plugin),
        "curl": curl_with(plugin, sent.value, base) if plugin and sent and not sent.bytes else "",
    }
