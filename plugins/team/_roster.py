"""The team roster: where it comes from, what it holds, and how it is checked.

CSV, since an installation replaces the bundled sample by an export of its own staff list.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
    ValidationError,
)

from plugins_app.core import Context, PluginError
from plugins_app.core.text import fold, within_one_edit, words

SAMPLE_ROSTER = Path(__file__).parent / "data" / "sample_roster.csv"
SAMPLE_NOTICE = "This is the bundled sample roster: these people are invented."

# Shorter words have too many neighbours: one letter apart, 'tax' is 'fax'.
_MIN_TYPO_LENGTH = 4

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


def _split(value: Any) -> Any:
    return [part for part in value.split(";") if part.strip()] if isinstance(value, str) else value


class RosterConfig(BaseModel):
    model_config = ConfigDict(extra="forbid")

    roster_file: Path | None = Field(
        None,
        description="CSV file with the columns name, role, department, email, languages (joined "
        "by ';') and sample (yes or no); a relative path starts at the working directory of the "
        "process. Empty: the bundled sample of invented people.",
    )


class Member(BaseModel):
    """One line of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    role: Text
    department: Text
    email: EmailStr
    languages: Annotated[tuple[Text, ...], BeforeValidator(_split), Field(min_length=1)]
    sample: bool


class TeamMember(BaseModel):
    """A member as callers see it."""

    name: str = Field(description="Full name.")
    role: str = Field(description="Job title.")
    department: str = Field(description="Department.")
    languages: list[str] = Field(description="Languages spoken, best first.")
    email: str | None = Field(None, description="Address; null for anonymous callers.")


@dataclass(frozen=True)
class Roster:
    members: tuple[Member, ...]

    @property
    def is_sample(self) -> bool:
        return any(member.sample for member in self.members)

    @property
    def notice(self) -> str:
        return SAMPLE_NOTICE if self.is_sample else ""

    @cached_property
    def departments(self) -> list[str]:
        by_fold = {fold(member.department): member.department for member in self.members}
        return [by_fold[key] for key in sorted(by_fold)]

    def department_named(self, text: str) -> str | None:
        """The department that is meant, whatever its case, accents and one slip."""
        wanted = " ".join(words(text))
        names = {" ".join(words(name)): name for name in self.departments}
        near = (name for key, name in names.items() if is_slip_of(wanted, key))
        return names.get(wanted) or next(near, None)


def shown_to(context: Context, member: Member) -> TeamMember:
    return TeamMember(
        name=member.name,
        role=member.role,
        department=member.department,
        languages=list(member.languages),
        email=member.email if context.caller.authenticated else None,
    )


def is_slip_of(typed: str, meant: str) -> bool:
    return min(len(typed), len(meant)) >= _MIN_TYPO_LENGTH and within_one_edit(typed, meant)


def load_roster(config: RosterConfig) -> Roster:
    """Raises PluginError naming the file and the line."""
    path = config.roster_file or SAMPLE_ROSTER
    members: dict[str, Member] = {}
    numbers: dict[str, int] = {}
    for number, row in _rows(path):
        member = _member(path, number, row)
        address = member.email.casefold()
        if address in members:
            problem = f"email: {member.email} is already in line {numbers[address]}"
            raise _error(path, number, problem)
        members[address], numbers[address] = member, number
    if not members:
        raise _error(path, 1, "no members follow")
    return Roster(tuple(members.values()))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Records with the number of their last line; blank lines are left out."""
    reader = csv.reader(StringIO(_text(path), newline=""), strict=True)
    try:
        columns = [column.strip() for column in next(reader, [])]
        _check_columns(path, columns)
        for values in reader:
            if len(values) not in (0, len(columns)):
                problem = f"{len(values)} values for {len(columns)} columns"
                raise _error(path, reader.line_num, problem)
            if values:
                yield reader.line_num, dict(zip(columns, values, strict=True))
    except csv.Error as error:
        raise _error(path, reader.line_num, str(error)) from error


def _text(path: Path) -> str:
    """UTF-8, with or without the mark that spreadsheets put in front."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PluginError(f"{path.name} cannot be read: {error.strerror}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _error(path, line, f"is not UTF-8 ({error.reason})") from error


def _check_columns(path: Path, columns: list[str]) -> None:
    known = set(Member.model_fields)
    if missing := sorted(known - set(columns)):
        raise _error(path, 1, f"missing columns: {', '.join(missing)}")
    if len(columns) != len(known):
        strange = sorted({c for c in columns if c not in known or columns.count(c) > 1})
        raise _error(path, 1, f"unknown or repeated columns: {', '.join(strange)}")


def _member(path: Path, number: int, row: dict[str, str]) -> Member:
    try:
        return Member.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise _error(path, number, f"{field}: {first['msg']}") from error


def _error(path: Path, line: int, problem: str) -> PluginError:
    return PluginError(f"{path.name}, line {line}: {problem}")
