"""An Idempotency-Key on its way through the engine: of all calls with it, one runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugins_app.core.execution import Execution


@dataclass(frozen=True, slots=True)
class KeptReply:
    """What a door answered, to be answered again."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reservation:
    """`request_hash` tells another request under the same key. `reply_to`: what the door will
    answer to the ended execution, so that it is durable together with the outcome."""

    key: str
    request_hash: str
    reply_to: Callable[[Execution], KeptReply | None]
