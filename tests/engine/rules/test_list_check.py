"""Named lists against what is looked up in them."""

import pytest

from engine.catalog import CATALOG, catalog_of
from engine.custom import CustomField, CustomType
from engine.lists.screening import COMPARED
from engine.rules import check_rule
from engine.rules.list_check import FITTING

LISTS = {"mails": "email", "places": "country", "nets": "cidr", "words": "string"}


@pytest.mark.parametrize(
    "condition",
    [
        "email in @mails",
        "email_normalized not in @mails",
        "not (ip_address in @nets) or shipping_country in @places",
        "card_brand in @words",
        "card_country in @words",
        "::anything:: in @mails",
        "custom_tier in @mails",
    ],
)
def test_what_fits_passes(condition: str) -> None:
    catalog = catalog_of((CustomField(name="tier", type=CustomType.STRING),))
    assert check_rule(f"Block if {condition}", catalog, LISTS) == []


@pytest.mark.parametrize(
    ("condition", "marked"),
    [
        ("card_country in @mails", "@mails"),
        ("email_domain not in @mails", "@mails"),
        ("amount_in_usd > 5 and not (email in @places or customer in @nets)", "@places"),
    ],
)
def test_what_never_is_in_a_list_is_said(condition: str, marked: str) -> None:
    text = f"Block if {condition}"
    first = check_rule(text, CATALOG, LISTS)[0]
    assert (first.code, text[first.span.start : first.span.end]) == ("type", marked)
    assert "type" in first.cause
    # Names alone say nothing of types: what was published once is read again.
    assert check_rule(text, CATALOG, tuple(LISTS)) == []


def test_each_type_that_is_compared_fits_what_it_is_compared_with() -> None:
    assert set(FITTING) == {kind.value for kind in COMPARED}
    for kind, names in COMPARED.items():
        assert set(names) <= set(FITTING[kind.value])
    assert all(name in CATALOG for names in FITTING.values() for name in names)
