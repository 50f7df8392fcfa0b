"""Values in the form they are compared in."""

from collections.abc import Callable

import pytest

from engine.enrichment import enrich
from engine.lists import EntryType
from engine.lists.values import kept_value, network_of
from engine.payment import Contact, Device, Email, Payment
from engine.reference import Reference

Make = Callable[..., Payment]
HASH = kept_value(EntryType.ADDRESS, "de|10115|Invalidenstr. 117")


@pytest.mark.parametrize(
    ("kind", "held", "kept"),
    [
        (EntryType.EMAIL, "j.doe+shop@googlemail.com", "jdoe@gmail.com"),
        (EntryType.EMAIL, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"),
        (EntryType.DOMAIN, "Mailinator.com.", "mailinator.com"),
        (EntryType.BIN, "424242", "424242"),
        (EntryType.BIN, "42424", None),
        (EntryType.BIN, "424242424", None),
        (EntryType.IP, "198.51.100.7", "198.51.100.7"),
        (EntryType.IP, "::ffff:198.51.100.7", "198.51.100.7"),
        (EntryType.IP, "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        (EntryType.IP, "2001:db8:1:2::/64", "2001:db8:1:2::/64"),
        (EntryType.IP, "198.51.100", None),
        (EntryType.CIDR, "198.51.100.7/24", "198.51.100.0/24"),
        (EntryType.CIDR, "::ffff:198.51.100.7/120", "198.51.100.0/24"),
        (EntryType.CIDR, "2001:db8::1/32", "2001:db8::/32"),
        (EntryType.CIDR, "198.51.100.7", "198.51.100.7/32"),
        (EntryType.CIDR, "198.51.100.0/33", None),
        (EntryType.CIDR, "somewhere", None),
        (EntryType.TOKEN, "tok_A", "tok_A"),
        (EntryType.COUNTRY, "de", "DE"),
        (EntryType.PHONE, "+49 (0)30 / 1234-567", "+49301234567"),
        (EntryType.PHONE, "030 1234567", None),
        (
            EntryType.ADDRESS,
            "DE|10115|Invalidenstrasse 117",
            kept_value(EntryType.ADDRESS, "de|10115|Invalidenstr. 117"),
        ),
        (EntryType.ADDRESS, "Invalidenstr. 117", None),
        (EntryType.ADDRESS, "DE||Invalidenstr. 117", None),
        (EntryType.STRING, "Gold", "gold"),
        (EntryType.CASE_SENSITIVE_STRING, "Gold", "Gold"),
    ],
)
def test_a_value_is_kept_in_one_spelling(kind: EntryType, held: str, kept: str | None) -> None:
    assert kept_value(kind, held) == kept


def test_what_is_kept_is_what_payments_are_compared_by(make_payment: Make, reference: Reference) -> None:
    payment = make_payment(
        email=Email(address="j.doe+x@googlemail.com"),
        device=Device(ip_address="2001:4860:1:2::9"),
        billing=Contact(country="DE", postal="10115", address="Invalidenstr. 117", phone_number="030 1234567"),
    )
    values, _ = enrich(payment, reference)
    written = {
        "email_normalized": (EntryType.EMAIL, "jdoe@gmail.com"),
        "ip_normalized": (EntryType.IP, "2001:4860:1:2:ffff::1"),
        "phone_normalized": (EntryType.PHONE, "+49 30 1234567"),
        "billing_address": (EntryType.ADDRESS, "DE|10115|INVALIDENSTRASSE 117"),
    }
    assert {name: values[name] for name in written} == {name: kept_value(*each) for name, each in written.items()}
    address = values["billing_address"]
    assert isinstance(address, str)
    assert kept_value(EntryType.ADDRESS, address) == address


def test_a_network_is_its_prefix() -> None:
    assert network_of("0.0.0.0/0") == (32, 0, 0)
    assert network_of("::ffff:0:0/96") == (32, 0, 0)
    assert network_of("::/0") == (128, 0, 0)
