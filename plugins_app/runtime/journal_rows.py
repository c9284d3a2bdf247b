"""What one execution looks like in the log."""

from __future__ import annotations

import hashlib
import json
import traceback
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import orjson
from pydantic_core import to_jsonable_python

from plugins_app.core.execution import CHECK, Execution
from plugins_app.core.lines import Lines
from plugins_app.models import ExecutionLog

MAX_PAYLOAD_BYTES = 64 * 1024
HEAD_BYTES = 1_000
MAX_TEXT = 16 * 1024
"""Characters of an error message and of a traceback, which is kept from its end."""
LEASE_SPARE = 30.0
"""Seconds beyond a call's deadline before its row counts as abandoned."""

_PLAIN_ONLY = (
    orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)

Row = dict[str, Any]


def row_of(execution: Execution, *, worker: str, payloads: bool) -> Row:
    """Columns of ExecutionLog as the execution stands now."""
    plugin, error, caller = execution.loaded, execution.error, execution.caller
    ended = execution.answer is not None or error is not None
    seconds = execution.duration
    payloads = payloads and plugin.keeps_payloads
    return {
        "id": execution.id,
        "plugin": plugin.name,
        "version": plugin.version,
        "status": execution.status.value,
        "error_code": error.code if error else "",
        "error": _told(execution, _public_error(execution))[:MAX_TEXT],
        "traceback": _told(execution, _traceback(error))[-MAX_TEXT:],
        "caller": _fit("caller", caller.id),
        "caller_name": _fit("caller_name", caller.name),
        "source": execution.source,
        "request_id": _fit("request_id", execution.request_id),
        "model": _fit("model", caller.model or ""),
        "worker": _fit("worker", worker),
        "cached": execution.cached,
        "attempts": execution.attempts,
        "started_at": execution.started_at,
        "finished_at": execution.started_at + timedelta(seconds=seconds) if ended else None,
        "duration_ms": round(seconds * 1000, 3) if ended else None,
        "input": _input(execution) if payloads and execution.admitted else "",
        "output": _output(execution) if payloads else "",
        "stages": _stages(execution) if ended and execution.admitted else None,
        "lines": _lines(execution) if ended and payloads and execution.lines else "",
        "lease_until": None if ended else lease_until(execution),
    }


def _stages(execution: Execution) -> list[list[Any]]:
    """[stage, microseconds after the start], in their order. What lingers may come to stages after
    the call has ended."""
    start, marks = execution.started, execution.marks
    begun = zip(marks[::2], marks[1::2], strict=True)
    within = ((stage, at - start) for stage, at in begun if at - start <= execution.duration)
    return [[CHECK, 0], *([stage, round(after * 1e6)] for stage, after in within)]


def _lines(execution: Execution) -> str:
    kept, hidden = execution.lines or Lines(), execution.hidden
    start = execution.started_at.timestamp()
    told = [
        [round((at - start) * 1e6), level, hidden.scrub(text), hidden.scrub_json(fields)]
        for at, level, text, fields in (*kept.first, *kept.last)
    ]
    outline = {"first": len(kept.first), "left_out": kept.left_out, "lines": told}
    return _json(outline).decode()


_LENGTHS = {field.attname: field.max_length for field in ExecutionLog._meta.concrete_fields}


def _fit(column: str, text: str) -> str:
    return clean(text)[: _LENGTHS[column]]


def _told(execution: Execution, text: str) -> str:
    return clean(execution.hidden.scrub(text)) if text else ""


def lease_until(execution: Execution) -> datetime:
    """After this moment a running row belongs to a process that died."""
    seconds = execution.deadline - execution.started + LEASE_SPARE
    return execution.started_at + timedelta(seconds=seconds)


def clean(text: str) -> str:
    """Without what a text column cannot hold: NUL and lone surrogates become escapes."""
    if text.isascii() and "\0" not in text:
        return text
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
    if not (execution.loaded.input_mask.active or execution.hidden.active):
        with suppress(TypeError):
            return _fitting(orjson.dumps(execution.data, option=_PLAIN_ONLY))
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
