"""Trying once more to load code that serves nothing yet."""

from __future__ import annotations

from dataclasses import dataclass

from plugins_app.core.caller import Caller
from plugins_app.core.importing import Failure
from plugins_app.services import catalogue, sync
from plugins_app.services.audit import Actor
from plugins_app.services.catalogue import PluginView


@dataclass(frozen=True, slots=True)
class Retried:
    """`names` are the plugins that the module now serves; a module that would not import could
    not say its plugins' names before."""

    names: list[str]
    failure: Failure | None


def retry_load(before: PluginView, caller: Caller, actor: Actor) -> Retried:
    """A discovery: it takes in what failed before, and what is new."""
    module = before.failure.module if before.failure else ""
    report = sync.discover(actor)
    failures = (failure for failure in report.failures if failure.module == module)
    served = [
        view.name
        for view in catalogue.views(caller)
        if view.loaded and (view.loaded.module == module or view.name == before.name)
    ]
    return Retried(served, next(failures, None))
