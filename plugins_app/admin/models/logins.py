"""Failed logins, as django-axes counts them. `manage.py axes_reset` forgives them."""

from __future__ import annotations

from typing import ClassVar

from axes.models import AccessAttempt, AccessAttemptExpiration, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib import admin

from plugins_app.admin.models.base import ReadOnlyAdmin
from plugins_app.admin.models.log import Column, Filter, LogAdmin
from plugins_app.admin.values import NOTHING, instant


def _locked(row: AccessAttempt) -> str:
    return "yes" if row.failures_since_start >= settings.AXES_FAILURE_LIMIT else "no"


class _AccessAdmin(LogAdmin):
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Time", lambda row: instant(row.attempt_time)),
        Column("User name", lambda row: row.username or NOTHING),
        Column("Address", lambda row: row.ip_address or NOTHING),
        Column("Program", lambda row: row.user_agent),
    )
    filters = (Filter("username", "User name"), Filter("ip_address", "Address"))


@admin.register(AccessAttempt)
class AccessAttemptAdmin(_AccessAdmin):
    lead = "Failed logins since the last successful one; at five, name and address are locked."
    empty = "Nobody has failed to log in lately."
    without = ("get_data", "post_data")
    deferred = ("get_data", "post_data")
    columns = (
        *_AccessAdmin.columns,
        Column("Failures", lambda row: str(row.failures_since_start), numeric=True),
        Column("Locked", _locked),
    )


@admin.register(AccessFailureLog)
class AccessFailureLogAdmin(_AccessAdmin):
    lead = "Not written here: the audit trail has failed logins."


@admin.register(AccessLog)
class AccessLogAdmin(_AccessAdmin):
    lead = "Not written here: the audit trail has logins and logouts."


@admin.register(AccessAttemptExpiration)
class AccessAttemptExpirationAdmin(ReadOnlyAdmin):
    list_display = ("access_attempt", "expires_at")
