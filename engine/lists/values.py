"""Values in the form they are compared in: an entry's as it is kept, a payment's as it is looked up. Pure."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, NetmaskValueError
from typing import Final, NamedTuple

from engine.enrichment.address_facts import address_key
from engine.enrichment.mailbox import normalized_email
from engine.enrichment.network import ip_keys
from engine.enrichment.phone import normalized_phone
from engine.lists.entry import EntryType
from engine.payment import BIN_DIGITS_MAX, BIN_DIGITS_MIN, Contact

V4_BITS, V6_BITS = 32, 128
ADDRESS_PARTS: Final = 3
"""Country, postal code and first line, parted by `|`: the street may hold any other mark."""
_V4_MAPPED_BITS: Final = 96
_HASH_DIGITS: Final = frozenset("0123456789abcdef")
_ADDRESS_HASH_LENGTH: Final = 16


class Network(NamedTuple):
    """A network: `number` are its first `length` bits, of `bits` in all (32 or 128)."""

    bits: int
    length: int
    number: int


Shape = tuple[int, int]
"""How many bits an address has, and how many of them a network's prefix: what all networks of one look-up share."""


def kept_value(kind: EntryType, held: str) -> str | None:
    """An entry's value as it is kept, from what a payment would hold (lower-case addresses, plain digits).

    None where there is no such value. An IPv6 address is kept as its /64, all of which one line has.
    """
    return _KEPT[kind](held)


def asked_value(kind: EntryType, value: str) -> str:
    """A feature's value as a list of this type is asked for it: in one spelling with the entries."""
    return _KEPT[kind](value) or value


def entry_key(kind: EntryType, value: str) -> Hashable:
    """Under what a kept value is found."""
    return network_of(value) if kind is EntryType.CIDR else value


def asked_keys(kind: EntryType, value: str, shapes: Iterable[Shape]) -> tuple[Hashable, ...]:
    """Under what the entries stand that hold a value: one, or of BINs and networks one for each that covers it.

    The narrowest comes first. `shapes` are those of the networks that are in the list, in that order.
    """
    if kind is EntryType.BIN:
        return tuple([value[:digits] for digits in range(len(value), BIN_DIGITS_MIN - 1, -1)])
    if kind is EntryType.CIDR:
        asked = network_of(value)
        return () if asked is None else tuple(_covering(asked, shapes))
    return (value,)


def _covering(asked: Network, shapes: Iterable[Shape]) -> list[tuple[int, int, int]]:
    bits, length, number = asked
    # Plain tuples are equal to networks, and made in a fifth of the time.
    return [(bits, short, number >> (length - short)) for of, short in shapes if of == bits and short <= length]


@lru_cache(maxsize=4096)
def network_of(text: str) -> Network | None:
    """The network of an address (of one address alone) or a network in CIDR form; None where it is neither.

    Bits behind the prefix are cut off; a network of IPv4 addresses mapped into IPv6 is the IPv4 network.
    """
    address, slash, _ = text.partition("/")
    try:
        if ":" in address:
            return _of_v6(IPv6Network(text, strict=False) if slash else IPv6Network(IPv6Address(address)))
        v4 = IPv4Network(text, strict=False) if slash else IPv4Network(IPv4Address(address))
    except (AddressValueError, NetmaskValueError, ValueError):
        return None
    return Network(V4_BITS, v4.prefixlen, int(v4.network_address) >> (V4_BITS - v4.prefixlen))


def _of_v6(network: IPv6Network) -> Network:
    mapped = network.network_address.ipv4_mapped
    if mapped is not None and network.prefixlen >= _V4_MAPPED_BITS:
        length = network.prefixlen - _V4_MAPPED_BITS
        return Network(V4_BITS, length, int(mapped) >> (V4_BITS - length))
    return Network(V6_BITS, network.prefixlen, int(network.network_address) >> (V6_BITS - network.prefixlen))


def _email(held: str) -> str | None:
    if "@" not in held:
        return held.lower() or None
    return normalized_email(held) or held.lower()


def _lower(held: str) -> str | None:
    return held.lower() or None


def _domain(held: str) -> str | None:
    return held.lower().rstrip(".") or None


def _bin(held: str) -> str | None:
    is_bin = BIN_DIGITS_MIN <= len(held) <= BIN_DIGITS_MAX and held.isascii() and held.isdecimal()
    return held if is_bin else None


def _ip(held: str) -> str | None:
    if "/" in held:
        # A line, as the feature ip_normalized has it.
        return held
    keys = ip_keys(held)
    return None if keys is None else keys.line


def _cidr(held: str) -> str | None:
    network = network_of(held)
    if network is None:
        return None
    bits, length, number = network
    first = number << (bits - length)
    return f"{IPv4Address(first) if bits == V4_BITS else IPv6Address(first)}/{length}"


def _phone(held: str) -> str | None:
    return normalized_phone(held, "")


def _address(held: str) -> str | None:
    if len(held) == _ADDRESS_HASH_LENGTH and _HASH_DIGITS.issuperset(held):
        return held
    country, _, rest = held.partition("|")
    postal, mark, street = rest.partition("|")
    if not mark:
        return None
    return address_key(Contact(country=country.strip().upper() or None, postal=postal.strip(), address=street.strip()))


def _as_it_stands(held: str) -> str | None:
    return held or None


_KEPT: Final[Mapping[EntryType, Callable[[str], str | None]]] = {
    EntryType.EMAIL: _email,
    EntryType.DOMAIN: _domain,
    EntryType.BIN: _bin,
    EntryType.IP: _ip,
    EntryType.CIDR: _cidr,
    EntryType.TOKEN: _as_it_stands,
    EntryType.COUNTRY: lambda held: held.upper() or None,
    EntryType.CUSTOMER: _as_it_stands,
    EntryType.DEVICE: _as_it_stands,
    EntryType.PHONE: _phone,
    EntryType.ADDRESS: _address,
    EntryType.STRING: _lower,
    EntryType.CASE_SENSITIVE_STRING: _as_it_stands,
}
