"""The tab that tells what each version changed for callers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone

from plugins_app.models import MetricMinute
from plugins_app.services import sync
from plugins_app.services.audit import CLI
from tests.admin.test_pages import text

PAGE = "/admin/plugins/pages.echo/versions/"
SOURCE = """
from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput


class EchoInput(PluginInput):
    {field}


class EchoPlugin(Plugin[EchoInput, PluginOutput]):
    metadata = PluginMetadata(name="pages.echo", version="{version}")

    async def execute(self, input_data):
        return PluginOutput()
"""


def release(family: Path, version: str, field: str) -> None:
    (family / "echo_plugin.py").write_text(SOURCE.format(version=version, field=field))
    sync.discover(CLI)


def test_the_first_version_changed_nothing(family: Path, admin: Client) -> None:
    release(family, "1.0.0", "query: str")
    shown = text(admin.get(PAGE))
    assert "1.0.0 Serving" in shown
    assert "The first" in shown


def test_an_optional_field_is_a_minor_change(family: Path, admin: Client) -> None:
    release(family, "1.0.0", "query: str")
    release(family, "1.1.0", "query: str\n    limit: int = 3")
    shown = text(admin.get(PAGE))
    assert "1.0.0 to 1.1.0 Minor Callers need not notice." in shown
    assert "Input limit is new Minor" in shown
    assert "more than its number says" not in shown


def test_a_field_that_is_gone_without_a_major_version_is_a_warning(
    family: Path, admin: Client
) -> None:
    release(family, "1.0.0", "query: str")
    release(family, "1.0.1", "text: str")
    shown = text(admin.get(PAGE))
    assert "1.0.1 is what callers get, and changes more than its number says" in shown
    assert "Input query is gone Major" in shown


def test_other_code_under_the_same_number_is_told(family: Path, admin: Client) -> None:
    release(family, "1.0.0", "query: str")
    release(family, "1.0.0", "query: str\n    more: str")
    assert "The version is still the same." in text(admin.get(PAGE))


def test_calls_are_shown_to_those_who_may_see_metrics(
    family: Path, login: Callable[..., Any]
) -> None:
    client = login()
    release(family, "1.0.0", "query: str")
    MetricMinute.objects.create(
        plugin="pages.echo", version="1.0.0", at=timezone.now(), metric="status:succeeded", value=7
    )
    assert "Calls 24 h" not in text(client.get(PAGE))


def test_the_calls_of_a_version_are_counted(family: Path, admin: Client) -> None:
    release(family, "1.0.0", "query: str")
    for metric, value in (("status:succeeded", 7), ("status:failed", 2), ("status:refused", 40)):
        MetricMinute.objects.create(
            plugin="pages.echo", version="1.0.0", at=timezone.now(), metric=metric, value=value
        )
    assert " 9 " in text(admin.get(PAGE))
