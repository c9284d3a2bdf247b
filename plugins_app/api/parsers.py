from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from plugins_app.core.json_gate import MAX_BYTES, PayloadTooLarge, loads


class JsonParser(BaseParser):
    """DRF's side of the JSON gate."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        check_media_type(media_type or "")
        try:
            body = stream.read(MAX_BYTES + 1)
        except RequestDataTooBig:
            raise PayloadTooLarge(f"The body is larger than {MAX_BYTES} bytes") from None
        return loads(body)


def check_media_type(media_type: str) -> None:
    """application/json, in UTF-8 where a charset is stated."""
    kind, *parameters = [part.strip().lower() for part in media_type.split(";")]
    charsets = {p.partition("=")[2].strip('"') for p in parameters if p.startswith("charset=")}
    if kind != "application/json" or charsets - {"utf-8", "utf8"}:
        raise UnsupportedMediaType(media_type, "Send application/json in UTF-8")
