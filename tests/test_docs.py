"""What the documents say is so: links lead somewhere, commands and addresses exist, and the tables
of errors and settings are those of the code."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import resolve

from plugins_app.api.views.unknown import UnknownView
from plugins_app.services.audit_actions import ACTIONS
from plugins_app.services.problem_kinds import PROBLEMS, slug_of
from tests._markdown import DOCUMENTS, ROOT, anchors, code, links, rows, text_of

TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in DOCUMENTS}
NONE_LITERAL = object()
every_document = pytest.mark.parametrize("name", TEXTS)


def commands_in(text: str) -> list[str]:
    """`manage.py ...` without what the shell would take: pipes, comments, what follows."""
    found = re.findall(r"manage\.py ([a-z_]+[^\n|;>&#`]*)", "\n".join(code(text)))
    return [" ".join(each.split()) for each in found]


def addresses_in(text: str) -> set[str]:
    local = re.findall(
        r"https?://(?:localhost|127\.0\.0\.1):\d+(/[^\s'\"|)]*)", "\n".join(code(text))
    )
    return {urlsplit(each).path for each in local}


@every_document
def test_every_link_leads_to_a_file_and_a_heading(name: str) -> None:
    wrong = []
    for link in links(TEXTS[name]):
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            wrong.append(link)

    assert wrong == []


@every_document
def test_every_make_target_exists_and_takes_these_variables(name: str) -> None:
    makefile = text_of("Makefile")
    said = "\n".join(code(TEXTS[name]))
    calls = re.findall(r"\bmake((?: [A-Z]+=\S+)*) ([a-z]+)((?: [A-Z]+=\S+)*)", said)
    variables = re.findall(r"([A-Z]+)=", " ".join(before + after for before, _, after in calls))

    assert [target for _, target, _ in calls if f"\n{target}:" not in makefile] == []
    assert [each for each in variables if f"$({each})" not in makefile] == []


@every_document
def test_every_command_exists_and_takes_these_arguments(name: str) -> None:
    apps = get_commands()
    for said in commands_in(TEXTS[name]):
        command, *arguments = shlex.split(said)
        assert command in apps, said
        parser = load_command_class(apps[command], command).create_parser("manage.py", command)
        if arguments:
            parser.parse_args(arguments)


@every_document
def test_every_address_of_an_example_exists(name: str) -> None:
    for path in addresses_in(TEXTS[name]):
        view: Any = resolve(path).func

        assert getattr(view, "cls", None) is not UnknownView, path


def test_there_are_links_commands_and_addresses_to_look_at() -> None:
    texts = TEXTS.values()

    assert sum(len(links(text)) for text in texts) > 20
    assert len({each for text in texts for each in commands_in(text)}) > 20
    assert len({each for text in texts for each in addresses_in(text)}) > 8


def test_every_document_is_linked_from_the_readme() -> None:
    linked = {Path(link.partition("#")[0]) for link in links(TEXTS["README.md"])}
    expected = {Path(name) for name in TEXTS if not name.startswith("docs/decisions/")}

    assert expected - linked == {Path("README.md")}


def test_the_table_of_errors_is_that_of_the_code() -> None:
    table = [row for row in rows(text_of("docs/errors.md")) if row[0].isdigit()]

    assert {kind: cells for status, kind, *cells in table} == {
        f"`{slug_of(code)}`": [f"{kind.title}. {kind.meaning}", kind.remedy, str(kind.retry)]
        for code, kind in PROBLEMS.items()
    }
    assert [int(row[0]) for row in table] == sorted(kind.status for kind in PROBLEMS.values())


# --- settings -------------------------------------------------------------------------------------


def settings_in_code() -> dict[str, Any]:
    """Variable -> its default where that is a literal, else NONE_LITERAL."""
    found: dict[str, Any] = {}
    for call in ast.walk(ast.parse(text_of("zantara/settings.py"))):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        reader, first = ast.unparse(call.func), call.args[0]
        if not reader.startswith("env.") and reader != "_required":
            continue
        if not isinstance(first, ast.Constant):
            continue  # the readers' own helper, which takes a name
        default = next((each.value for each in call.keywords if each.arg == "default"), None)
        if default is not None or first.value not in found:
            found[first.value] = _literal(default)
    return found


def _literal(node: ast.expr | None) -> Any:
    """Arithmetic of numbers counts too: 8 * 1024 * 1024 is easier to read than its product."""
    if node is None or any(isinstance(each, ast.Name) for each in ast.walk(node)):
        return NONE_LITERAL
    return eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}})


def as_text(default: Any) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, list):
        return ",".join(default)
    return str(default)


def with_literal_default() -> Iterator[tuple[str, str]]:
    for name, default in settings_in_code().items():
        if default is not NONE_LITERAL:
            yield name, as_text(default)


def test_the_table_of_audit_actions_is_that_of_the_code() -> None:
    part = text_of("docs/audit.md").partition("## What is in it")[2].partition("\n## ")[0]
    table = {row[0].strip("`"): row[1] for row in rows(part) if row[0].startswith("`")}

    assert table == ACTIONS


def settings_in_docs() -> dict[str, str]:
    table = [row for row in rows(text_of("docs/settings.md")) if row[0].startswith("`")]
    return {row[0].strip("`"): row[1] for row in table}


def settings_in_example() -> dict[str, str]:
    lines = re.findall(r"^# ([A-Z_]+)=(.*)$", text_of(".env.example"), re.MULTILINE)
    return dict(lines)


def test_the_settings_are_found_in_the_code() -> None:
    found = settings_in_code()

    assert found["ZANTARA_MAX_OUTPUT"] == 8_388_608
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["DATABASE_URL"] is NONE_LITERAL
    assert len(found) > 20


def test_the_table_of_settings_names_what_the_code_reads_and_nothing_else() -> None:
    assert set(settings_in_docs()) == set(settings_in_code())


def test_the_example_file_names_what_the_code_reads_and_sets_nothing() -> None:
    lines = text_of(".env.example").splitlines()

    assert set(settings_in_example()) == set(settings_in_code())
    assert [line for line in lines if line and not line.startswith("#")] == []


@pytest.mark.parametrize(("name", "default"), sorted(with_literal_default()))
def test_a_default_that_is_written_down_is_the_one_of_the_code(name: str, default: str) -> None:
    said = settings_in_docs()[name].strip("`")
    is_made_up_for = name in ("SECRET_KEY", "ZANTARA_API_KEY_PEPPER", "ZANTARA_ENCRYPTION_KEYS")

    assert settings_in_example()[name] == default
    assert is_made_up_for or said == (default or "empty")
