"""What a status looks like: a word, an icon and a tone, so that colour never stands alone."""

from __future__ import annotations

from dataclasses import dataclass

from plugins_app.models import Status
from plugins_app.services.catalogue import Badge
from plugins_app.services.doctor import Level


@dataclass(frozen=True, slots=True)
class Look:
    """`tone` is ok, warn, error or off; `icon` is a symbol of the vendored sprite."""

    word: str
    icon: str
    tone: str


BADGES = {
    Badge.LOAD_ERROR: Look("Load error", "circle-x", "error"),
    Badge.RELOAD_FAILED: Look("Reload failed", "triangle-alert", "warn"),
    Badge.DISABLED: Look("Disabled", "square", "off"),
    Badge.CIRCUIT_OPEN: Look("Circuit open", "power", "error"),
    Badge.CIRCUIT_HALF_OPEN: Look("Circuit half-open", "contrast", "warn"),
    Badge.DEPRECATED: Look("Deprecated", "calendar-clock", "warn"),
    Badge.ENABLED: Look("Enabled", "circle-check", "ok"),
}

EXECUTIONS = {
    Status.QUEUED: Look("Queued", "clock", "off"),
    Status.RUNNING: Look("Running", "loader", "off"),
    Status.SUCCEEDED: Look("Succeeded", "circle-check", "ok"),
    Status.FAILED: Look("Failed", "circle-x", "error"),
    Status.TIMED_OUT: Look("Timed out", "timer", "error"),
    Status.CANCELLED: Look("Cancelled", "ban", "off"),
    Status.ABANDONED: Look("Abandoned", "octagon-x", "error"),
    Status.REFUSED: Look("Refused", "lock", "warn"),
}

LEVELS = {
    Level.OK: Look("Fine", "circle-check", "ok"),
    Level.WARNING: Look("Warning", "triangle-alert", "warn"),
    Level.ERROR: Look("Error", "circle-x", "error"),
}

CATEGORY_ICONS = {
    "ai-services": "bot",
    "analytics": "chart-column",
    "auth": "lock",
    "bali-zero": "tree-palm",
    "business": "briefcase",
    "communication": "mail",
    "finance": "banknote",
    "general": "box",
    "google-workspace": "layout-grid",
    "identity": "id-card",
    "immigration": "plane",
    "intel": "radar",
    "legal": "scale",
    "maps": "map",
    "memory": "brain",
    "property": "house",
    "rag": "library",
    "system": "cpu",
    "tax": "receipt",
    "zantara": "sparkles",
    "zero": "circle",
}


def category_icon(category: str) -> str:
    return CATEGORY_ICONS.get(category, "plug")
