"""The log's format, and what must never be in it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest

from tests.serving import ROOT

SCRIPT = """
import django, logging
django.setup()
logger = logging.getLogger("plugins_app.test")
logger.warning("something happened", extra={"plugin": "shop.buy"})
def fail():
    password = "s3cret-" + "value"
    raise RuntimeError("it broke")
try:
    fail()
except RuntimeError:
    logger.exception("caught")
"""


def logged(tmp_path, json: str) -> str:

    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "zantara.settings",
        "ZANTARA_VAR_DIR": str(tmp_path),
        "LOG_JSON": json,
    }
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == ""
    return ran.stderr


@pytest.mark.parametrize("json", ["true", "false"])
def test_a_line_has_its_time_its_level_and_what_was_added(tmp_path, json: str) -> None:
    text = logged(tmp_path, json)

    assert "something happened" in text
    assert "shop.buy" in text
    assert "warning" in text


@pytest.mark.parametrize("json", ["true", "false"])
def test_a_traceback_holds_no_local_variables(tmp_path, json: str) -> None:
    text = logged(tmp_path, json)

    assert "RuntimeError: it broke" in text
    assert "s3cret-value" not in text


def test_what_callers_do_wrong_is_not_logged_as_a_warning() -> None:
    assert not logging.getLogger("django.request").isEnabledFor(logging.WARNING)
