"""What a plugin's metadata means for those who operate it, as label and text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plugins_app.admin.formats import plural, span
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.metadata import MODEL_FAMILIES, PluginMetadata


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    text: str
    note: str = ""


def facts(plugin: LoadedPlugin) -> list[Fact]:
    return list(_facts(plugin, plugin.metadata, plugin.declared))


def access(metadata: PluginMetadata) -> str:
    if metadata.requires_admin:
        return "Administrators"
    return "Signed in or API key" if metadata.requires_auth else "Anyone"


def rate_limit(metadata: PluginMetadata) -> str:
    short = short_rate_limit(metadata)
    return f"{short} per caller" if metadata.rate_limit else short


def short_rate_limit(metadata: PluginMetadata) -> str:
    return f"{metadata.rate_limit:,} / min" if metadata.rate_limit else "No limit"


def _facts(plugin: LoadedPlugin, now: PluginMetadata, code: PluginMetadata) -> Iterator[Fact]:
    if now.author:
        yield Fact("Author", now.author)
    if now.owner:
        yield Fact("Owner", now.owner)
    yield Fact("Who may call", access(now))
    yield Fact("Models", models(now), _note(models(now), models(code)))
    yield Fact("Rate limit", rate_limit(now), _note(rate_limit(now), rate_limit(code)))
    yield Fact("Cache", _cache(now), _note(_cache(now), _cache(code)))
    yield Fact("Timeout", _timeout(now), _note(_timeout(now), _timeout(code)))
    yield Fact("Usual duration", span(now.estimated_time))
    yield Fact("Attempts", _attempts(now), _note(_attempts(now), _attempts(code)))
    if now.max_concurrency or code.max_concurrency:
        yield Fact("At once", at_once(now), _note(at_once(now), at_once(code)))
    yield Fact("Effects", ", ".join(_effects(now)))
    if now.dependencies:
        yield Fact("Needs", ", ".join(now.dependencies))
    yield Fact("Module", plugin.module)
    yield Fact("Source", plugin.source_hash[:12])


def _note(in_force: str, declared: str) -> str:
    return "" if in_force == declared else f"Set by an operator; the code says {declared}"


def at_once(metadata: PluginMetadata) -> str:
    limit = metadata.max_concurrency
    return plural(limit, "call") if limit else "No limit"


def _attempts(metadata: PluginMetadata) -> str:
    return plural(metadata.max_attempts, "attempt")


def models(metadata: PluginMetadata) -> str:
    allowed = metadata.allowed_models
    return "All" if set(allowed) == set(MODEL_FAMILIES) else ", ".join(allowed) or "None"


def _cache(metadata: PluginMetadata) -> str:
    if not metadata.cache_ttl:
        return "Off"
    shared = "shared by all callers" if metadata.cache_scope == "public" else "per caller"
    return f"{span(metadata.cache_ttl)}, {shared}"


def _timeout(metadata: PluginMetadata) -> str:
    return f"{span(metadata.attempt_timeout)} per attempt"


def _effects(metadata: PluginMetadata) -> Iterator[str]:
    yield "read-only" if metadata.read_only else "changes data"
    if metadata.destructive:
        yield "may delete or overwrite"
    if metadata.idempotent:
        yield "repeatable"
    yield "uses outside systems" if metadata.open_world else "uses no outside system"
