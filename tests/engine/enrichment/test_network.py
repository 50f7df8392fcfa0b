"""What IP addresses are counted by, against the standard library's networks."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment import enrich
from engine.enrichment.network import ip_keys
from engine.payment import Device, Payment
from engine.reference import Reference


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_a_line_in_its_24(address: IPv4Address) -> None:
    keys = (str(address), str(ip_network(f"{address}/24", strict=False)))
    assert ip_keys(str(address)) == keys
    assert ip_keys(f"::ffff:{address}") == keys
    assert ip_keys(str(IPv6Address(f"::ffff:{address}"))) == keys


@given(st.integers(2**48, 2**128 - 1).map(IPv6Address))
def test_an_ipv6_address_is_its_64_in_its_48(address: IPv6Address) -> None:
    expected = tuple(str(ip_network(f"{address}/{bits}", strict=False)) for bits in (64, 48))
    assert ip_keys(str(address)) == ip_keys(address.exploded.upper()) == expected


@pytest.mark.parametrize("address", ["", "1.2.3", "1.2.3.256", "fe80::g", "1.2.3.4/24", "example.com"])
def test_what_is_no_address_counts_as_none(address: str) -> None:
    assert ip_keys(address) is None


@pytest.mark.parametrize(
    ("address", "line", "network", "cause"),
    [
        ("73.15.20.30", "73.15.20.30", "73.15.20.0/24", None),
        ("2a02:6b8:1:2:3:4:5:6", "2a02:6b8:1:2::/64", "2a02:6b8:1::/48", None),
        ("nonsense", None, None, "ip_invalid"),
        (None, None, None, None),
    ],
)
def test_the_features(
    make_payment: Callable[..., Payment],
    reference: Reference,
    address: str | None,
    line: str | None,
    network: str | None,
    cause: str | None,
) -> None:
    known, causes = enrich(make_payment(device=Device(ip_address=address)), reference)
    assert (known["ip_normalized"], known["ip_network"]) == (line, network)
    assert (causes.get("ip_normalized"), causes.get("ip_network")) == (cause, cause)
