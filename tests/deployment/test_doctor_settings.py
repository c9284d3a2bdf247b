"""The doctor finds settings that are wrong before users do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugins_app.services.doctor import configuration, machine
from plugins_app.services.doctor.findings import Check, Finding


@pytest.fixture
def production(settings: Any) -> Any:
    settings.EMBEDDED = False
    settings.ALLOWED_HOSTS = ["zantara.example.com"]
    settings.ZANTARA_TRUSTED_PROXIES = ["127.0.0.1"]
    settings.ZANTARA_ENCRYPTION_KEYS = ["a-key"]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 1
    settings.ZANTARA_API_KEY_PEPPER = "another"
    settings.ZANTARA_ANONYMOUS_API = False
    return settings


def found(checks: tuple[Check, ...]) -> Iterator[Finding]:
    return (finding for check in checks for finding in check())


def levels() -> dict[str, str]:
    return {finding.id: str(finding.level) for finding in found(configuration.CHECKS)}


def test_a_sound_production_has_no_remark(production: Any) -> None:
    assert set(levels().values()) == {"ok"}


@pytest.mark.parametrize(
    ("name", "value", "finding", "level"),
    [
        ("DEBUG", True, "ZD04", "error"),
        ("SECRET_KEY", "short", "ZD08", "error"),
        ("ZANTARA_ENCRYPTION_KEYS", [], "ZD24", "warning"),
        ("ZANTARA_ANONYMOUS_API", True, "ZD06", "warning"),
        ("ALLOWED_HOSTS", ["*"], "ZD09", "error"),
        ("ALLOWED_HOSTS", [".example.com"], "ZD09", "warning"),
        ("ZANTARA_TRUSTED_PROXIES", [], "ZD22", "warning"),
        ("ZANTARA_TRUSTED_PROXIES", ["0.0.0.0/0"], "ZD22", "error"),
        ("SESSION_COOKIE_SECURE", False, "ZD23", "error"),
        ("CSRF_COOKIE_SECURE", False, "ZD23", "error"),
        ("SECURE_SSL_REDIRECT", False, "ZD23", "warning"),
        ("SECURE_HSTS_SECONDS", 0, "ZD23", "warning"),
    ],
)
def test_each_wrong_setting_is_found(
    production: Any, name: str, value: object, finding: str, level: str
) -> None:
    setattr(production, name, value)

    assert {id: level for id, level in levels().items() if level != "ok"} == {finding: level}


@pytest.mark.parametrize("what", ["", "family", "family/plugin.py"])
def test_code_that_every_user_may_change_is_found(settings: Any, tmp_path: Path, what: str) -> None:
    (tmp_path / "family").mkdir()
    (tmp_path / "family/plugin.py").touch()
    settings.ZANTARA_PLUGIN_DIRS = [tmp_path]
    assert "ZD25" not in _machine()

    (tmp_path / what).chmod(0o777)

    assert _machine()["ZD25"] == "error"


@pytest.mark.parametrize("limit", [0, 1024**3])
def test_isolated_plugins_that_may_take_all_memory_are_found(settings: Any, limit: int) -> None:
    settings.ZANTARA_PROCESS_MEMORY = 1
    assert _machine()["ZD27"] == "ok"

    settings.ZANTARA_PROCESS_MEMORY = limit

    assert _machine()["ZD27"] == "warning"


def _machine() -> dict[str, str]:
    return {finding.id: str(finding.level) for finding in found(machine.CHECKS)}


def test_every_id_is_said_to_be_right_by_one_check_only() -> None:
    """An id that two checks share would say two things."""
    numbers: dict[str, set[str]] = {}
    for module, number in _numbers():
        numbers.setdefault(number, set()).add(module)

    assert {number for number, modules in numbers.items() if len(modules) > 1} == set()
    assert len(numbers) > 25


def _numbers() -> Iterator[tuple[str, str]]:
    directory = Path(configuration.__file__).parent
    for path in directory.glob("*.py"):
        for number in re.findall(r'"(ZD\d\d)"', path.read_text()):
            if path.stem != "__init__":
                yield path.stem, number
