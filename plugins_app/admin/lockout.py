"""What somebody meets who failed to log in too often."""

from __future__ import annotations

import math
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from plugins_app.services.addresses import address_of


def client_ip(request: HttpRequest) -> str | None:
    """As axes keeps it."""
    return address_of(request) or None


def locked_out(
    request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None
) -> HttpResponse:
    """429, the same for names that exist and names that do not."""
    seconds = _seconds_left(request, (credentials or {}).get("username"))
    context = {"title": "Too many failed logins", "minutes": math.ceil(seconds / 60)}
    refusal = render(request, "admin/locked_out.html", context, status=429)
    refusal["Retry-After"] = str(seconds)
    refusal["Cache-Control"] = "no-store"
    return refusal


def _seconds_left(request: HttpRequest, username: str | None) -> int:
    attempts = AccessAttempt.objects.filter(username=username, ip_address=client_ip(request))
    last = attempts.aggregate(last=Max("attempt_time"))["last"] or timezone.now()
    left = last + settings.AXES_COOLOFF_TIME - timezone.now()
    return max(1, math.ceil(left.total_seconds()))
