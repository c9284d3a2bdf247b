"""Doors that lead past every call: settings, the log's own failures, pages for errors."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.canary.canaries import Canaries
from tests.serving import ROOT
from zantara.logs import Stderr


def start(tmp_path: Path, **settings: str) -> str:
    """What is said when the settings are read."""
    done = subprocess.run(
        [sys.executable, "-c", "import zantara.settings"],
        cwd=ROOT,
        env={**os.environ, "ZANTARA_VAR_DIR": str(tmp_path), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


@pytest.mark.parametrize(
    "url",
    ["postgres://app:{}/rest@localhost/x", "{}", "x://a:{}"],
)
def test_a_wrong_database_url_is_refused_without_a_piece_of_its_password(
    tmp_path: Path, url: str
) -> None:
    canary = Canaries()
    said = start(tmp_path, DATABASE_URL=url.format(canary.plain("password")))

    assert "ImproperlyConfigured" in said
    assert not canary.found_in(said)


def test_production_never_starts_with_pages_for_developers(tmp_path: Path) -> None:
    """They show settings, local variables and what was sent."""
    production = {"SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "x", "DATABASE_URL": "sqlite:///x"}
    said = start(tmp_path, ZANTARA_ENV="production", DEBUG="on", **production)

    assert "DEBUG shows code and settings to everybody" in said


def test_a_line_that_cannot_be_written_is_reported_without_its_arguments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    canary, stream = Canaries(), io.StringIO()
    logger = logging.getLogger("careless")
    monkeypatch.setattr(logger, "handlers", [Stderr(stream)])
    monkeypatch.setattr(logger, "propagate", False)

    logger.warning("two %s places %s", canary("argument"))

    assert "a log line of careless" in stream.getvalue()
    assert "TypeError" in stream.getvalue()
    assert not canary.found_in(stream.getvalue())


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/plugins/list", "/admin/login/"])
def test_the_page_for_an_unexpected_error_does_not_quote_it(
    settings: Any, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    canary, client = Canaries(), Client(raise_request_exception=False)

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(canary("error"))

    monkeypatch.setattr("django.views.generic.base.View.dispatch", fail)
    monkeypatch.setattr(
        "django.contrib.sessions.middleware.SessionMiddleware.process_request", fail
    )
    answer = client.get(path)

    assert answer.status_code == 500
    assert not canary.found_in(answer.content.decode())
