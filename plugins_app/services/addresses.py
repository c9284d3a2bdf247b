"""Whose address a request carries: never the client's own word."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Empty where the server does not know, as behind a local socket."""
    forwarded_for = request.headers.get("X-Forwarded-For", "")
    return client_address(request.META.get("REMOTE_ADDR") or "", forwarded_for)


def client_address(remote: str, forwarded_for: str) -> str:
    """X-Forwarded-For counts only where the connection comes from ZANTARA_TRUSTED_PROXIES, and
    then from the right, as far as the hops are trusted too."""
    if not forwarded_for:
        return remote
    address = remote
    hops = [hop.strip() for hop in forwarded_for.split(",")]
    while hops and _trusted(address):
        hop = hops.pop()
        if not _is_address(hop):
            break
        address = hop
    return address


def _trusted(address: str) -> bool:
    proxies = settings.ZANTARA_TRUSTED_PROXIES
    return (
        bool(proxies)
        and _is_address(address)
        and any(ip_address(address) in ip_network(network, strict=False) for network in proxies)
    )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
