"""Settings that are wrong by themselves, or together with others."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from plugins_app.services.doctor.findings import Check, Finding, Level, error, ok, warning

LEAST_SECRET = 50
LEAST_VARIETY = 5
NEW_SECRET = "python -c 'import secrets; print(secrets.token_urlsafe(64))'"  # noqa: S105


def _debug() -> Iterator[Finding]:
    if settings.DEBUG:
        level = Level.WARNING if settings.EMBEDDED else Level.ERROR
        consequence = "Error pages show code and settings to everybody."
        yield Finding("ZD04", level, "DEBUG is on", consequence, "Unset DEBUG.")
    else:
        yield ok("ZD04", "DEBUG is off")


def _secret_key() -> Iterator[Finding]:
    if is_simple(settings.SECRET_KEY):
        consequence = "Whoever guesses it can sign in as anybody."
        yield error("ZD08", "SECRET_KEY is short or simple", consequence, NEW_SECRET)
    else:
        yield ok("ZD08", "SECRET_KEY is long and random")


def is_simple(secret: str) -> bool:
    return len(secret) < LEAST_SECRET or len(set(secret)) < LEAST_VARIETY


def _pepper() -> Iterator[Finding]:
    if not settings.EMBEDDED and settings.ZANTARA_API_KEY_PEPPER == settings.SECRET_KEY:
        yield warning(
            "ZD05",
            "API keys are hashed with SECRET_KEY",
            "A change of SECRET_KEY ends all API keys.",
            "Set ZANTARA_API_KEY_PEPPER to a random value of its own.",
        )
    else:
        yield ok("ZD05", "API keys have their pepper")


def _encryption_keys() -> Iterator[Finding]:
    if not settings.EMBEDDED and not settings.ZANTARA_ENCRYPTION_KEYS:
        yield warning(
            "ZD24",
            "What is stored encrypted is encrypted with SECRET_KEY",
            "After a change of SECRET_KEY nobody can read it.",
            "Set ZANTARA_ENCRYPTION_KEYS to a random value of its own, on servers and workers.",
        )
    else:
        yield ok("ZD24", "What is stored encrypted has its key")


def _anonymous() -> Iterator[Finding]:
    unlimited = settings.ZANTARA_ANONYMOUS_API and not settings.ZANTARA_ANONYMOUS_RATE
    if unlimited or (settings.ZANTARA_ANONYMOUS_API and not settings.EMBEDDED):
        rate = f"{settings.ZANTARA_ANONYMOUS_RATE} calls a minute" if not unlimited else "no limit"
        yield warning(
            "ZD06",
            f"Anonymous callers may execute plugins, with {rate}",
            "Whoever reaches the server may use every public plugin.",
            "Set ZANTARA_ANONYMOUS_API=off, or a ZANTARA_ANONYMOUS_RATE.",
        )
    else:
        yield ok("ZD06", "Anonymous callers are limited or refused")


def _hosts() -> Iterator[Finding]:
    wide = [host for host in settings.ALLOWED_HOSTS if host.startswith(("*", "."))]
    if not wide:
        yield ok("ZD09", "ALLOWED_HOSTS names hosts")
        return
    level = Level.ERROR if "*" in wide and not settings.EMBEDDED else Level.WARNING
    yield Finding(
        "ZD09",
        level,
        f"ALLOWED_HOSTS has {', '.join(wide)}",
        "Links and redirects are made from whatever Host a caller sends.",
        "Name each host.",
    )


def _proxies() -> Iterator[Finding]:
    trusted = settings.ZANTARA_TRUSTED_PROXIES
    everybody = [each for each in trusted if each.endswith("/0")]
    if everybody:
        yield error(
            "ZD22",
            f"ZANTARA_TRUSTED_PROXIES has {', '.join(everybody)}",
            "Callers choose their own address, and so evade limits and the lock after bad logins.",
            "Name the proxy's address.",
        )
    elif not trusted and not settings.EMBEDDED:
        yield warning(
            "ZD22",
            "No proxy is trusted",
            "Behind one all callers have its address: they share one limit and one login lock.",
            "Set ZANTARA_TRUSTED_PROXIES to the address from which the proxy connects.",
        )
    else:
        yield ok("ZD22", "X-Forwarded-For is believed of known proxies only")


def _https() -> Iterator[Finding]:
    if settings.EMBEDDED:
        return
    if not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE):
        yield error(
            "ZD23",
            "Cookies are sent over plain HTTP",
            "Whoever listens on the way takes over the login.",
            "Leave SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE on outside development.",
        )
    elif not settings.SECURE_SSL_REDIRECT or not settings.SECURE_HSTS_SECONDS:
        yield warning(
            "ZD23",
            "HTTPS is not insisted on",
            "API keys of callers who use http:// go over the network readable.",
            "Unset SECURE_SSL_REDIRECT and SECURE_HSTS_SECONDS, unless the proxy does both.",
        )
    else:
        yield ok("ZD23", "HTTPS is insisted on, and cookies need it")


CHECKS: tuple[Check, ...] = (
    _debug,
    _secret_key,
    _pepper,
    _encryption_keys,
    _anonymous,
    _hosts,
    _proxies,
    _https,
)
