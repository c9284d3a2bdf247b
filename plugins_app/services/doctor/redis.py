"""Redis: whether it answers in time, and keeps what it was given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from redis import Redis, RedisError

from plugins_app.services.doctor.findings import Check, Finding, error, ok, warning

LEAST_VERSION = (6, 2)
SECONDS = 2.0
KEEPS = "noeviction"


def _redis() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        return
    try:
        with _client() as client:
            yield from _of(client.info(), client)
    except (RedisError, ValueError, OSError) as failure:
        yield error(
            "ZD30",
            f"Redis does not answer: {type(failure).__name__}",
            "Limits hold per process only, and nothing can be queued.",
            "Start it, or correct REDIS_URL.",
        )


def _client() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=SECONDS, socket_timeout=SECONDS
    )


def _of(info: dict[str, Any], client: Redis) -> Iterator[Finding]:
    yield ok("ZD30", "Redis answers")
    yield from _version(info)
    yield from _policy(info)
    yield from _persistence(info, client)


def _version(info: dict[str, Any]) -> Iterator[Finding]:
    version = str(info["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < LEAST_VERSION:
        fix = f"Upgrade it to {'.'.join(map(str, LEAST_VERSION))} or later."
        yield error("ZD31", f"Redis {version}", "It is not tested, and lacks commands.", fix)
    else:
        yield ok("ZD31", f"Redis {version}")


def _policy(info: dict[str, Any]) -> Iterator[Finding]:
    """`info` has it since Redis 4; asking CONFIG is forbidden on managed servers."""
    policy = info.get("maxmemory_policy", "")
    if policy == KEEPS:
        yield ok("ZD32", "Redis evicts nothing")
        return
    yield error(
        "ZD32",
        f"Redis evicts keys when its memory is full ({policy})",
        "Limits, breakers and queued messages disappear while they are needed.",
        "Set maxmemory-policy noeviction.",
    )


def _persistence(info: dict[str, Any], client: Redis) -> Iterator[Finding]:
    """Only the queue needs it: limits and caches may begin anew."""
    queue_is_here = settings.ZANTARA_BROKER_URL == settings.REDIS_URL
    if info.get("aof_enabled") or not queue_is_here or _saves(client):
        yield ok("ZD33", "Redis keeps what is queued")
        return
    yield warning(
        "ZD33",
        "Redis writes nothing to disk",
        "A restart of it loses what is queued; those executions end as abandoned.",
        "Set appendonly yes.",
    )


def _saves(client: Redis) -> bool:
    """True where the server does not say."""
    try:
        return client.config_get("save").get("save") != ""
    except RedisError:
        return True


CHECKS: tuple[Check, ...] = (_redis,)
