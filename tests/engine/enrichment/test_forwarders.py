"""Freight forwarders: those that are known, and those that a merchant lists."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.catalog import CATALOG
from engine.enrichment import enrich
from engine.errors import ReferenceInvalid
from engine.lists.entries import Entries, TypedEntries
from engine.lists.entry import EntryType, Terms
from engine.lists.values import kept_value
from engine.payment import Contact, Payment
from engine.reference import Forwarders, Reference
from engine.rules.ruleset import check_rule

RENTED = Contact(country="US", postal="34249-1200", address="4283 EXPRESS LN., Suite 392-536", city="Sarasota")


@pytest.mark.parametrize(
    ("shipping", "expected"),
    [
        (RENTED, True),
        (replace(RENTED, address="4283 Express Lane", address_2="Suite ABC-12"), True),
        (replace(RENTED, address="Suite 123", address_2="4283 Express Lane"), True),
        (replace(RENTED, address="4283 Express Lane Ste ABC 123"), True),
        (replace(RENTED, address="4283 Express Lane MB 123"), True),
        (replace(RENTED, address="4283 Express Lane ABC-12345"), True),
        (replace(RENTED, address="c/o MyUS 4283 Express Ln."), True),
        (replace(RENTED, address="4283 E\u200bxpress Lane"), True),
        (replace(RENTED, address="4283 Ex\u00adpress Lane"), True),
        (replace(RENTED, address="4283 Express L\u0430ne"), True),
        (replace(RENTED, country=None), "country_unknown"),
        (replace(RENTED, country=None, address="12 Elm St"), False),
        (replace(RENTED, country="MX"), False),
        (replace(RENTED, country="PR"), True),
        (replace(RENTED, address="14283 Express Lane"), False),
        (replace(RENTED, address="4285 Express Lane"), False),
        (replace(RENTED, postal=None), None),
        (Contact(), None),
    ],
)
def test_what_is_listed_is_known_with_any_suite(
    make_payment: Callable[..., Payment], reference: Reference, shipping: Contact, expected: bool | str | None
) -> None:
    found, causes = enrich(make_payment(shipping=shipping), reference)
    assert causes.get("shipping_is_known_forwarder", found["shipping_is_known_forwarder"]) == expected


def test_a_missing_list_is_unknown(make_payment: Callable[..., Payment], reference: Reference) -> None:
    found, causes = enrich(make_payment(shipping=RENTED), replace(reference, forwarders=None))
    assert (found["shipping_is_known_forwarder"], causes["shipping_is_known_forwarder"]) == (None, "forwarders")


def test_the_operators_file_is_the_list(
    tmp_path: Path, make_payment: Callable[..., Payment], reference: Reference
) -> None:
    path = tmp_path / "forwarders.csv"
    path.write_text("country,postal,street,name\ngb,SW1Y 4JH,12 St James's Square,Ours\n", encoding="utf-8")
    table = Forwarders.load(path)
    ours = Contact(country="GB", postal="sw1y4jh", address="12 St. James's Sq, Unit 7")
    for shipping, expected in ((ours, True), (RENTED, False)):
        found, _ = enrich(make_payment(shipping=shipping), replace(reference, forwarders=table))
        assert found["shipping_is_known_forwarder"] is expected
    assert table.info.rows == 1


@pytest.mark.parametrize("text", ["", "a,b\n", "country,postal,street,name\nUS,,1 Main St,x\n"])
def test_a_broken_file_names_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "forwarders.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReferenceInvalid, match=r"line [12]"):
        Forwarders.load(path)


def test_a_merchants_own_list_is_asked_by_a_rule(make_payment: Callable[..., Payment], reference: Reference) -> None:
    kept = kept_value(EntryType.ADDRESS, "US|90210|9 Dock Street")
    assert kept is not None
    entries = Entries().changed((), {(EntryType.ADDRESS, kept): Terms()})
    named = TypedEntries(EntryType.ADDRESS, entries)
    payment = make_payment(shipping=Contact(country="US", postal="90210", address="9 Dock St. #41"))
    building = enrich(payment, reference)[0]["shipping_building"]
    assert named.holds(str(building), 0)
    assert not named.holds(str(enrich(make_payment(shipping=RENTED), reference)[0]["shipping_building"]), 0)
    rule = "Review if shipping_building in @freight_forwarders or shipping_is_known_forwarder"
    assert check_rule(rule, CATALOG, {"freight_forwarders": EntryType.ADDRESS}) == []
