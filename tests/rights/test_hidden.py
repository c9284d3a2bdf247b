"""What a caller may not see is nowhere: a plugin with an unmistakable word in all its texts is
called, reloaded and tripped by others, and then looked for in every answer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from plugins_app.models import ExecutionLog, InstalledPlugin
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.installed import write_down
from tests.api._call import post, run
from tests.rights._urls import addresses
from tests.rights.conftest import Callers

WORD = "canary"
NAME = "canary.bird"
CODE = """
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput


class CanaryInput(PluginInput):
    canary_seeds: int = 1


class Canary(Plugin[CanaryInput, PluginOutput]):
    metadata = PluginMetadata(
        name="canary.bird", description="A canary.", author="canary", tags=("canary",),
        aliases=("canary-song",), requires_auth=REQUIRES_AUTH,
    )

    async def execute(self, input_data: CanaryInput) -> PluginOutput:
        return PluginOutput(success=False, error="the canary is tired")
"""
NAMES = (NAME, "canary-song", "canary__bird", f"{NAME}@1.0.0", "canary.bir", "anary", "lab.echo")
QUERIES = (
    "api/plugins/list?q=canary",
    "api/plugins/list?tag=canary",
    "api/plugins/list?fields=name,status&ordering=-calls_24h",
    "api/plugins/list?limit=1",
    "api/plugins/search?q=canary",
    "api/plugins/search?q=seeds",
    "api/plugins/tools/anthropic?names=canary.bird,lab.echo",
    "api/plugins/tools/openai?names=canary__bird",
    "api/plugins/metrics/all?range=7d",
    "api/executions?plugin=canary.bird",
    "api/executions?caller=user:1",
    "api/executions?error_code=invalid_input",
    "admin/plugins/?q=canary",
)


@pytest.fixture
def requires_auth(request: Any) -> bool:
    return bool(getattr(request, "param", False))


@pytest.fixture
def plugin_folder(plugin_folder: Path, requires_auth: bool) -> Path:
    """With the canary in it, before the engine looks, and one that does not load."""
    code = CODE.replace("REQUIRES_AUTH", str(requires_auth))
    (plugin_folder / "canary_plugin.py").write_text(code)
    (plugin_folder / "canary_egg_plugin.py").write_text("import canary_of_the_mine")
    return plugin_folder


@pytest.fixture
def busy(callers: Callers, lab: Any) -> Callers:
    """Others have seen, run, reloaded and tripped it, and its rows are everywhere."""
    write_down(lab.registry.snapshot.active.values(), ())
    root = callers["root"]
    run(root, NAME)
    run(root, NAME, canary_seeds="none")
    run(root, "lab.echo", text="ha")
    post(root, f"/api/plugins/{NAME}/reload", {"reason": "the canary was silent"})
    post(root, f"/api/plugins/{NAME}/breaker/force-open")
    return callers


def for_staff_alone(lab: Any) -> None:
    InstalledPlugin.objects.filter(name=NAME).update(overrides={"visibility": "staff"})
    engine_loop.run(lab.take_policies())


def paths() -> list[str]:
    """Every address of the URLconf with every name in it, and some questions."""
    id = ExecutionLog.objects.filter(plugin=NAME).first()
    assert id
    spelled = []
    for route in addresses():
        route = re.sub("<(execution|str):[a-z_]*id>", id.pk, route)
        route = re.sub("<path:[a-z_]*id>|<id>", "1", route)
        route = route.replace("<breaker_move:move>", "reset").replace(
            "^<app_label>/$", "plugins_app/"
        )
        names = NAMES if ":name>" in route else ("",)
        spelled += [f"/{re.sub('<[a-z_]+:name>', name, route)}" for name in names]
    return [*spelled, *(f"/{query}" for query in QUERIES)]


def traces(client: Client) -> list[str]:
    """Answers in which the word is beyond what the question itself has said."""
    found = []
    for path in paths():
        response = client.get(path)
        said = unquote(f"{dict(response.headers)} {response.content.decode()}")
        for asked in sorted(re.findall(r"[\w.@-]*anary[\w.@-]*", path), key=len, reverse=True):
            said = said.replace(asked, "")
        if WORD in said.lower():
            found.append(f"{path}: {re.findall('.{60}canary.{30}', said)}")
    return found


def test_who_may_see_the_canary_finds_it_in_many_places(busy: Callers) -> None:
    assert len(traces(busy["root"])) > 20


@pytest.mark.parametrize("requires_auth", [True], indirect=True)
def test_anonymous_callers_find_no_trace_of_what_needs_a_login(busy: Callers) -> None:
    assert traces(busy["nobody"]) == []


@pytest.mark.parametrize("column", ["nobody", "user", "list", "execute", "metrics", "logs"])
def test_others_than_staff_find_no_trace_of_what_is_for_staff(
    busy: Callers, lab: Any, column: str
) -> None:
    for_staff_alone(lab)

    assert traces(busy[column]) == []


def test_a_key_with_all_scopes_finds_no_trace_of_what_its_globs_do_not_name(
    busy: Callers,
) -> None:
    assert traces(busy["others"]) == []


@pytest.mark.parametrize("column", ["staff", "+execute", "+reload", "+enable"])
def test_staff_without_the_permission_find_no_trace_on_pages(
    busy: Callers, settings: Any, column: str
) -> None:
    settings.ZANTARA_ANONYMOUS_API = False

    assert [trace for trace in traces(busy[column]) if trace.startswith("/admin")] == []


@pytest.mark.parametrize("suffix", ["", "/versions", "/metrics"])
def test_the_answer_about_a_hidden_name_is_that_about_a_name_that_nobody_has(
    busy: Callers, lab: Any, suffix: str
) -> None:
    for_staff_alone(lab)
    hidden, free = (
        busy["user"].get(f"/api/plugins/{name}{suffix}") for name in (NAME, "canary.birb")
    )

    assert _without_request_id(hidden) == _without_request_id(free).replace("birb", "bird")


@pytest.mark.parametrize("verb", ["execute", "validate", "reload", "enable", "breaker/reset"])
def test_a_post_about_a_hidden_name_too(busy: Callers, verb: str) -> None:
    hidden, free = (
        post(busy["others"], f"/api/plugins/{name}/{verb}") for name in (NAME, "canary.birb")
    )

    assert hidden.status_code == free.status_code == 404
    assert _without_request_id(hidden) == _without_request_id(free).replace("birb", "bird")


def _without_request_id(response: Any) -> str:
    body = json.loads(response.content)
    del body["request_id"]
    return f"{response.status_code} {body}"
