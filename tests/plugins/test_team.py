"""Finding and listing colleagues, and who may see their addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from plugins.team._roster import SAMPLE_ROSTER
from plugins.team.list_members_plugin import ListMembersInput, TeamMembersListPlugin
from plugins.team.search_member_plugin import SearchMemberInput, TeamMemberSearchPlugin
from plugins_app.core import Caller, PluginError
from tests.plugins._call import ANONYMOUS, SIGNED_IN, call, loaded

BOTH = [TeamMemberSearchPlugin, TeamMembersListPlugin]
COLUMNS = "name,role,department,email,languages,sample\n"
ADA = "Ada Ferrán,Engineer,Technology,ada@example.com,English; Spanish,no\n"


@pytest.fixture(scope="module")
def search() -> TeamMemberSearchPlugin:
    plugin: TeamMemberSearchPlugin = loaded(TeamMemberSearchPlugin)
    return plugin


@pytest.fixture(scope="module")
def listing() -> TeamMembersListPlugin:
    plugin: TeamMembersListPlugin = loaded(TeamMembersListPlugin)
    return plugin


def names(plugin: Any, query: str, caller: Caller = ANONYMOUS) -> list[str]:
    answer = call(plugin, SearchMemberInput(query=query, max_results=100), caller)
    return [member.name for member in answer.members]


def roster(folder: Path, *lines: str, columns: str = COLUMNS) -> Path:
    path = folder / "staff.csv"
    path.write_text(columns + "".join(lines), encoding="utf-8")
    return path


def load_failure(path: Path) -> str:
    with pytest.raises(PluginError) as failure:
        loaded(TeamMembersListPlugin, roster_file=path)
    return str(failure.value)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Renée Aubertin", ["Renée Aubertin"]),
        ("renee", ["Renée Aubertin"]),
        ("SOREN", ["Søren Halvorsgaard"]),
        ("lucja", ["Łucja Borowczyk"]),
        ("ostlund bjorn", ["Björn Östlund"]),
        ("Pellicioni", ["Giacomo Pelliccioni"]),
        ("Firancesco", []),
        ("accountant", ["Nyoman Prabhasuta"]),
        ("visa consultant", ["Giacomo Pelliccioni", "Renée Aubertin"]),
        ("italian immigration", ["Giacomo Pelliccioni"]),
        ("who speaks Japanese?", ["Haruka Mizushima"]),
        ("japanse", ["Haruka Mizushima"]),
        ("creative", ["Björn Östlund", "Sinta Maharatri"]),
        ("???", []),
        ("an", []),
    ],
)
def test_search_finds_by_name_role_department_and_language(
    search: TeamMemberSearchPlugin, query: str, found: list[str]
) -> None:
    assert names(search, query) == found


def test_a_name_ranks_above_a_department(tmp_path: Path) -> None:
    lines = (
        "Bo Legal,Engineer,Technology,bo@example.com,English,no\n",
        "Al Ba,Clerk,Legal,al@example.com,English,no\n",
    )
    plugin = loaded(TeamMemberSearchPlugin, roster_file=roster(tmp_path, *lines))
    assert names(plugin, "legal") == ["Bo Legal", "Al Ba"]


def test_max_results_cuts_the_answer_and_tells_how_many_match(
    search: TeamMemberSearchPlugin,
) -> None:
    answer = call(search, SearchMemberInput(query="balinese", max_results=2))
    assert (len(answer.members), answer.count, answer.total_matches) == (2, 2, 6)


def test_a_search_without_words_is_refused() -> None:
    with pytest.raises(ValidationError):
        SearchMemberInput(query="  ")


def test_the_whole_team_is_listed_by_department_and_name(listing: TeamMembersListPlugin) -> None:
    members = call(listing, ListMembersInput()).members
    order = [(member.department, member.name) for member in members]
    assert len(order) == 22
    assert order[0] == ("Business Setup", "Bagus Hartawiguna")
    assert [department for department, _ in order] == sorted(d for d, _ in order)


@pytest.mark.parametrize("department", ["Technology", "TECHNOLOGY", " technology ", "tecnology"])
def test_a_department_is_listed_whatever_its_case_and_one_slip(
    listing: TeamMembersListPlugin, department: str
) -> None:
    answer = call(listing, ListMembersInput(department=department))
    assert (answer.department, answer.count) == ("Technology", 3)


def test_an_unknown_department_is_answered_with_the_known_ones(
    listing: TeamMembersListPlugin,
) -> None:
    answer = call(listing, ListMembersInput(department="Submarines"))
    assert (answer.success, answer.members, answer.department) == (True, [], None)
    assert {"Immigration", "Tax", "Technology"} <= set(answer.departments)
    assert "'Submarines'" in answer.message


def test_a_signed_in_caller_sees_addresses(
    search: TeamMemberSearchPlugin, listing: TeamMembersListPlugin
) -> None:
    found = call(search, SearchMemberInput(query="renee"), SIGNED_IN).members
    listed = call(listing, ListMembersInput(), SIGNED_IN).members
    assert found[0].email == "renee.aubertin@example.com"
    assert all(member.email for member in listed)


def test_an_anonymous_caller_sees_no_address(
    search: TeamMemberSearchPlugin, listing: TeamMembersListPlugin
) -> None:
    found = call(search, SearchMemberInput(query="renee"))
    listed = call(listing, ListMembersInput())
    assert "@" not in found.model_dump_json() + listed.model_dump_json()


@pytest.mark.parametrize("query", ["renee.aubertin@example.com", "RENEE.Aubertin @ example.com"])
def test_a_signed_in_caller_finds_by_address(search: TeamMemberSearchPlugin, query: str) -> None:
    assert names(search, query, SIGNED_IN) == ["Renée Aubertin"]


@pytest.mark.parametrize(
    "query",
    [
        "renee.aubertin@example.com",
        "renee.aubertin @ example.com",
        "renee.aubertin\uff20example.com",
        "<renee.aubertin@example.com>",
        "@example.com",
        "example.com",
    ],
)
def test_an_anonymous_search_by_address_finds_nobody(
    search: TeamMemberSearchPlugin, query: str
) -> None:
    assert names(search, query) == []


def test_an_anonymous_caller_is_told_why_an_address_finds_nobody(
    search: TeamMemberSearchPlugin,
) -> None:
    answer = call(search, SearchMemberInput(query="renee.aubertin@example.com"))
    assert "needs a signed-in caller" in answer.message


@pytest.mark.parametrize("query", ["ada", "ada@example.com", "ferran ada@example.com", "example"])
def test_an_anonymous_answer_is_the_same_whatever_the_addresses_are(
    tmp_path: Path, query: str
) -> None:
    one = loaded(TeamMemberSearchPlugin, roster_file=roster(tmp_path, ADA))
    changed = ADA.replace("ada@example.com", "zed@example.org")
    other = loaded(TeamMemberSearchPlugin, roster_file=roster(tmp_path, changed))
    asked = SearchMemberInput(query=query)
    assert call(one, asked) == call(other, asked)


@pytest.mark.parametrize("plugin_class", BOTH)
def test_answers_are_never_shared_between_callers(plugin_class: Any) -> None:
    assert plugin_class.metadata.cache_ttl is None
    assert plugin_class.metadata.cache_scope == "caller"


def test_the_bundled_roster_is_labelled_as_a_sample(
    search: TeamMemberSearchPlugin, listing: TeamMembersListPlugin
) -> None:
    for answer in (
        call(search, SearchMemberInput(query="renee")),
        call(listing, ListMembersInput()),
    ):
        assert answer.sample is True
        assert "invented" in answer.message


def test_the_sample_file_labels_every_line_and_uses_reserved_addresses() -> None:
    lines = SAMPLE_ROSTER.read_text(encoding="utf-8").splitlines()[1:]
    assert all(line.endswith(",yes") and "@example.com," in line for line in lines)


@pytest.mark.parametrize("plugin_class", BOTH)
def test_a_roster_of_ones_own_replaces_the_sample(tmp_path: Path, plugin_class: Any) -> None:
    plugin = loaded(plugin_class, roster_file=roster(tmp_path, ADA))
    fields = {"query": "ferran"} if plugin_class is TeamMemberSearchPlugin else {}
    asked = SearchMemberInput if plugin_class is TeamMemberSearchPlugin else ListMembersInput
    answer = call(plugin, asked(**fields))
    assert [member.name for member in answer.members] == ["Ada Ferrán"]
    assert answer.sample is False


def test_a_relative_path_starts_at_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roster(tmp_path, ADA)
    monkeypatch.chdir(tmp_path)
    plugin = loaded(TeamMembersListPlugin, roster_file="staff.csv")
    assert call(plugin, ListMembersInput()).count == 1


def test_a_spreadsheet_export_with_a_byte_order_mark_and_other_column_order_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "staff.csv"
    text = "sample,email,name,role,department,languages\r\nno,a@example.com,A,B,C,English\r\n"
    path.write_text(text, encoding="utf-8-sig", newline="")
    plugin = loaded(TeamMembersListPlugin, roster_file=path)
    assert call(plugin, ListMembersInput()).members[0].name == "A"


@pytest.mark.parametrize("plugin_class", BOTH)
def test_a_missing_roster_is_named(tmp_path: Path, plugin_class: Any) -> None:
    with pytest.raises(PluginError, match=r"nowhere\.csv cannot be read: No such file"):
        loaded(plugin_class, roster_file=tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("Bo,Clerk,Legal,no address,English,no\n", "email: "),
        ("Bo,Clerk,Legal,bo@example.com,English,perhaps\n", "sample: "),
        ("Bo,Clerk,Legal,bo@example.com,,no\n", "languages: "),
        (" ,Clerk,Legal,bo@example.com,English,no\n", "name: "),
        ("Bo,Clerk,Legal,bo@example.com,English\n", "5 values for 6 columns"),
        ('Bo,"Clerk"x,Legal,bo@example.com,English,no\n', "',' expected after"),
        ("Bo,Clerk,Legal,ADA@example.com,English,no\n", "is already in line 2"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    message = load_failure(roster(tmp_path, ADA, line))
    assert message.startswith("staff.csv, line 3: ")
    assert problem in message


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    columns = COLUMNS.replace(",email", "")
    assert load_failure(roster(tmp_path, columns=columns)) == (
        "staff.csv, line 1: missing columns: email"
    )


def test_an_unknown_column_is_named(tmp_path: Path) -> None:
    columns = COLUMNS.replace("\n", ",salary\n")
    assert load_failure(roster(tmp_path, columns=columns)) == (
        "staff.csv, line 1: unknown or repeated columns: salary"
    )


def test_text_that_is_not_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    path = roster(tmp_path, ADA)
    path.write_bytes(path.read_bytes() + "José,".encode("latin-1"))
    assert load_failure(path).startswith("staff.csv, line 3: is not UTF-8")


@pytest.mark.parametrize("content", ["", COLUMNS])
def test_a_roster_without_members_is_refused(tmp_path: Path, content: str) -> None:
    assert load_failure(roster(tmp_path, columns=content)).startswith("staff.csv, line 1: ")


@pytest.mark.parametrize(
    ("plugin_class", "input_model", "example"),
    [
        (plugin_class, input_model, example)
        for plugin_class, input_model in (
            (TeamMemberSearchPlugin, SearchMemberInput),
            (TeamMembersListPlugin, ListMembersInput),
        )
        for example in plugin_class.metadata.examples
    ],
)
def test_the_examples_come_true(plugin_class: Any, input_model: Any, example: Any) -> None:
    answer = call(loaded(plugin_class), input_model.model_validate(example.input))
    data = answer.model_dump(mode="json")
    assert {key: data[key] for key in example.expect} == example.expect


def test_the_legacy_names_still_lead_here() -> None:
    assert TeamMemberSearchPlugin.metadata.all_aliases == ("search_team_member",)
    assert TeamMembersListPlugin.metadata.all_aliases == ("get_team_members_list",)
