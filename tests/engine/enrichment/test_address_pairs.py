"""Whether goods go to the billing address, city and postal code: what is not said is unknown, what differs is not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from engine.enrichment import enrich
from engine.payment import Contact, Payment
from engine.reference import Reference

HOME: Final = Contact(country="US", postal="10001", address="350 5th Ave", city="New York")
ADDRESS, CITY, POSTAL = (f"shipping_{each}_matches_billing" for each in ("address", "city", "postal"))


@pytest.mark.parametrize(
    ("billing", "shipping", "address", "city", "postal"),
    [
        (HOME, HOME, True, True, True),
        (HOME, replace(HOME, country=None), "country_unknown", "country_unknown", "country_unknown"),
        (HOME, replace(HOME, country=None, postal="10001-1234"), *("country_unknown",) * 3),
        (replace(HOME, country=None), replace(HOME, country=None), True, True, True),
        (
            replace(HOME, country=None),
            replace(HOME, country=None, postal="10001-1234"),
            "country_unknown",
            True,
            "country_unknown",
        ),
        (HOME, replace(HOME, country=None, address="12 Elm St"), False, "country_unknown", "country_unknown"),
        (HOME, replace(HOME, country=None, postal="94103"), False, "country_unknown", False),
        (HOME, replace(HOME, country=None, city="Boston"), "country_unknown", False, "country_unknown"),
        (HOME, replace(HOME, country="MX"), False, False, False),
        # Of two towns of one name postal codes tell the regions, where nobody names them.
        (
            Contact(country="US", postal="62701", city="Springfield"),
            Contact(country="US", postal="65801", city="Springfield"),
            None,
            False,
            False,
        ),
        (
            Contact(country="US", postal="62701", city="Springfield"),
            Contact(country="US", postal="62702", city="Springfield"),
            None,
            True,
            False,
        ),
        (
            Contact(country="CA", postal="A1A 1A1", city="St. John's"),
            Contact(country="CA", postal="E2L 1A1", city="Saint John"),
            None,
            False,
            False,
        ),
        (
            Contact(country="US", postal="75001", city="Paris"),
            Contact(country="FR", postal="75001", city="Paris"),
            None,
            False,
            False,
        ),
        (replace(HOME, country="US"), replace(HOME, country="PR"), True, True, True),
        (replace(HOME, country="PR", postal="00901-1234"), replace(HOME, country="PR", postal="00901"), *(True,) * 3),
        (replace(HOME, country="US", postal="00901-1234"), replace(HOME, country="PR", postal="00901"), *(True,) * 3),
        (replace(HOME, country="US", postal="00901"), replace(HOME, country="PR", postal="00902"), False, True, False),
        (
            replace(HOME, country="SA", postal="\u0661\u0662\u0662\u0661\u0661"),
            replace(HOME, country="SA", postal="12211"),
            *(True,) * 3,
        ),
        (replace(HOME, country="FI", postal="22100"), replace(HOME, country="AX", postal="AX-22100"), *(True,) * 3),
        (
            replace(HOME, country="PR", postal="00901-1234"),
            replace(HOME, country=None, postal="00901"),
            *("country_unknown",) * 3,
        ),
        (replace(HOME, country="GB", postal="JE2 3AB"), replace(HOME, country="JE", postal="je23ab"), True, True, True),
        (
            replace(HOME, country="DE", postal="D-80331"),
            replace(HOME, country=None, postal="80331"),
            *("country_unknown",) * 3,
        ),
    ],
)
def test_shipping_against_billing(
    make_payment: Callable[..., Payment],
    reference: Reference,
    billing: Contact,
    shipping: Contact,
    address: bool | str | None,
    city: bool | str | None,
    postal: bool | str | None,
) -> None:
    for one, other in ((billing, shipping), (shipping, billing)):
        known, causes = enrich(make_payment(billing=one, shipping=other), reference)
        found = tuple(causes.get(name, known[name]) for name in (ADDRESS, CITY, POSTAL))
        assert found == (address, city, postal)


@pytest.mark.parametrize(
    ("country", "left", "right", "expected"),
    [
        ("DE", "K\u00f6ln", "Cologne", True),
        ("DE", "M\u00fcnchen", "Munich", True),
        ("IT", "Roma", "Rome", True),
        ("RU", "\u041c\u043e\u0441\u043a\u0432\u0430", "Moscow", True),
        ("CN", "\u5317\u4eac", "Beijing", True),
        ("US", "NYC", "New York", True),
        ("US", "St. Louis", "Saint Louis", True),
        ("US", "Ft Worth", "Fort Worth", True),
        ("US", "Portland", "Boston", False),
        ("RU", "\u041c\u043e\u0441\u043a\u0432\u0430", "Kazan", False),
        ("RU", "\u0410\u0431\u0432\u0433\u0434\u0435\u0436", "Moscow", "other_script"),
        ("GB", "Nether Wallop", "Upper Slaughter", False),
        (None, "Roma", "Rome", False),
        (None, "\u041c\u043e\u0441\u043a\u0432\u0430", "Moscow", "other_script"),
    ],
)
def test_a_city_has_many_names(
    make_payment: Callable[..., Payment],
    reference: Reference,
    country: str | None,
    left: str,
    right: str,
    expected: bool | str,
) -> None:
    billing, shipping = Contact(country=country, city=left), Contact(country=country, city=right)
    known, causes = enrich(make_payment(billing=billing, shipping=shipping), reference)
    assert causes.get(CITY, known[CITY]) == expected


@pytest.mark.parametrize(
    ("country", "left", "right", "with_one_code", "without_codes"),
    [
        ("IE", "Dublin 4", "Dublin", True, True),
        ("FR", "Paris 1er", "Paris", True, True),
        ("FR", "PARIS 11", "Paris", True, True),
        ("FR", "Lyon 3\u00e8me", "Lyon", True, True),
        ("FR", "Marseille 01", "Marseille", True, True),
        ("FR", "LYON CEDEX 01", "Lyon", True, True),
        ("CZ", "Praha 1", "Prague", True, True),
        ("AT", "Wien 1", "Vienna", True, True),
        ("DK", "K\u00f8benhavn K", "Copenhagen", True, True),
        ("DK", "Aarhus C", "\u00c5rhus", True, True),
        ("GB", "London E1", "London", True, True),
        ("HU", "Budapest XI.", "Budapest", True, True),
        ("DE", "Berlin-Mitte", "Berlin", True, "not_told"),
        ("DE", "Frankfurt a.M.", "Frankfurt", True, False),
        ("DE", "Frankfurt (Oder)", "Frankfurt am Main", True, "not_told"),
        ("DE", "Oldenburg (Oldb)", "Oldenburg", True, "not_told"),
        ("JP", "Shibuya-ku", "Shibuya", True, True),
        ("CN", "Shenzhen City", "Shenzhen", True, True),
        ("BR", "Brasilia - DF", "Bras\u00edlia", True, "not_told"),
        ("BE", "Mons", "Bergen", "not_told", False),
        ("MX", "Cd. Juarez", "Ju\u00e1rez", True, True),
        ("DE", "Berlin-Mitte", "Potsdam", False, False),
        ("US", "New York", "York", False, False),
        ("GB", "London E1", "Leeds", False, False),
    ],
)
def test_a_city_is_one_with_its_district_and_without(
    make_payment: Callable[..., Payment],
    reference: Reference,
    country: str,
    left: str,
    right: str,
    with_one_code: bool | str,
    without_codes: bool | str,
) -> None:
    for postal, expected in (("12345", with_one_code), (None, without_codes)):
        one, other = (Contact(country=country, city=each, postal=postal) for each in (left, right))
        for billing, shipping in ((one, other), (other, one)):
            known, causes = enrich(make_payment(billing=billing, shipping=shipping), reference)
            assert causes.get(CITY, known[CITY]) == expected


@pytest.mark.parametrize(
    ("country", "region", "other", "postal", "expected"),
    [
        ("US", "IL", "MO", "62701", False),
        ("US", "IL", "Missouri", "62701", False),
        ("US", "IL", "Illinois", "62701", True),
        ("US", "IL", "US-IL", "62701", True),
        ("US", "IL", "MO", "65801", True),
        ("US", "IL", None, "62701", False),
        ("US", "IL", "Nowhere", "62701", True),
        (None, "IL", "MO", "62701", True),
    ],
)
def test_cities_of_one_name_in_two_regions_are_two(
    make_payment: Callable[..., Payment],
    reference: Reference,
    country: str | None,
    region: str,
    other: str | None,
    postal: str,
    expected: bool,
) -> None:
    billing = Contact(country=country, city="Springfield", region=region, postal=postal)
    shipping = Contact(country=country, city="Springfield", region=other, postal="65801")
    known, _ = enrich(make_payment(billing=billing, shipping=shipping), reference)
    assert known[CITY] is expected
    known, _ = enrich(make_payment(billing=billing, shipping=replace(shipping, city="SPRINGFIELD")), reference)
    assert known[CITY] is expected


def test_without_the_table_a_city_may_have_another_name(
    make_payment: Callable[..., Payment], reference: Reference
) -> None:
    for left, right, expected in (("St. Louis", "Saint Louis", True), ("Portland", "Boston", "places")):
        payment = make_payment(billing=Contact(country="US", city=left), shipping=Contact(country="US", city=right))
        known, causes = enrich(payment, replace(reference, places=None))
        assert causes.get(CITY, known[CITY]) == expected


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        # What stands in the line without the street tells nothing of the house.
        (("Apt 4", "12 Main St"), ("Apt 4", "99 Oak St"), False),
        (("Acme Corp", "12 Main St"), ("Acme Corp", "99 Oak St"), False),
        (("Unit 3, Mill House", "12 Main St"), ("Unit 3, Mill House", "99 Oak St"), False),
        (("Suite 5 Floor 2", "12 Main St"), ("Suite 5 Floor 2", "99 Oak St"), False),
        (("First Church", "12 Main St"), ("First Church", "99 Oak St"), False),
        (("7-Eleven", "12 Main St"), ("7-Eleven", "99 Oak St"), False),
        (("24 Hour Fitness", "12 Main St"), ("24 Hour Fitness", "99 Oak St"), False),
        (("12 Broadway", "2nd Floor"), ("12 Broadway", None), True),
        (("12 Park View", "4B"), ("12 Park View", None), True),
        (("12 Main St", "5 Oak St"), ("12 Main St", None), True),
        (("4", "12 Main St"), ("4", "99 Oak St"), False),
        (("Flat 4", "Mill House"), ("Flat 4", "Rose Cottage"), False),
        (("12", "Main Street"), ("12", "Oak Street"), False),
        (("Main Street", "12"), ("Main Street", "99"), False),
        (("Hauptstr.", "Hinterhaus 2"), ("Lindenweg", "Hinterhaus 2"), False),
        (("Main Street", "12 Park View"), ("Oak Street", "12 Park View"), False),
        (("Amazon Locker", "100 Oak St"), ("Amazon Locker", "200 Oak St"), False),
        (("Acme Corp", "PO Box 5"), ("Acme Corp", "PO Box 6"), False),
        (("H.No. 5", "MG Road"), ("H.No. 5", "Link Road"), False),
        (("Plot 5", "12 Main St"), ("12 Main St", None), True),
        (
            ("\u5efa\u56fd\u8def88\u53f7", "1203\u5ba4"),
            ("\u5efa\u56fd\u8def88\u53f7", None),
            True,
        ),
        (("1203\u5ba4", "\u5efa\u56fd\u8def88\u53f7"), ("\u5efa\u56fd\u8def88\u53f7", None), True),
        (("Apt 4", "12 Main St"), ("12 Main Street", "Apt 4"), True),
        (("Acme Corp", "12 Main St"), ("12 Main Street", "Acme Corp"), True),
        (("Acme Corp", "Hauptstr. 5"), ("Hauptstr. 5", None), True),
        (("4", "12 Main St"), ("12 Main St", "4"), True),
        (("Main Street", "12"), ("Main Street 12", None), True),
        (("12", "Main Street"), ("12 Main Street", None), True),
        (("Rose Cottage", "Flat 4"), ("Rose Cottage", "Flat 5"), True),
        (("12 Main St", "Bldg 4"), ("12 Main St", "Bldg 5"), True),
        (("Main Street", "Bldg 4"), ("Main Street", None), True),
        (("Fifth Avenue", "Floor 21"), ("Fifth Avenue", None), True),
    ],
)
def test_the_line_with_the_street_tells_one_house_from_another(
    make_payment: Callable[..., Payment],
    reference: Reference,
    first: tuple[str, str],
    second: tuple[str, str | None],
    is_one: bool,
) -> None:
    billing, shipping = (replace(HOME, address=line, address_2=other) for line, other in (first, second))
    known, _ = enrich(make_payment(billing=billing, shipping=shipping), reference)
    assert known[ADDRESS] is is_one
    assert (known["billing_address"] == known["shipping_address"]) is is_one
    alone, _ = enrich(make_payment(shipping=billing), reference)
    assert (alone["shipping_building"] == known["shipping_building"]) is is_one


@pytest.mark.parametrize(
    ("left", "right", "postal", "other"),
    [
        ("US", "PR", "00901", "00901-1234"),
        ("PR", "PR", "00901", "00901-1234"),
        ("GU", "GU", "96910-1234", "96910"),
        ("FR", "GP", "97110", "F-97110"),
        ("GB", "JE", "JE2 3AB", "je23ab"),
        ("FI", "AX", "22100", "AX-22100"),
        ("DK", "FO", "100", "FO-100"),
        ("US", "US", "10001", "US-10001"),
        ("US", "PR", "00901", "US 00901-1234"),
        ("GB", "GB", "SW1A 1AA", "GB-SW1A 1AA"),
        ("CA", "CA", "K1A 0B1", "CA K1A0B1"),
        ("IN", "IN", "110001", "IN-110001"),
    ],
)
def test_a_territorys_address_is_one_with_its_code_and_the_countrys(
    make_payment: Callable[..., Payment], reference: Reference, left: str, right: str, postal: str, other: str
) -> None:
    one, same = replace(HOME, country=left, postal=postal), replace(HOME, country=right, postal=other)
    for billing, shipping in ((one, same), (same, one)):
        known, _ = enrich(make_payment(billing=billing, shipping=shipping), reference)
        assert known["billing_address"] == known["shipping_address"]
        assert known[ADDRESS] is True


def test_codes_that_begin_as_their_territory_does_stay_whole(
    make_payment: Callable[..., Payment], reference: Reference
) -> None:
    one, other = replace(HOME, country="GB", postal="JE2 3AB"), replace(HOME, country="GB", postal="IM2 3AB")
    known, _ = enrich(make_payment(billing=one, shipping=other), reference)
    assert known["shipping_postal_matches_billing"] is False
    assert known["billing_address"] != known["shipping_address"]


@pytest.mark.parametrize("street", ["Goethe-Stra\u00dfe 5", "Goethestr. 5", "Goethestra\u00dfe 5"])
def test_without_one_country_the_others_ways_to_write_hold(
    make_payment: Callable[..., Payment], reference: Reference, street: str
) -> None:
    one = replace(HOME, country="DE", postal="80331", address="Goethe-Stra\u00dfe 5")
    other = replace(one, country=None, address=street)
    for billing, shipping in ((one, other), (other, one)):
        known, causes = enrich(make_payment(billing=billing, shipping=shipping), reference)
        assert causes.get(ADDRESS, known[ADDRESS]) == "country_unknown"


def test_puerto_ricos_ways_to_write_hold_with_either_code(
    make_payment: Callable[..., Payment], reference: Reference
) -> None:
    billing = replace(HOME, postal="00901", address="Cl. Sol #12", address_2=None)
    shipping = replace(billing, country="PR", address="Calle Sol No. 12")
    known, _ = enrich(make_payment(billing=billing, shipping=shipping), reference)
    assert known["billing_address"] == known["shipping_address"]
    assert (known[ADDRESS], known["billing_has_unit"], known["shipping_has_unit"]) == (True, False, False)
    other, _ = enrich(make_payment(billing=replace(billing, address="Cl. Sol #13"), shipping=shipping), reference)
    assert other[ADDRESS] is False


def test_a_point_within_a_number_joins_nothing(make_payment: Callable[..., Payment], reference: Reference) -> None:
    billing, shipping = replace(HOME, address="12.5 Main St"), replace(HOME, address="125 Main St")
    assert enrich(make_payment(billing=billing, shipping=shipping), reference)[0][ADDRESS] is False
    spelt = replace(HOME, address="12.5 MAIN STREET")
    assert enrich(make_payment(billing=billing, shipping=spelt), reference)[0][ADDRESS] is True


@pytest.mark.parametrize(
    ("shipping", "matches", "likeness"),
    [
        (Contact(country="GB", postal="SW1Y4JH", address="12 St. James's Sq"), True, (100, 100)),
        (Contact(country="GB", postal="SW1Y 4JH", address="12 St James Square"), False, (80, 99)),
        (Contact(country="GB", postal="G1 1AA", address="1 Buchanan Street"), False, (0, 60)),
        (Contact(country="GB", address="12 St James's Square"), None, (70, 99)),
        (Contact(), None, None),
    ],
)
def test_an_address_in_other_words(
    make_payment: Callable[..., Payment],
    reference: Reference,
    shipping: Contact,
    matches: bool | None,
    likeness: tuple[int, int] | None,
) -> None:
    billing = Contact(country="GB", postal="SW1Y 4JH", address="12 St James's Square")
    known, _ = enrich(make_payment(billing=billing, shipping=shipping), reference)
    assert known["shipping_address_matches_billing"] is matches
    percent = known["shipping_similarity_to_billing_percent"]
    if likeness is None:
        assert percent is None
    else:
        assert isinstance(percent, int)
        assert likeness[0] <= percent <= likeness[1]


def test_a_city_without_umlauts_is_the_city(make_payment: Callable[..., Payment], reference: Reference) -> None:
    billing = Contact(country="DE", city="M\u00fcnchen", postal="80331")
    shipping = Contact(country="DE", city="MUENCHEN", postal="D-80331")
    known, _ = enrich(make_payment(billing=billing, shipping=shipping), reference)
    assert (known["shipping_city_matches_billing"], known["shipping_postal_matches_billing"]) == (True, True)
    known, _ = enrich(make_payment(billing=billing, shipping=Contact(city="Minden")), reference)
    assert known["shipping_city_matches_billing"] is False


def test_cities_and_postal_codes_are_compared_as_they_are_meant(
    make_payment: Callable[..., Payment], reference: Reference
) -> None:
    billing = Contact(country="US", postal="78701", city="Saint Louis")
    shipping = Contact(country="US", postal="78701-1234", city="SAINT LOUIS ")
    known, _ = enrich(make_payment(billing=billing, shipping=shipping), reference)
    assert (known["shipping_city_matches_billing"], known["shipping_postal_matches_billing"]) == (True, True)
    known, _ = enrich(make_payment(billing=billing), reference)
    assert (known["shipping_city_matches_billing"], known["shipping_postal_matches_billing"]) == (None, None)
