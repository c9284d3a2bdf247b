"""Groups of runs as a table shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from plugins_app.admin.runs.address import Address
from plugins_app.services.runs.grammar import Token
from plugins_app.services.runs.groups import Group, Groups
from plugins_app.services.runs.search import Search

_NAMED = 3
_PHRASE = re.compile(r"[^\d\"\\]{6,}")


@dataclass(frozen=True, slots=True)
class GroupRow:
    """`names`: callers that were affected, the most affected first; `others` more of them."""

    group: Group
    title: str
    detail: str
    code: str
    url: str
    names: list[str]
    others: int


@dataclass(frozen=True, slots=True)
class GroupTable:
    by: str
    groups: Groups
    rows: list[GroupRow]


def table(groups: Groups, by: str, address: Address, search: Search) -> GroupTable:
    return GroupTable(by, groups, [_row(each, by, address, search) for each in groups.rows])


def _row(group: Group, by: str, address: Address, search: Search) -> GroupRow:
    title, detail, code, narrower = _about(group, by)
    keys = {each.key for each in narrower if each.key}
    kept = [each for each in search.tokens if each.key not in keys]
    added = [each for each in narrower if each not in kept]
    names = [name for name, _ in group.callers.most_common(_NAMED)]
    url = address.searching([*kept, *added], group="")
    return GroupRow(group, title, detail, code, url, names, len(group.callers) - len(names))


def _about(group: Group, by: str) -> tuple[str, str, str, list[Token]]:
    """Title, detail, error code, and the tokens that find its runs."""
    if by == "plugin":
        return group.key[0], "", "", [Token("plugin", group.key[0])]
    if by == "caller":
        caller, name = group.key
        return name or caller, caller if name else "", "", [Token("caller", caller)]
    plugin, code, _ = group.key
    found = [Token("plugin", plugin), *([Token("error", code)] if code else [])]
    return group.sample or code, plugin, code, [*found, *_phrase(group.sample)]


def _phrase(message: str) -> Iterable[Token]:
    """The longest part of the message that does not vary."""
    longest = max(_PHRASE.findall(message), key=len, default="").strip()[:100].strip()
    return [Token("", longest, quoted=True)] if longest else []
