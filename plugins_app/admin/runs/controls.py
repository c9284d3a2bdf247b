"""The search as ordinary controls, as chips, and as searches that are asked for every day."""

from __future__ import annotations

from dataclasses import dataclass

from plugins_app.admin.badges import EXECUTIONS
from plugins_app.admin.runs.address import ALL, Address
from plugins_app.models import Status
from plugins_app.services.runs.conditions import HINTS
from plugins_app.services.runs.groups import BY
from plugins_app.services.runs.search import Search
from plugins_app.services.runs.values import SOURCES, error_codes
from plugins_app.services.windows import RANGES

FAILURES = "failed,timed_out,abandoned"
RANGE_TITLES = {
    "15m": "Last 15 minutes",
    "1h": "Last hour",
    "6h": "Last 6 hours",
    "24h": "Last 24 hours",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    ALL: "As long as runs are kept",
}
_PRESETS = (
    ("Failures today", f"status:{FAILURES} after:today"),
    ("Slow > 5 s", "duration:>5s"),
    ("Refused", "status:refused"),
)
_LABELS = {
    "plugin": "Plugin",
    "status": "Status",
    "error": "Error code",
    "caller": "Caller",
    "key": "API key",
    "source": "Source",
    "version": "Version",
    "duration": "Duration",
    "cached": "From the cache",
    "id": "Execution id",
    "request": "Request id",
}
Options = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Link:
    """`id` is that of the element, so that it keeps the focus."""

    label: str
    url: str
    current: bool = False
    title: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    name: str
    label: str
    value: str
    hint: str
    options: Options


def controls(search: Search, fixed: str = "") -> list[Control]:
    """`fixed` is a key that the page itself answers."""
    return [
        Control(name, label, search.first(name), HINTS[name], _options(name, search.first(name)))
        for name, label in _LABELS.items()
        if name != fixed
    ]


def _options(name: str, value: str) -> Options:
    known: dict[str, Options] = {
        "status": [
            *((each.value, EXECUTIONS[each].word) for each in Status),
            (FAILURES, "Failed in any way"),
        ],
        "source": [(each, each) for each in SOURCES],
        "error": [(each, each) for each in error_codes()],
        "cached": [("yes", "Yes"), ("no", "No")],
    }
    options = known.get(name, [])
    other = options and value and value not in dict(options)
    return [*options, (value, value)] if other else options


def chips(address: Address, search: Search) -> list[Link]:
    """One for each token and for a chosen span; the link drops it."""
    found = [
        Link(
            _chip(str(token)),
            address.searching(each for each in search.tokens if each is not token),
        )
        for token in search.tokens
    ]
    if address.since or address.until:
        words = f"{address.since or 'the beginning'} to {address.until or 'now'}"
        found.append(Link(words.replace("T", " "), address.at(since="", until="")))
    return found


def _chip(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def presets(address: Address) -> list[Link]:
    return [
        Link(label, Address(q=q, group=address.group).query, address.q == q)
        for label, q in _PRESETS
    ]


def ranges(address: Address, search: Search) -> list[Link]:
    chosen = address.chosen_range(search)
    return [
        Link(
            "All" if name == ALL else name,
            address.at(range=name, since="", until="", q=_without_times(search)),
            name == chosen,
            RANGE_TITLES[name],
            f"range-{name}",
        )
        for name in (*RANGES, ALL)
    ]


def _without_times(search: Search) -> str:
    """A range that is chosen takes the place of one that was written."""
    kept = [str(each) for each in search.tokens if each.key not in {"after", "before"}]
    return search.text if search.mistakes else " ".join(kept)


def groupings(address: Address) -> list[Link]:
    return [
        Link(by.capitalize() or "None", address.at(group=by), address.group == by, id=f"group-{by}")
        for by in ("", *BY)
    ]
