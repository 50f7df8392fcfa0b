"""Look-ups in memory: what is found is what a slow scan of all entries finds, whatever was changed before."""

import ipaddress
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.lists import EntryType, Terms
from engine.lists.entries import Entries
from engine.lists.layered import CHANGES_MAX, Layered
from engine.lists.values import asked_value, kept_value

V4 = st.integers(0, 2**32 - 1).map(lambda number: str(ipaddress.IPv4Address(number >> 20 << 20 | number % 8)))
V6 = st.integers(0, 2**16).map(lambda number: str(ipaddress.IPv6Address((0x20014860 << 96) | (number % 5) << 60)))
MAPPED = V4.map(lambda text: f"::ffff:{text}")
ADDRESSES = V4 | V6 | MAPPED


@st.composite
def networks(draw: st.DrawFn) -> str:
    address = draw(V4 | V6)
    return f"{address}/{draw(st.integers(0, 128 if ':' in address else 32))}"


BINS = st.text("45", min_size=6, max_size=8)
TEXTS = st.sampled_from(("a", "A", "b", "a.b@gmail.com", "ab+x@gmail.com", "AB@GoogleMail.com", "x@y.de"))
TERMS = st.builds(
    Terms, expires_at_us=st.none() | st.integers(0, 5), reason=st.sampled_from((None, "chargeback", "tester"))
)
KEPT = {
    EntryType.CIDR: networks() | MAPPED.map(lambda text: f"{text}/120"),
    EntryType.BIN: BINS,
    EntryType.IP: ADDRESSES,
    EntryType.EMAIL: TEXTS,
    EntryType.CASE_SENSITIVE_STRING: TEXTS,
    EntryType.STRING: TEXTS,
}
ASKED = {**KEPT, EntryType.CIDR: ADDRESSES}


@st.composite
def written(draw: st.DrawFn) -> tuple[EntryType, str]:
    kind = draw(st.sampled_from(tuple(KEPT)))
    value = kept_value(kind, draw(KEPT[kind]))
    assert value is not None
    return kind, value


@dataclass(slots=True)
class Scan:
    """A list as a plain dictionary, gone through from the first entry to the last."""

    held: dict[tuple[EntryType, str], Terms] = field(default_factory=dict)

    def holds(self, kind: EntryType, value: str, at_us: int) -> bool:
        return any(
            entry_kind is kind and terms.hold_at(at_us) and covers(kind, entry, value)
            for (entry_kind, entry), terms in self.held.items()
        )


def covers(kind: EntryType, entry: str, value: str) -> bool:
    match kind:
        case EntryType.CIDR:
            address = ipaddress.ip_address(value)
            mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
            return (mapped or address) in ipaddress.ip_network(entry)
        case EntryType.BIN:
            return value.startswith(entry)
        case EntryType.IP:
            address = ipaddress.ip_address(value)
            mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
            return (mapped or address) in ipaddress.ip_network(entry)
        case EntryType.STRING:
            return value.lower() == entry
        case EntryType.EMAIL:
            return kept_value(kind, value) == entry
        case _:
            return value == entry


@settings(max_examples=300)
@given(
    steps=st.lists(
        st.tuples(st.lists(written(), max_size=3), st.dictionaries(written(), TERMS, max_size=6)), max_size=6
    ),
    asked=st.lists(st.tuples(st.sampled_from(tuple(KEPT)), st.data(), st.integers(0, 6)), max_size=10),
)
def test_a_look_up_finds_what_a_scan_finds(
    steps: list[tuple[list[tuple[EntryType, str]], dict[tuple[EntryType, str], Terms]]],
    asked: list[tuple[EntryType, st.DataObject, int]],
) -> None:
    entries, scan, before = Entries(), Scan(), []
    for removed, put in steps:
        before.append((entries, dict(scan.held)))
        entries = entries.changed(removed, put)
        for key in removed:
            scan.held.pop(key, None)
        scan.held.update(put)
        assert len(entries) == len(scan.held)
    for kind, data, at_us in asked:
        value = data.draw(ASKED[kind])
        found = kind in entries.types and entries.found(kind, asked_value(kind, value), at_us)
        assert bool(found) is scan.holds(kind, value, at_us), (kind, value)
    for earlier, held in before:
        # A change made another list, and left the one before as it was.
        assert len(earlier) == len(held)
        assert all(earlier.terms(kind, value) == terms for (kind, value), terms in held.items())


@given(st.lists(st.dictionaries(st.integers(0, 40), st.none() | st.integers(1, 9), max_size=8), max_size=30))
def test_a_layered_map_is_a_map(changes: list[dict[int, int | None]]) -> None:
    layered: Layered[int, int] = Layered()
    plain: dict[int, int] = {}
    for some in changes:
        layered = layered.changed(some)
        for key, value in some.items():
            if value is None:
                plain.pop(key, None)
            else:
                plain[key] = value
        assert len(layered) == len(plain)
        assert all(layered.get(key) == plain.get(key) for key in range(41))


def test_many_changes_become_a_base_of_their_own() -> None:
    layered: Layered[int, int] = Layered()
    for number in range(3 * CHANGES_MAX):
        layered = layered.changed({number: number})
    for number in range(0, 3 * CHANGES_MAX, 2):
        layered = layered.changed({number: None})
    assert len(layered) == 3 * CHANGES_MAX / 2
    assert [layered.get(number) for number in range(4)] == [None, 1, None, 3]


def test_the_narrowest_entry_that_holds_gives_the_reason() -> None:
    def said(kind: EntryType, *values: str) -> Entries:
        return Entries().changed((), {(kind, value): Terms(reason=value) for value in values})

    networks_ = ("198.0.0.0/8", "198.51.0.0/16", "198.51.100.7/32")
    for order in (networks_, networks_[::-1]):
        found = said(EntryType.CIDR, *order).found(EntryType.CIDR, "198.51.100.9", 0)
        assert found == Terms(reason="198.51.0.0/16")
    found = said(EntryType.BIN, "424242", "42424242").found(EntryType.BIN, "42424242", 0)
    assert found == Terms(reason="42424242")


def test_an_entry_that_expired_hides_no_wider_one() -> None:
    put = {(EntryType.BIN, "42424242"): Terms(expires_at_us=5), (EntryType.BIN, "424242"): Terms(reason="wide")}
    entries = Entries().changed((), put)
    assert entries.found(EntryType.BIN, "42424242", 4) == Terms(expires_at_us=5)
    assert entries.found(EntryType.BIN, "42424242", 5) == Terms(reason="wide")
