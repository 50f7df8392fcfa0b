"""What an address is by itself, against the standard library and the RFCs' own examples."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.features import Unknown
from engine.reference.ip_address import INVALID, PRIVATE, RESERVED, PublicIp, public_ip

PROTOCOLS = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
NAT64 = IPv6Network("64:ff9b::/96")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8.8.8.8", PublicIp("8.8.8.8", 0x08080808, 4)),
        ("2001:0DB9::1", PublicIp("2001:db9::1", 0x20010DB9 << 96 | 1, 6)),
        ("::ffff:8.8.8.8", PublicIp("8.8.8.8", 0x08080808, 4)),
        ("64:ff9b::8.8.8.8", PublicIp("8.8.8.8", 0x08080808, 4)),
        ("2002:808:808::1", PublicIp("8.8.8.8", 0x08080808, 4)),
        # RFC 4380, 5.1: its client's port and address are written with all bits turned.
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", RESERVED),  # 192.0.2.45
        ("2001:0:4136:e378:8000:63bf:f7f7:f7f7", PublicIp("8.8.8.8", 0x08080808, 4)),
        ("10.0.0.1", PRIVATE),
        ("100.64.0.1", PRIVATE),
        ("127.0.0.1", PRIVATE),
        ("169.254.1.1", PRIVATE),
        ("172.31.255.255", PRIVATE),
        ("192.168.1.1", PRIVATE),
        ("::1", PRIVATE),
        ("fd00::1", PRIVATE),
        ("fe80::1", PRIVATE),
        ("64:ff9b:1::8.8.8.8", PRIVATE),
        ("::ffff:10.0.0.1", PRIVATE),
        ("64:ff9b::10.0.0.1", PRIVATE),
        ("2002:a00:1::1", PRIVATE),
        ("0.1.2.3", RESERVED),
        ("192.0.2.1", RESERVED),
        ("192.88.99.1", RESERVED),
        ("198.18.0.1", RESERVED),
        ("203.0.113.9", RESERVED),
        ("224.0.0.1", RESERVED),
        ("240.0.0.1", RESERVED),
        ("255.255.255.255", RESERVED),
        ("::", RESERVED),
        ("::8.8.8.8", RESERVED),
        ("2001:db8::1", RESERVED),
        ("3fff::1", RESERVED),
        ("ff02::1", RESERVED),
        ("4000::1", RESERVED),
        ("", INVALID),
        ("8.8", INVALID),
        ("010.8.8.8", INVALID),
        ("8.8.8.8 ", INVALID),
        ("fe80::1%eth0", INVALID),
        ("[::1]", INVALID),
        ("8.8.8.8:443", INVALID),
        ("\0", INVALID),
        ("\ud800", INVALID),
    ],
)
def test_what_an_address_is(text: str, expected: PublicIp | Unknown) -> None:
    assert public_ip(text) == expected


@given(st.ip_addresses(v=4))
def test_what_the_standard_library_calls_global_is_public(address: IPv4Address) -> None:
    found = public_ip(str(address))
    # Multicast is "global" there, and so are parts of two networks that IANA keeps for protocols.
    if address.is_multicast or any(address in network for network in PROTOCOLS):
        assert found == RESERVED
    elif address.is_global:
        assert found == PublicIp(str(address), int(address), 4)
    else:
        assert found in {PRIVATE, RESERVED}


@given(st.ip_addresses(v=6))
def test_what_is_global_unicast_is_public(address: IPv6Address) -> None:
    found = public_ip(str(address))
    if isinstance(found, PublicIp) and found.version == 6:
        assert address.is_global
        assert found == PublicIp(str(address), int(address), 6)
    elif isinstance(found, PublicIp):
        translated = IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
        inside = {address.ipv4_mapped, address.sixtofour, (address.teredo or (None, None))[1], translated}
        assert IPv4Address(found.number) in inside
