"""Whose address a request carries: never the client's own word."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial
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
    return is_within(address, settings.ZANTARA_TRUSTED_PROXIES)


def is_within(address: str, networks: Iterable[str]) -> bool:
    """False for an address that is not known, and for no network."""
    if not networks or not _is_address(address):
        return False
    own = ip_address(address)
    own = getattr(own, "ipv4_mapped", None) or own  # as a socket for both kinds tells IPv4
    return any(own in _network(network) for network in networks)


_network = lru_cache(1_024)(partial(ip_network, strict=False))


def network_of(text: str) -> str:
    """The network's usual spelling; an address is a network of one. Raises ValueError."""
    return str(ip_network(text, strict=False))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
