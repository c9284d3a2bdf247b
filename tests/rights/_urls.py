"""Every address that the URLconf knows, as its patterns are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

STOCK = ("", "add/", "<path:object_id>/")
STOCK_OF_A_ROW = ("history/", "delete/", "change/")


def addresses() -> dict[str, URLPattern]:
    """Pattern from the root, like 'api/plugins/<plugin:name>' -> what stands there."""
    return dict(_walk(get_resolver().url_patterns))


def _walk(patterns: Iterable[Any], before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in patterns:
        route = f"{before}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, route)
        else:
            yield re.sub(r"\(\?P<app_label>[^)]*\)", "<app_label>", route), each


def stock_addresses() -> set[str]:
    """The six of each model in the admin, which `test_model_pages` holds."""
    ends = [*STOCK, *(f"<path:object_id>/{each}" for each in STOCK_OF_A_ROW)]
    return {f"{list_of(model)}{end}" for model in admin.site._registry for end in ends}


def list_of(model: type[Any]) -> str:
    return f"admin/{model._meta.app_label}/{model._meta.model_name}/"
