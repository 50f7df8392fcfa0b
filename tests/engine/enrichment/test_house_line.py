"""Which line of two tells one house from another: streets and shops may have a number in their names."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from engine.enrichment import enrich
from engine.payment import Contact, Payment
from engine.reference import Reference

HOME: Final = Contact(country="US", postal="12345", address="350 5th Ave", city="Anytown")
ADDRESS: Final = "shipping_address_matches_billing"


@pytest.mark.parametrize(
    ("country", "street", "one", "other"),
    [
        ("BR", "Avenida 9 de Julho", "1200", "1400"),
        ("BR", "Avenida 9 de Julho", "1200 Bela Vista", "1400 Bela Vista"),
        ("MX", "Av. 5 de Mayo", "12", "14"),
        ("AR", "Av. 9 de Julio", "12", "14"),
        ("AR", "9 de Julio", "N\u00ba 12", "N\u00ba 14"),
        ("IT", "Via 4 Novembre", "12", "14"),
        ("IT", "Via 4 Novembre", "12 scala B", "14 scala B"),
        ("DE", "Stra\u00dfe des 17. Juni", "12", "14"),
        ("PL", "ul. 3 Maja", "12", "14"),
        ("FR", "Rue du 8 Mai 1945", "12", "14"),
        ("FR", "Rue du 8 Mai 1945", "No 12", "No 14"),
        (
            "RU",
            "\u0443\u043b. 8 \u041c\u0430\u0440\u0442\u0430",
            "\u0434. 12",
            "\u0434. 14",
        ),
        ("CO", "Carrera 7", "# 12-34", "# 99-10"),
        ("TR", "5. Sokak", "No: 12", "No: 14"),
        ("IN", "Sector 12", "House No 5", "House No 6"),
        ("JP", "\u795e\u5bae\u524d1\u4e01\u76ee", "2-3", "2-4"),
        ("US", "PSC 3", "Box 12", "Box 14"),
        ("US", "Unit 2050", "Box 12", "Box 14"),
        ("US", "RR 2", "Box 12", "Box 14"),
        ("US", "County Road 5", "1200", "1400"),
        ("US", "E 42 St", "120", "140"),
        ("DE", "Autohaus 2000 GmbH", "Hauptstr. 5", "Bahnhofstr. 77"),
        ("DE", "Autohaus Schmidt 2000", "Hauptstr. 5", "Bahnhofstr. 77"),
        ("NL", "Auto 2000 BV", "Kerkstraat 5", "Damstraat 7"),
        ("IT", "Auto 2000 srl", "Via Roma 5", "Via Milano 7"),
        ("ES", "Autos 2000 SL", "Calle Mayor 5", "Calle Sol 7"),
        ("PL", "Auto 2000", "ul. D\u0142uga 5", "ul. Kr\u00f3tka 7"),
        ("BR", "Auto 2000 Ltda", "Rua Augusta 5", "Rua Sol 7"),
        ("MX", "Auto 2000 SA", "Calle Mayor 5", "Calle Sol 7"),
        ("SE", "Bil 2000 AB", "Storgatan 5", "Kungsgatan 7"),
        ("US", "24 Hour Fitness", "Main St 12", "Oak St 14"),
        ("DE", "Postnummer 123456789", "Packstation 101", "Packstation 102"),
    ],
)
def test_a_number_in_a_name_is_no_houses(
    make_payment: Callable[..., Payment], reference: Reference, country: str, street: str, one: str, other: str
) -> None:
    billing = replace(HOME, country=country, address=street, address_2=one)
    known, _ = enrich(make_payment(billing=billing, shipping=replace(billing, address_2=other)), reference)
    assert known[ADDRESS] is False
    assert known["billing_address"] != known["shipping_address"]
    in_one_line = replace(billing, address=f"{street}, {one}", address_2=None)
    known, _ = enrich(make_payment(billing=billing, shipping=in_one_line), reference)
    assert known[ADDRESS] is True


@pytest.mark.parametrize(
    ("country", "street", "one", "other"),
    [
        ("US", "12 Main St", "4", "5"),
        ("DE", "Hauptstr. 5", "12", "14"),
        ("IT", "Via Roma 12", "4", "5"),
        ("IT", "Via 4 Novembre 12", "4", "5"),
        ("BR", "Avenida 9 de Julho 1200", "apto 4", "apto 5"),
        ("BR", "Avenida 9 de Julho 1200", "4", "5"),
        ("MX", "Calle 5 #123", "4", "5"),
        ("CO", "Carrera 7", "Apto 4", "Apto 5"),
        ("GB", "Mill House, 12 High St", "4", "5"),
        ("CA", "12 de Maisonneuve Ouest", "4", "5"),
        ("PL", "ul. D\u0142uga 5", "12", "14"),
        ("US", "12 Oak Park", "Bldg 4", "Bldg 5"),
    ],
)
def test_behind_a_house_a_number_is_a_flats(
    make_payment: Callable[..., Payment], reference: Reference, country: str, street: str, one: str, other: str
) -> None:
    billing = replace(HOME, country=country, address=street, address_2=one)
    known, _ = enrich(make_payment(billing=billing, shipping=replace(billing, address_2=other)), reference)
    assert known[ADDRESS] is True
    assert known["billing_address"] == known["shipping_address"]


def test_of_two_numbers_both_tell(make_payment: Callable[..., Payment], reference: Reference) -> None:
    for one, other, second in (("PSC 3", "PSC 4", "Box 12"), ("Unit 2050", "Unit 2051", "Box 12")):
        billing = replace(HOME, address=one, address_2=second)
        known, _ = enrich(make_payment(billing=billing, shipping=replace(billing, address=other)), reference)
        assert known[ADDRESS] is False
        assert known["billing_address"] != known["shipping_address"]


def test_a_house_is_no_flat_of_the_street(make_payment: Callable[..., Payment], reference: Reference) -> None:
    billing = replace(HOME, country="MX", address="Calle 5", address_2="12")
    shipping = replace(billing, address="Calle 5 Depto 12", address_2=None)
    assert enrich(make_payment(billing=billing, shipping=shipping), reference)[0][ADDRESS] is False
