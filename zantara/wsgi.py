"""WSGI entry point, for servers without ASGI. The engine starts on first use."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zantara.settings")
_django = get_wsgi_application()

# This needs the apps that the line above loads.
from plugins_app.runtime.serving import ensure_started  # noqa: E402


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    ensure_started()
    return _django(environ, start_response)
