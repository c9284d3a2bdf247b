from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.parsers import BaseParser

from plugins_app.api.body import parse_json
from plugins_app.core.json_gate import MAX_BYTES


class JsonParser(BaseParser):
    """Tells DRF and its schema generators what bodies are; endpoints read them by `body_of`."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return parse_json(stream.read(MAX_BYTES + 1), media_type or "")
