"""What a new installation still needs. Each step looks for itself whether it is done."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from plugins_app.models import ApiKey, ExecutionLog, User

COOKIE = "zantara_first_steps"
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Step:
    """`text` says what is done, or how to; `url` is where, if there is a page for it."""

    title: str
    done: bool
    text: str
    url: str = ""


def first_steps(request: HttpRequest, *, any_plugin: bool) -> list[Step]:
    """Empty where all are done, and where the reader does not want to see them."""
    if request.COOKIES.get(COOKIE) == "hidden" and any_plugin:
        return []
    steps = [
        Step("Migrate the database", True, "You are looking at it."),
        Step("Make an administrator", User.objects.filter(is_superuser=True).exists(), ""),
        Step(
            "Have a first plugin",
            any_plugin,
            "Save a class below plugins/, then run: manage.py discover_plugins",
        ),
        Step(
            "Run it",
            ExecutionLog.objects.exists(),
            "Each plugin's page has a line for the terminal.",
            reverse("admin:marketplace"),
        ),
        Step(
            "Make an API key",
            ApiKey.objects.exists(),
            "Clients and assistants call with it.",
            reverse("admin:api-key-new"),
        ),
    ]
    return [] if all(step.done for step in steps) else steps


@require_POST
def hide_first_steps(request: HttpRequest) -> HttpResponse:
    response = redirect("admin:index")
    response.set_cookie(
        COOKIE, "hidden", max_age=_YEAR, samesite="Lax", secure=request.is_secure(), httponly=True
    )
    return response
