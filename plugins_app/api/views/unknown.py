from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from plugins_app.api.problems import Problem
from plugins_app.api.views.base import ApiView


class UnknownView(ApiView):
    """Everything below /api/ that is nothing: a problem, not an HTML page."""

    scope = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Problem("not_found", "There is nothing at this address")
