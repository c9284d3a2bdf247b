"""Logins and logouts in the audit trail. Locked-out attempts leave no row each: whoever floods the
login would flood the trail."""

from __future__ import annotations

from typing import Any

from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from plugins_app.models import User
from plugins_app.services.access import anonymous_caller, caller_of_user
from plugins_app.services.addresses import address_of
from plugins_app.services.audit import actor_of, record


@receiver(user_logged_in)
def _logged_in(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    _note(request, "login", user)


@receiver(user_logged_out)
def _logged_out(sender: Any, request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        _note(request, "logout", user)


@receiver(user_login_failed)
def _failed(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    if request is not None and not _turned_away(request):
        _note(request, "login.failed", None, str(credentials.get("username")))


@receiver(user_locked_out)
def _locked(sender: Any, request: HttpRequest, username: str, **_: Any) -> None:
    """Sent for every attempt while the lock holds as well. It ends by itself."""
    if not _turned_away(request):
        until = timezone.now() + settings.AXES_COOLOFF_TIME
        after = {"until": until.isoformat(timespec="seconds")}
        _note(request, "login.locked", None, str(username), after)


def _turned_away(request: HttpRequest) -> bool:
    """Before the password was looked at: then axes counts nothing."""
    locked_out = getattr(request, "axes_locked_out", False)
    return locked_out and getattr(request, "axes_failures_since_start", None) is None


def _note(
    request: HttpRequest, action: str, user: User | None, tried: str = "", after: Any = None
) -> None:
    """Only what came through a door: sessions that code opens for itself carry no request id."""
    request_id = getattr(request, "request_id", None)
    if request_id is None:
        return
    address = address_of(request)
    caller = caller_of_user(user, address=address) if user else anonymous_caller(address=address)
    name = user.get_username() if user else tried
    record(actor_of(caller, "admin", request_id), action, f"user:{name}"[:160], after=after)
