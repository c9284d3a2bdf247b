"""What a schedule does, once over all schedulers."""

from __future__ import annotations

import logging
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from plugins_app.runtime import sweeper
from plugins_app.runtime.exclusive import exclusive
from plugins_app.services import retention
from plugins_app.services.audit import Actor, record

logger = logging.getLogger(__name__)

SCHEDULE = Actor(id="schedule", name="schedule", source="system")


def sweep() -> int:
    """Executions ended as `abandoned`."""
    with exclusive("sweep") as mine:
        swept = sweeper.sweep(timezone.now()) if mine else 0
    if swept:
        logger.warning("abandoned executions swept", extra={"count": swept})
    return swept


def prune() -> dict[str, int]:
    """What was deleted, as the settings say; nothing where it is being done already."""
    with exclusive("prune") as mine:
        if not mine:
            return {}
        deleted = retention.prune(
            SCHEDULE,
            older_than=timedelta(days=settings.ZANTARA_RETENTION_DAYS),
            keep_failures=timedelta(days=settings.ZANTARA_RETENTION_FAILURES_DAYS),
        )
    logger.info("old executions and metrics deleted", extra={"deleted": deleted})
    return deleted


@transaction.atomic
def clear_sessions() -> None:
    """Logins that have ended by themselves."""
    ended = Session.objects.filter(expire_date__lt=timezone.now()).count()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    if ended:
        record(SCHEDULE, "prune", "sessions", after={"sessions": ended})
