from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from plugins_app.core.caller import Scope
from plugins_app.core.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """Each view names the scope it needs in `scope`; None means that anybody may."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        scope: Scope | None = getattr(view, "scope", Scope.ADMIN)
        if scope is None or request.auth.may(scope):
            return True
        if not request.auth.authenticated:
            raise Unauthenticated(f"This needs an API key with the scope '{scope}', or a login")
        raise Forbidden(f"This needs the scope '{scope}'")
