"""What an IP address counts as, the shopper's line and the network around it; and what is known of that network."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

from engine.enrichment.enrichment import Computed, Enrichment
from engine.enrichment.network_features import NETWORK_FEATURES
from engine.features import Value
from engine.payment import Payment
from engine.reference import Reference
from engine.reference.causes import NO_NETWORKS
from engine.reference.ip_address import INVALID, carried_v4, is_ipv4
from engine.reference.ip_facts import IpFacts

_ADDRESS_BITS: Final = 128
_LINE_BITS, _NETWORK_BITS = 64, 48
_NOT_SENT: Final[Computed] = (None,) * len(NETWORK_FEATURES)
_NO_LISTS: Final = IpFacts.unknown(NO_NETWORKS)


class IpKeys(NamedTuple):
    """What an address is counted by."""

    line: str
    """An IPv4 address itself; of an IPv6 address its /64, the least that one line gets and may choose from freely."""
    network: str
    """The /24 of an IPv4 address, the /48 of an IPv6 address: what one site or a part of a provider gets."""


def ip_keys(address: str) -> IpKeys | None:
    """What an address is counted by; None where it is none.

    An IPv4 address within an IPv6 one (mapped, or of NAT64, 6to4, Teredo) is that IPv4 address: a translator's or a
    Teredo server's /64 is no line, it joins strangers.
    """
    if ":" not in address:
        return _of_v4(address) if is_ipv4(address) else None
    try:
        number = int(IPv6Address(address))
    except ValueError:
        return None
    inside = carried_v4(number)
    if inside is not None:
        return _of_v4(str(IPv4Address(inside)))
    return IpKeys(line=_prefix(number, _LINE_BITS), network=_prefix(number, _NETWORK_BITS))


def _of_v4(address: str) -> IpKeys:
    return IpKeys(line=address, network=f"{address.rpartition('.')[0]}.0/24")


def _prefix(number: int, bits: int) -> str:
    rest = _ADDRESS_BITS - bits
    return f"{IPv6Address(number >> rest << rest)}/{bits}"


def _compute(payment: Payment, reference: Reference, _known: Mapping[str, Value]) -> Computed:
    address = payment.device.ip_address
    if address is None:
        return _NOT_SENT
    keys = ip_keys(address) or (INVALID, INVALID)
    if reference.ip_networks is None:
        return keys + _NO_LISTS
    return keys + reference.ip_networks.facts(address, payment.day - reference.ip_max_age_days)


NETWORK = Enrichment(topic="network", features=NETWORK_FEATURES, compute=_compute, fields=("device.ip_address", "day"))
"""The keys, then what is known in the order of IpFacts."""
