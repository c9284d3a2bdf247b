"""Execute with an Idempotency-Key: of all requests with it, one runs; the others get its answer."""

from __future__ import annotations

import hashlib
import re
from functools import partial

import orjson

from plugins_app.api.execution import ExecuteCall, asked_of, reply_to, run
from plugins_app.api.problems import Problem, problem_of
from plugins_app.api.reply import Reply
from plugins_app.core.errors import Cancelled, KeyInUse
from plugins_app.core.execution import Execution
from plugins_app.core.reservation import KeptReply, Reservation
from plugins_app.runtime.database import in_database_thread
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.execute import validate
from plugins_app.services.idempotency import Earlier, earlier_call

RETRY_SECONDS = 1.0
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def answer_once_and_wait(call: ExecuteCall, key: str) -> Reply:
    """On a thread of its own. The engine goes on if the client leaves: it will ask again."""
    try:
        _check(call, key)
        return engine_loop.run(_answer_once(call, key))
    except Exception as error:
        return problem_of(error, request_id=call.request_id, caller=call.caller)


def _check(call: ExecuteCall, key: str) -> None:
    if not _KEY.fullmatch(key):
        raise Problem(
            "malformed_request", "An Idempotency-Key is 1 to 255 visible ASCII characters"
        )
    if not call.caller.authenticated:
        raise Problem("unauthenticated", "An Idempotency-Key needs an API key or a login")


async def _answer_once(call: ExecuteCall, key: str) -> Reply:
    asked = asked_of(call)
    checked = await validate(
        call.name, asked.input_data, caller=call.caller, timeout_ms=asked.timeout_ms
    )
    if checked.error is not None:  # refused and counted as without a key, and not kept
        return reply_to(call, await run(call))
    look = partial(earlier_call, call.caller.id, checked.loaded.name, key)
    reservation = Reservation(key, _hash(call), partial(_kept, call))
    if earlier := await in_database_thread(look):
        return _reply_of(earlier, reservation)
    execution = await run(call, reservation)
    if isinstance(execution.error, KeyInUse) and (earlier := await in_database_thread(look)):
        return _reply_of(earlier, reservation)
    return reply_to(call, execution)


def _hash(call: ExecuteCall) -> str:
    """Of what was asked, however its JSON was spelled."""
    asked = [call.name.partition("@")[2], asked_of(call).model_dump()]
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _kept(call: ExecuteCall, execution: Execution) -> KeptReply | None:
    if isinstance(execution.error, Cancelled):
        return None
    reply = reply_to(call, execution)
    return KeptReply(reply.status, reply.headers, reply.body)


def _reply_of(earlier: Earlier, reservation: Reservation) -> Reply:
    """Raises Problem where there is no answer that could be given again."""
    if earlier.request_hash != reservation.request_hash:
        raise Problem(
            "idempotency_mismatch", "This Idempotency-Key was used for another request before"
        )
    if reply := earlier.reply:
        return Reply(reply.status, {**reply.headers, "Idempotent-Replayed": "true"}, reply.body)
    if earlier.running:
        raise Problem(
            "idempotency_in_progress",
            "The first request with this Idempotency-Key still runs",
            retry_after=RETRY_SECONDS,
        )
    raise Problem(
        "idempotency_outcome_unknown",
        "Nobody knows how the first request with this Idempotency-Key ended",
        execution_id=earlier.execution_id,
    )
