"""What a page with a list of executions shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from plugins_app.admin.formats import plural
from plugins_app.admin.runs import controls
from plugins_app.admin.runs.address import Address
from plugins_app.admin.runs.bars import drawn
from plugins_app.admin.runs.grouping import table
from plugins_app.core.caller import Caller
from plugins_app.services.keyset import Page
from plugins_app.services.registry import snapshot
from plugins_app.services.runs import pages
from plugins_app.services.runs.groups import READ, grouped
from plugins_app.services.runs.histogram import histogram
from plugins_app.services.runs.search import Mistake, Search, Span, understood
from plugins_app.services.runs.values import BadValue


def asked_for(address: Address, plugin: str = "") -> tuple[Search, Span]:
    """`plugin`: of this one alone."""
    now = timezone.now()
    search = understood(address.q, now)
    try:
        span = address.span(search, now)
    except BadValue as error:
        wrong = Mistake(" to ".join(filter(None, (address.since, address.until))), f"{error}.")
        search, span = replace(search, mistakes=(*search.mistakes, wrong)), Span()
    return (search.of_plugin(plugin) if plugin else search), span


def listing(caller: Caller, address: Address, plugin: str = "") -> dict[str, Any]:
    search, span = asked_for(address, plugin)
    context = {
        "address": address,
        "search": search,
        "fixed_plugin": plugin,
        "plugins": sorted(snapshot().active),
        "controls": controls.controls(search, "plugin" if plugin else ""),
        "chips": controls.chips(address, search),
        "presets": controls.presets(address),
        "ranges": controls.ranges(address, search),
        "range": address.chosen_range(search),
        "groupings": controls.groupings(address),
        "corrections": [_correction(each, address) for each in search.mistakes],
        "zone": timezone.localtime().strftime("%Z"),
        "exported": pages.EXPORTED,
        "group_reads": READ,
    }
    return context if search.mistakes else context | _found(caller, address, search, span)


def _correction(mistake: Mistake, address: Address) -> tuple[Mistake, str]:
    """With the address of what was probably meant, or nothing."""
    return mistake, address.at(q=mistake.instead) if mistake.instead else ""


def _found(caller: Caller, address: Address, search: Search, span: Span) -> dict[str, Any]:
    shown = {"histogram": drawn(histogram(caller, search, span), address)}
    if address.group:
        groups = grouped(caller, search, span, address.group)
        return {
            **shown,
            "groups": table(groups, address.group, address, search),
            "announcement": f"{plural(len(groups.rows), 'group')} of {plural(groups.read, 'run')}",
        }
    page = pages.page(caller, search, span, older=address.older, newer=address.newer)
    return {
        **shown,
        "rows": page.rows,
        "page": page,
        "newest": address.at() if address.older or address.newer else "",
        "newer": _going_on(address, newer=page.newer),
        "older": _going_on(address, older=page.older),
        "live": _live(page, address, span, timezone.now()),
        "announcement": _announcement(page.rows, bool(page.older)),
    }


def _going_on(address: Address, older: Any = None, newer: Any = None) -> str:
    if older is None and newer is None:
        return ""
    return replace(address, older=str(older or ""), newer=str(newer or "")).query


def _live(page: Page, address: Address, span: Span, now: datetime) -> dict[str, Any] | None:
    """Only where new runs would come to the top of this page."""
    if address.older or address.newer or span.until:
        return None
    mark = pages.mark_of(page, now)
    known = sum(row.pk > mark for row in page.rows)
    return {"mark": mark, "known": known, "query": address.at()[1:]}


def _announcement(rows: list[Any], more: bool) -> str:
    return f"{plural(len(rows), 'run')} shown{', there are older ones' * more}"
