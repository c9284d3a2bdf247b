"""The log of one run on its page: at most SHOWN lines at once, by attempts, filtered by the
address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from plugins_app.admin.formats import plural
from plugins_app.admin.highlight import found_in
from plugins_app.core.masking import MASK
from plugins_app.models import ExecutionLog
from plugins_app.services.runs.lines import LEVELS, PRINTED, Kept, Line, kept_of, wanted
from plugins_app.services.runs.stages import failed_attempts

SHOWN = 2_000
LONGEST_SEARCH = 200
CHOICES = {
    "": "All lines",
    "info": "Info and above",
    "warning": "Warnings and above",
    "error": "Errors",
    PRINTED: "Printed",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """`line`: the number of one that has to be shown; 0 for the end, or what is found first."""

    level: str = ""
    find: str = ""
    only: bool = False
    line: int = 0

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        level, line = query.get("level", ""), query.get("line", "")
        return cls(
            level if level in CHOICES else "",
            query.get("find", "").strip()[:LONGEST_SEARCH],
            "only" in query,
            int(line) if line.isascii() and line.isdecimal() and len(line) < 9 else 0,
        )

    @property
    def query(self) -> str:
        told = {"level": self.level, "find": self.find, "only": self.only and "on",
                "line": self.line}  # fmt: skip
        return "?" + urlencode({name: value for name, value in told.items() if value})

    def filtered(self, lines: list[Line]) -> list[Line]:
        return wanted(
            lines,
            level=self.level if self.level in LEVELS else "",
            printed=self.level == PRINTED,
            find=self.find if self.only else "",
        )


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one attempt. `title` is empty where there was but one."""

    title: str
    count: int
    lines: SafeString
    is_open: bool


@dataclass(frozen=True, slots=True)
class Log:
    """`earlier` and `later` lead to more lines, or are empty."""

    asked: Asked
    groups: list[Group]
    total: int
    told: str
    notes: list[str]
    earlier: str
    later: str

    choices = CHOICES


def log_of(row: ExecutionLog, asked: Asked) -> Log:
    kept = kept_of(row)
    lines = asked.filtered(kept.lines)
    found = [line for line in lines if asked.find and asked.find.casefold() in line.said.casefold()]
    start = _start(lines, asked.line or (found[0].number if found else 0))
    end = start + SHOWN
    return Log(
        asked,
        list(_groups(row, lines[start:end], asked)),
        len(kept.lines),
        _told(lines, len(kept.lines), found, asked),
        list(_notes(kept)),
        _there(asked, lines, start - SHOWN // 2) if start else "",
        _there(asked, lines, end + SHOWN // 2) if end < len(lines) else "",
    )


def text_of(row: ExecutionLog, asked: Asked) -> str:
    """All lines that the filters leave, for a file."""
    return "".join(f"{line}\n" for line in asked.filtered(kept_of(row).lines))


def _start(lines: list[Line], number: int) -> int:
    """Where the lines to show begin, with the wanted one in their middle; 0 wants the end."""
    latest = max(0, len(lines) - SHOWN)
    before = sum(line.number < number for line in lines) if number else len(lines)
    return min(latest, max(0, before - SHOWN // 2))


def _there(asked: Asked, lines: list[Line], index: int) -> str:
    number = lines[min(max(index, 0), len(lines) - 1)].number
    return replace(asked, line=number).query


def _told(lines: Sequence[Line], total: int, found: Sequence[Line], asked: Asked) -> str:
    counted = plural(total, "line") if len(lines) == total else f"{len(lines):,} of {total:,} lines"
    return f"{counted}, {len(found):,} with “{asked.find}”" if asked.find else counted


def _notes(kept: Kept) -> Iterator[str]:
    if kept.left_out:
        yield (
            f"{plural(kept.left_out, 'line')} after line {kept.first:,} not kept: of one call there"
            " were too many."
        )
    masked = sum(line.said.count(MASK) for line in kept.lines)
    if masked:
        yield f"{plural(masked, 'value')} masked before it was stored."


def _groups(row: ExecutionLog, lines: list[Line], asked: Asked) -> Iterator[Group]:
    failures = failed_attempts(row)
    several = row.attempts > 1 and any(line.attempt > 1 for line in lines)
    by_attempt = [(n, list(of)) for n, of in groupby(lines, lambda line: several and line.attempt)]
    searching = bool(asked.find or asked.line)
    for attempt, of in by_attempt:
        title = _title(attempt, failures) if several else ""
        is_open = searching or attempt == by_attempt[-1][0]
        yield Group(title, len(of), _listed(of, asked), is_open)


def _title(attempt: int, failures: Mapping[int, str]) -> str:
    if not attempt:
        return "Before the first attempt"
    code = failures.get(attempt)
    return f"Attempt {attempt} failed: {code}" if code else f"Attempt {attempt}"


def _listed(lines: list[Line], asked: Asked) -> SafeString:
    here = replace(asked, line=0).query
    join = "&" if len(here) > 1 else ""
    return format_html_join("", "{}", ((_line(line, asked.find, here + join),) for line in lines))


def _line(line: Line, find: str, here: str) -> SafeString:
    local, extra = timezone.localtime(line.at), line.extra
    return format_html(
        '<li id="L{0}" class="log-{1}"><a class="log-number" href="{2}line={0}#L{0}" tabindex="-1">'
        '{0}</a> <span class="log-time">{3}</span> <span class="log-level">{1}</span>'
        ' <span class="log-text">{4} <span class="log-extra">{5}</span></span></li>',
        line.number,
        line.kind,
        here,
        f"{local:%H:%M:%S}.{local.microsecond // 1000:03}",
        found_in(line.message, find),
        found_in(extra, find),
    )
