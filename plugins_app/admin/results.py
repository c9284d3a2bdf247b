"""What an action did, as a sentence for the operator."""

from __future__ import annotations

from plugins_app.admin.formats import milliseconds
from plugins_app.core.errors import ReloadRejected
from plugins_app.core.importing import Failure
from plugins_app.services.catalogue import PluginView
from plugins_app.services.lifecycle import ReloadResult


def enabled(name: str, changed: bool) -> str:
    return f"{name} is enabled." if changed else f"{name} was already enabled."


def disabled(name: str, changed: bool) -> str:
    if not changed:
        return f"{name} was already disabled."
    return f"{name} is disabled. Callers get 409 until it is enabled again."


def reloaded(done: ReloadResult) -> str:
    took = milliseconds(done.duration_ms)
    if done.from_version == done.to_version:
        return f"{done.name} is reloaded in {took}. Its version is still {done.to_version}."
    return f"{done.name} is reloaded in {took}: {done.from_version} → {done.to_version}."


def loaded(names: list[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} loaded."


def still_broken(failure: Failure | None) -> str:
    if failure is None:
        return "Its module is gone: nothing was loaded."
    where = f" in {failure.location}" if failure.location else ""
    return f"It still does not load. {failure.message}{where}."


def rejected(before: PluginView, error: ReloadRejected) -> str:
    where = f" in {error.location}" if error.location else ""
    if before.loaded:
        after = f"Version {before.version} is still serving."
    else:
        after = "No version of it is serving."
    return f"Reload failed. {error}{where}. {after}"
