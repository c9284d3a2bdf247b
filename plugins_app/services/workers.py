"""The serving processes, as their rows tell."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from plugins_app.models import RegistryState, Worker
from plugins_app.runtime.watcher import STALE_SECONDS

_POLL_SECONDS = 0.1


def live_workers() -> QuerySet[Worker]:
    """Those that were seen lately."""
    return Worker.objects.filter(seen__gte=timezone.now() - timedelta(seconds=STALE_SECONDS))


def wait_for_generation(patience: timedelta, own: str = "") -> tuple[int, int]:
    """Wait until every live worker serves the newest generation: (how many do, how many live).
    `own`: the worker that asks, which does already."""
    generation = RegistryState.objects.values_list("plugins", flat=True).get(pk=1)
    end = time.monotonic() + patience.total_seconds()
    while True:
        others = live_workers().exclude(pk=own).values_list("generation", flat=True)
        reached = [each >= generation for each in others]
        if all(reached) or time.monotonic() > end:
            return sum(reached) + bool(own), len(reached) + bool(own)
        time.sleep(_POLL_SECONDS)
