"""Celery entry point: `celery -A zantara worker`. What a message does is in plugins_app.tasks."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, signals
from celery.schedules import crontab
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zantara.settings")

if not settings.ZANTARA_BROKER_URL:
    raise ImproperlyConfigured("A worker needs a queue: set REDIS_URL or ZANTARA_BROKER_URL")

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 5.0
"""Longer than Redis is asked to hold its answer when a worker waits for messages."""
SWEEP_SECONDS = 30.0

_ON_REDIS = {
    "global_keyprefix": f"{settings.ZANTARA_REDIS_PREFIX}:celery:",
    "socket_connect_timeout": CONNECT_SECONDS,
    "socket_timeout": ANSWER_SECONDS,
    # A message that is held longer comes again; no call is, and the second would do nothing.
    "visibility_timeout": settings.ZANTARA_MAX_TIMEOUT + 60,
}


app = Celery("zantara")
app.conf.update(
    broker_url=settings.ZANTARA_BROKER_URL,
    broker_transport_options=_ON_REDIS if settings.ZANTARA_BROKER_URL.startswith("redis") else {},
    broker_connection_timeout=CONNECT_SECONDS,
    # A worker waits for its broker as long as it takes; whoever sends is told after one try.
    broker_connection_max_retries=None,
    broker_connection_retry_on_startup=True,
    task_publish_retry=False,
    imports=("plugins_app.tasks",),
    task_default_queue="default",
    accept_content=["json"],
    task_serializer="json",
    # The execution's row is its result.
    task_ignore_result=True,
    # Acknowledged when it has ended: a message that dies with its worker comes again, and the
    # claim decides whether anything is left to do.
    task_acks_late=True,
    # Celery 6 would: a call in flight needs its row, not the broker.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_prefetch_multiplier=1,
    enable_utc=True,
    timezone=settings.TIME_ZONE,
    # In memory: a file would be one more thing that two workers fight about.
    beat_scheduler="celery.beat:Scheduler",
    beat_schedule={
        "sweep": {
            "task": "zantara.sweep",
            "schedule": SWEEP_SECONDS,
            "options": {"expires": SWEEP_SECONDS},
        },
        "prune": {"task": "zantara.prune", "schedule": crontab(hour="3", minute="17")},
        "sessions": {"task": "zantara.clear_sessions", "schedule": crontab(hour="3", minute="47")},
    },
)


@signals.setup_logging.connect
def _log_as_the_server_does(**_: Any) -> None:
    """Celery's own set-up would print arguments, and know nothing of what is to be hidden."""
    from zantara import logs

    logs.configure({})


@signals.worker_process_shutdown.connect
@signals.worker_shutdown.connect
def _write_what_waits(**_: Any) -> None:
    """In each process of a pool, and in the worker itself where its pool is threads."""
    from plugins_app.runtime import serving

    serving.ensure_stopped()
