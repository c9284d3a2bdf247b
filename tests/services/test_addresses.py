"""Whether an address is in a network."""

from __future__ import annotations

import pytest

from plugins_app.services.addresses import is_within, network_of


@pytest.mark.parametrize(
    ("address", "networks", "within"),
    [
        ("203.0.113.7", ["203.0.113.0/24"], True),
        ("203.0.113.7", ["203.0.113.7/32"], True),
        ("203.0.113.7", ["10.0.0.0/8", "203.0.113.0/24"], True),
        ("203.0.114.7", ["203.0.113.0/24"], False),
        ("::ffff:203.0.113.7", ["203.0.113.0/24"], True),
        ("2001:db8::1", ["2001:db8::/32"], True),
        ("2001:db8::1", ["203.0.113.0/24"], False),
        ("", ["0.0.0.0/0"], False),
        ("testclient", ["0.0.0.0/0"], False),
        ("203.0.113.7", [], False),
    ],
)
def test_an_address_is_in_a_network_or_not(address: str, networks: list[str], within: bool) -> None:
    assert is_within(address, networks) is within


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        ("10.2.3.4/16", "10.2.0.0/16"),
        ("2001:DB8:0::1", "2001:db8::1/128"),
    ],
)
def test_networks_are_spelled_as_usual(text: str, network: str) -> None:
    assert network_of(text) == network


@pytest.mark.parametrize("text", ["", "everywhere", "10.0.0.0/33", "300.1.1.1", "10.0.0.0/8/8"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        network_of(text)
