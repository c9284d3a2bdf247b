"""One page per model, one file per kind. What only services may change is read-only here."""

from __future__ import annotations

from plugins_app.admin.models import (  # noqa: F401  (each registers its pages)
    audit,
    executions,
    idempotency,
    keys,
    logins,
    metrics,
    people,
    plugins,
    records,
    registry,
)
