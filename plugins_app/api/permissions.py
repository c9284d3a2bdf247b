from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from plugins_app.core.caller import Caller, Scope
from plugins_app.core.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """Each view names the scope it needs in `scope`; None means that anybody may, but nobody
    unknown where `anonymous` is False."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        scope: Scope | None = getattr(view, "scope", Scope.ADMIN)
        caller = cast(Caller, request.auth)
        known = caller.authenticated or getattr(view, "anonymous", False)
        if known and (scope is None or caller.may(scope)):
            return True
        if not caller.authenticated:
            kind = f" with the scope '{scope}'" if scope else ""
            raise Unauthenticated(f"This needs an API key{kind}, or a login")
        raise Forbidden(f"This needs the scope '{scope}'")
