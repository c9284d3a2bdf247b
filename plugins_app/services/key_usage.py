"""What API keys were used for lately, from the callers' counters."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Sum
from django.utils import timezone

from plugins_app.models import CallerHour
from plugins_app.services.windows import HOUR, floor

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Usage:
    """Over the last 24 hours, the running one and 23 before it. `refused` are not among `calls`."""

    calls: int = 0
    errors: int = 0
    refused: int = 0


NONE = Usage()


def usage(prefixes: Collection[str]) -> dict[str, Usage]:
    """prefix -> what was counted; without those that nobody used. One query."""
    since = floor(timezone.now(), HOUR) - DAY + HOUR
    rows = CallerHour.objects.filter(caller__in=[f"key:{p}" for p in prefixes], at__gte=since)
    sums = (
        rows.order_by()
        .values_list("caller")
        .annotate(made=Sum("calls"), failed=Sum("errors"), turned_away=Sum("refused"))
    )
    return {caller.removeprefix("key:"): Usage(*map(int, rest)) for caller, *rest in sums}
