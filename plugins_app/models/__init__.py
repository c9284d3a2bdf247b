"""One file per noun. History tables name plugins by text, so that it outlives them."""

from plugins_app.models.access import ApiKey, User
from plugins_app.models.audit import AuditEvent, AuditHead
from plugins_app.models.execution import ExecutionLog, Status
from plugins_app.models.favourite import Favourite
from plugins_app.models.idempotency import IdempotencyRecord
from plugins_app.models.metric import (
    BreakerEvent,
    CallerHour,
    GaugeMinute,
    MetricHour,
    MetricMinute,
)
from plugins_app.models.plugin import InstalledPlugin, PluginRecord, PluginVersion
from plugins_app.models.registry_state import RegistryState, Worker
from plugins_app.models.saved_search import SavedSearch

__all__ = [
    "ApiKey",
    "AuditEvent",
    "AuditHead",
    "BreakerEvent",
    "CallerHour",
    "ExecutionLog",
    "Favourite",
    "GaugeMinute",
    "IdempotencyRecord",
    "InstalledPlugin",
    "MetricHour",
    "MetricMinute",
    "PluginRecord",
    "PluginVersion",
    "RegistryState",
    "SavedSearch",
    "Status",
    "User",
    "Worker",
]
