"""What a page needs to show a chart before its numbers are there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from plugins_app.admin.charts.asked import Asked
from plugins_app.admin.charts.registry import Definition, definition


@dataclass(frozen=True, slots=True)
class Shell:
    """For `admin/charts/_chart.html`."""

    definition: Definition
    asked: Asked

    @property
    def url(self) -> str:
        return self._address("admin:chart-json")

    @property
    def csv_url(self) -> str:
        return self._address("admin:chart-csv")

    @property
    def page_url(self) -> str:
        """The chart alone, its table without a script."""
        return self._address("admin:chart")

    def _address(self, route: str) -> str:
        return f"{reverse(route, args=[self.definition.slug])}?{self.asked.query}"


def shell(name: str, asked: Asked) -> Shell:
    """Of a slug or id, like 'P1'."""
    return Shell(definition(name), asked)


def shells(names: Iterable[str], asked: Asked) -> list[Shell]:
    return [shell(name, asked) for name in names]
