"""Every answer names its request, so that a user can quote it and an operator can find it."""

from __future__ import annotations

import re

from plugins_app.core.ids import random_bytes

WELL_FORMED = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def request_id_of(sent: str) -> str:
    """The client's own X-Request-Id where it is well-formed, else a new one."""
    return sent if WELL_FORMED.fullmatch(sent) else random_bytes(16).hex()
