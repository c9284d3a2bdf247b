"""What one execution looks like in the log, and what it adds to the metrics."""

from __future__ import annotations

import hashlib
import json
import traceback
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from pydantic_core import to_jsonable_python

from plugins_app.core.execution import Execution, Status
from plugins_app.core.metrics import counters
from plugins_app.models import ExecutionLog

MAX_PAYLOAD_BYTES = 64 * 1024
HEAD_BYTES = 1_000
MAX_TEXT = 16 * 1024
"""Characters of an error message and of a traceback, which is kept from its end."""
LEASE_SPARE = 30.0
"""Seconds beyond a call's deadline before its row counts as abandoned."""

Row = dict[str, Any]


@dataclass(slots=True)
class Rollup:
    """Sums and peaks to add to the metric tables, keyed by what makes their rows unique."""

    counts: Counter[tuple[str, str, datetime, str]] = field(default_factory=Counter)
    """(plugin, version, minute, metric) -> amount."""
    callers: Counter[tuple[str, str, datetime, str]] = field(default_factory=Counter)
    """(caller, plugin, hour, 'calls' | 'errors' | 'refused') -> amount."""
    peaks: dict[tuple[str, datetime], tuple[int, int, int]] = field(default_factory=dict)
    """(plugin, minute) -> in flight, waiting, percent of the quota in use."""

    def add(self, other: Rollup) -> None:
        self.counts.update(other.counts)
        self.callers.update(other.callers)
        for key, peak in other.peaks.items():
            self.raise_peak(key, peak)

    def raise_peak(self, key: tuple[str, datetime], peak: tuple[int, int, int]) -> None:
        before = self.peaks.get(key, (0, 0, 0))
        self.peaks[key] = (
            max(before[0], peak[0]),
            max(before[1], peak[1]),
            max(before[2], peak[2]),
        )

    def __bool__(self) -> bool:
        return bool(self.counts or self.callers or self.peaks)


def rollup_of(execution: Execution) -> Rollup:
    plugin, rollup = execution.loaded, Rollup()
    minute = execution.started_at.replace(second=0, microsecond=0)
    for metric, amount in counters(execution).items():
        rollup.counts[plugin.name, plugin.version, minute, metric] += amount
    hour, caller = minute.replace(minute=0), execution.caller.id
    if not execution.admitted:
        rollup.callers[caller, plugin.name, hour, "refused"] += 1
    else:
        rollup.callers[caller, plugin.name, hour, "calls"] += 1
        if execution.status is not Status.SUCCEEDED:
            rollup.callers[caller, plugin.name, hour, "errors"] += 1
    peak = (execution.in_flight, execution.waiting, _quota_percent(execution))
    rollup.raise_peak((plugin.name, minute), peak)
    return rollup


def _quota_percent(execution: Execution) -> int:
    rate = execution.admission and execution.admission.rate
    return round(100 * (rate.limit - rate.remaining) / rate.limit) if rate else 0


def row_of(execution: Execution, *, worker: str, payloads: bool) -> Row:
    """Columns of ExecutionLog as the execution stands now."""
    plugin, error, caller = execution.loaded, execution.error, execution.caller
    hide = execution.hidden.scrub
    ended = execution.answer is not None or error is not None
    texts = {
        "plugin": plugin.name,
        "version": plugin.version,
        "error_code": error.code if error else "",
        "error": hide(_public_error(execution))[:MAX_TEXT],
        "traceback": hide(_traceback(error))[-MAX_TEXT:],
        "caller": caller.id,
        "caller_name": caller.name,
        "source": execution.source,
        "request_id": execution.request_id,
        "model": caller.model or "",
        "worker": worker,
    }
    seconds = execution.duration
    return {
        **{column: clean(text)[: _LENGTHS[column]] for column, text in texts.items()},
        "id": execution.id,
        "status": str(execution.status),
        "cached": execution.cached,
        "attempts": execution.attempts,
        "started_at": execution.started_at,
        "finished_at": execution.started_at + timedelta(seconds=seconds) if ended else None,
        "duration_ms": round(seconds * 1000, 3) if ended else None,
        "input": _input(execution) if payloads and execution.admitted else "",
        "output": _output(execution) if payloads else "",
        "lease_until": None if ended else lease_until(execution),
    }


_LENGTHS = {field.attname: field.max_length for field in ExecutionLog._meta.concrete_fields}


def lease_until(execution: Execution) -> datetime:
    """After this moment a running row belongs to a process that died."""
    seconds = execution.deadline - execution.started + LEASE_SPARE
    return execution.started_at + timedelta(seconds=seconds)


def clean(text: str) -> str:
    """Without what a text column cannot hold: NUL and lone surrogates become escapes."""
    return text.replace("\0", "\\u0000").encode("utf-8", "backslashreplace").decode()


def _public_error(execution: Execution) -> str:
    if execution.error:
        return str(execution.error)
    return execution.answer.error or "" if execution.answer else ""


def _traceback(error: BaseException | None) -> str:
    """Of what an error of ours was made from."""
    cause = error and error.__cause__
    return "".join(traceback.format_exception(cause)) if cause else ""


def _input(execution: Execution) -> str:
    """What was sent. In-process callers may have sent what JSON cannot hold."""
    try:
        plain = to_jsonable_python(
            execution.data, fallback=repr, bytes_mode="base64", inf_nan_mode="null"
        )
        masked = execution.loaded.input_mask.mask(plain)
        return _fitting(_json(execution.hidden.scrub_json(masked)))
    except ValueError:  # it contains itself, or an integer of more digits than Python writes
        return ""


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # a lone surrogate, or an integer beyond 64 bits
        return json.dumps(value).encode()


def _output(execution: Execution) -> str:
    if execution.answer is None:
        return ""
    try:
        return _fitting(_masked(execution, execution.answer.data))
    except ValueError:  # an integer of more digits than Python reads
        return ""


def _masked(execution: Execution, data: bytes) -> bytes:
    """By the standard library, which is exact about integers beyond 64 bits: orjson reads them as
    floats, or not at all."""
    masker, hidden = execution.loaded.output_mask, execution.hidden
    if not (masker.active or hidden.active):
        return data
    return _json(hidden.scrub_json(masker.mask(json.loads(data))))


def _fitting(payload: bytes) -> str:
    """The JSON text, or where it is too long its size, hash and beginning."""
    if len(payload) <= MAX_PAYLOAD_BYTES:
        return payload.decode()
    summary = {
        "truncated": True,
        "bytes": len(payload),
        "sha256": hashlib.sha256(payload).hexdigest(),
        "head": payload[:HEAD_BYTES].decode(errors="ignore"),
    }
    return orjson.dumps(summary).decode()
