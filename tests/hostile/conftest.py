from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.admin.conftest import _plain_static_files  # noqa: F401
from tests.api.conftest import LAB, clock, lab  # noqa: F401
from tests.rights.conftest import callers  # noqa: F401

PLUGINS = Path(__file__).parent.parent.parent / "plugins"


@pytest.fixture
def plugin_folder(settings: Any) -> Path:
    """The lab's plugins, and those that come along."""
    settings.ZANTARA_PLUGIN_DIRS = [LAB, PLUGINS]
    return PLUGINS
