"""The queue's door: what a worker does when a message comes."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import Error as DatabaseError

from plugins_app.services import background, upkeep

logger = logging.getLogger(__name__)


@shared_task(
    name=background.RUN,
    autoretry_for=(DatabaseError,),
    retry_backoff=True,
    retry_backoff_max=60,
    max_retries=None,
)
def run(message: str) -> None:
    """Again while the database is away: nothing is run before a row is claimed."""
    background.run_sealed(message)


@shared_task(name="zantara.sweep")
def sweep() -> None:
    upkeep.sweep()


@shared_task(name="zantara.prune")
def prune() -> None:
    upkeep.prune()


@shared_task(name="zantara.clear_sessions")
def clear_sessions() -> None:
    upkeep.clear_sessions()
