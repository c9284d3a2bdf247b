"""The team, or one department of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from plugins_app.core import (
    Context,
    Example,
    Plugin,
    PluginCategory,
    PluginInput,
    PluginMetadata,
    PluginOutput,
)
from plugins_app.core.text import fold

from ._roster import Member, Roster, RosterConfig, TeamMember, load_roster, shown_to

Department = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]


class ListMembersInput(PluginInput):
    department: Department | None = Field(
        None, description="Only members of this department; empty for the whole team."
    )


class ListMembersOutput(PluginOutput):
    members: list[TeamMember] = Field(description="Members, ordered by department and name.")
    count: int = Field(description="How many members are in this answer.")
    department: str | None = Field(description="The department that was listed; null for all.")
    departments: list[str] = Field(description="All known departments.")
    sample: bool = Field(description="Whether the people are invented.")
    message: str = Field(description="The outcome in a sentence.")


class TeamMembersListPlugin(Plugin[ListMembersInput, ListMembersOutput]):
    metadata = PluginMetadata(
        name="team.list_members",
        version="1.0.0",
        description="Lists the team, or one department of it, with roles and languages; e-mail "
        "addresses only for signed-in callers.",
        author="Bali Zero",
        owner="Bali Zero people",
        category=PluginCategory.IDENTITY,
        tags=("team", "directory", "people", "department"),
        estimated_time=0.1,
        rate_limit=60,
        read_only=True,
        idempotent=True,
        open_world=False,
        legacy_handler_key="get_team_members_list",
        examples=(
            Example(
                title="One department",
                input={"department": "legal"},
                expect={"department": "Legal", "count": 3, "sample": True},
            ),
            Example(title="The whole team", input={}, expect={"department": None, "count": 22}),
            Example(
                title="A department that does not exist",
                input={"department": "Submarines"},
                expect={"members": [], "count": 0, "department": None},
            ),
        ),
    )
    config_model = RosterConfig
    config: RosterConfig

    _roster: Roster

    def on_load(self) -> None:
        self._roster = load_roster(self.config)

    async def execute(self, input_data: ListMembersInput, context: Context) -> ListMembersOutput:
        roster = self._roster
        asked = input_data.department or None
        department = roster.department_named(asked) if asked else None
        known = department is not None or asked is None
        members = _ordered(roster, department) if known else []
        outcome = f"{len(members)} members." if known else f"There is no department {asked!r}."
        return ListMembersOutput(
            members=[shown_to(context, member) for member in members],
            count=len(members),
            department=department,
            departments=roster.departments,
            sample=roster.is_sample,
            message=f"{outcome} {roster.notice}".rstrip(),
        )


def _ordered(roster: Roster, department: str | None) -> list[Member]:
    members = (
        member
        for member in roster.members
        if department is None or fold(member.department) == fold(department)
    )
    return sorted(members, key=lambda member: (fold(member.department), fold(member.name)))
