from __future__ import annotations

import csv
import io
from typing import Any

from django.core.management import CommandParser

from plugins_app.management.command import ZantaraCommand
from plugins_app.management.durations import positive
from plugins_app.services import metrics

_ORDERS = {"calls": "calls", "errors": "failures", "p95": "p95_ms", "rate_limited": "rate_limited"}
_COLUMNS = (
    "calls",
    "success_rate",
    "failures",
    "timeouts",
    "refused",
    "rate_limited",
    "cache_hit_rate",
    "p50_ms",
    "p95_ms",
    "p99_ms",
)


class Command(ZantaraCommand):
    help = "Numbers per plugin over a range."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--range", default=metrics.DEFAULT_RANGE, choices=metrics.RANGES)
        parser.add_argument("--top", type=positive, default=10, help="How many plugins.")
        parser.add_argument("--by", default="calls", choices=_ORDERS)
        parser.add_argument("--csv", action="store_true", help="Instead of a table.")

    def run(self, *, top: int, by: str, **options: Any) -> None:
        totals = metrics.totals(options["range"])
        ranked = sorted(totals.items(), key=lambda pair: -(pair[1][_ORDERS[by]] or 0))[:top]
        self.emit(
            {
                "success": True,
                "range": options["range"],
                "plugins": [{"name": name, **counted} for name, counted in ranked],
            }
        )
        rows = [[name, *(counted[column] for column in _COLUMNS)] for name, counted in ranked]
        if options["csv"]:
            self.say(_csv(["name", *_COLUMNS], rows))
        else:
            self.table(["name", *_COLUMNS], rows)
            self.note(f"Last {options['range']}, by {by}" if rows else "No calls in this range.")


def _csv(headers: list[str], rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([headers, *rows])
    return text.getvalue().rstrip("\n")
