"""Finds colleagues by what one knows of them."""

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

from ._roster import Roster, RosterConfig, TeamMember, load_roster, shown_to
from ._search import find, parse

SearchText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class SearchMemberInput(PluginInput):
    query: SearchText = Field(
        description="Words of a name, role, department or language; signed-in callers may give "
        "an e-mail address."
    )
    max_results: int = Field(10, ge=1, le=100, description="Most members to return, best first.")


class SearchMemberOutput(PluginOutput):
    members: list[TeamMember] = Field(description="Matching members, best first.")
    count: int = Field(description="How many members are in this answer.")
    total_matches: int = Field(description="How many members match, also beyond max_results.")
    sample: bool = Field(description="Whether the people are invented.")
    message: str = Field(description="The outcome in a sentence.")


class TeamMemberSearchPlugin(Plugin[SearchMemberInput, SearchMemberOutput]):
    metadata = PluginMetadata(
        name="team.search_member",
        version="1.0.0",
        description="Finds team members by name, role, department, language or e-mail address, "
        "forgiving case, accents and one wrong letter; e-mail only for signed-in callers.",
        author="Bali Zero",
        owner="Bali Zero people",
        category=PluginCategory.IDENTITY,
        tags=("team", "directory", "people", "search"),
        estimated_time=0.1,
        rate_limit=60,
        read_only=True,
        idempotent=True,
        open_world=False,
        legacy_handler_key="search_team_member",
        examples=(
            Example(
                title="A name without its accents",
                input={"query": "renee"},
                expect={"count": 1, "total_matches": 1, "sample": True},
            ),
            Example(
                title="A language and a department",
                input={"query": "italian immigration"},
                expect={"count": 1, "total_matches": 1},
            ),
            Example(title="Nobody", input={"query": "xyzzy"}, expect={"members": [], "count": 0}),
        ),
    )
    config_model = RosterConfig
    config: RosterConfig

    _roster: Roster

    def on_load(self) -> None:
        self._roster = load_roster(self.config)

    async def execute(self, input_data: SearchMemberInput, context: Context) -> SearchMemberOutput:
        query = parse(input_data.query)
        by_email = context.caller.authenticated
        found = find(self._roster.members, query, by_email=by_email)
        shown = found[: input_data.max_results]
        outcome = f"{len(found)} members match." if found else "No member matches."
        if query.addresses and not by_email:
            outcome += " Searching by e-mail address needs a signed-in caller."
        return SearchMemberOutput(
            members=[shown_to(context, member) for member in shown],
            count=len(shown),
            total_matches=len(found),
            sample=self._roster.is_sample,
            message=f"{outcome} {self._roster.notice}".rstrip(),
        )
