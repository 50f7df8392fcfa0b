"""What the words of addresses say, by how addresses are written in some forty countries.

The forms follow what posts publish for addressing mail: USPS Publication 28, Royal Mail, Canada Post, Deutsche Post and
the Universal Postal Union's sheets of each member; numbers and names are made up.
"""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment.address_facts import AddressFacts, _facts, address_facts, address_key
from engine.enrichment.address_parts import house_and_unit
from engine.enrichment.po_box import is_po_box
from engine.enrichment.streets import folded_street
from engine.features import Unknown
from engine.payment import Contact

CASES: Final = (
    # country, first line, second line, what it says: box, unit, number, pickup, military
    ("US", "123 Main St", None, "number"),
    ("US", "123 Main St", "Apt 4B", "number unit"),
    ("US", "123 Main St Apt 4B", None, "number unit"),
    ("US", "123 Main St #4", None, "number unit"),
    ("US", "123 Main St #", None, "number"),
    ("US", "#123 Main St", None, "number"),
    ("US", "#4, 123 Main St", None, "number unit"),
    ("US", "123 Main St", "12", "number unit"),
    ("US", "350 5th Ave, Ste 3300", None, "number unit"),
    ("US", "350 Fifth Avenue", "Floor 21", "number unit"),
    ("US", "PO Box 1234", None, "box number"),
    ("US", "Fifth Avenue", None, ""),
    ("US", "UPS Access Point", None, "pickup"),
    ("US", "P.O. Box 1234", None, "box number"),
    ("US", "P. O. Box 1234", None, "box number"),
    ("US", "Post Office Box 12", None, "box number"),
    ("US", "POB 998", None, "box number"),
    ("US", "p.o.box 77", None, "box number"),
    ("US", "Box 1234", None, "box number"),
    ("US", "10 Elm St", "PO Box 5", "box number"),
    ("US", "123 Main St PMB 45", None, "box number"),
    ("US", "RR 2 Box 152", None, "number"),
    ("US", "12 Boxwood Lane", None, "number"),
    ("US", "9 Post Road", None, "number"),
    ("US", "4 Poplar Blvd", None, "number"),
    ("US", "77 Flat Rock Rd", None, "number"),
    ("US", "5 Suite Lane", None, "number"),
    ("US", "PSC 473 Box 12", "FPO AP 96349", "number military"),
    ("US", "Unit 2050 Box 4190", "APO AP", "number military unit"),
    ("US", "CMR 420 Box 62", None, "number military"),
    ("US", "General Delivery", None, "pickup"),
    ("US", "Amazon Hub Locker - Willow", "100 Oak St", "number pickup"),
    ("GB", "12 St James's Square", "Flat 4", "number unit"),
    ("GB", "Flat 2, 14 High Street", None, "number unit"),
    ("GB", "PO Box 99", None, "box number"),
    ("GB", "BFPO 58", None, "number military"),
    ("GB", "Rose Cottage", "Mill Lane", ""),
    ("IE", "The Old Rectory", None, ""),
    ("CA", "100-200 Queen St W", None, "number"),
    ("CA", "CP 1001", None, "box number"),
    ("CA", "12 Main St", "Huntsville P0B 1A0", "number"),
    ("CA", "Case postale 1001", None, "box number"),
    ("CA", "55 Rue Cremazie", "Bureau 900", "number unit"),
    ("AU", "GPO Box 2890", None, "box number"),
    ("AU", "Locked Bag 1797", None, "box number"),
    ("AU", "12/5 George Street", None, "number unit"),
    ("AU", "Unit 12/5 George Street", None, "number unit"),
    ("AU", "Level 5, 100 George St", None, "number unit"),
    ("AU", "Shop 3, 100 George St", None, "number unit"),
    ("AU", "100 George St", "Lvl 5", "number unit"),
    ("AU", "5 Level Crossing Rd", None, "number"),
    ("US", "Coffee Shop 5 Main St", None, "number"),
    ("CA", "5-100 King St", None, "number unit"),
    ("CA", "5A-100 King St", None, "number unit"),
    ("CA", "98-102 King St", None, "number"),
    ("CA", "100 King-Edward St", None, "number"),
    ("BR", "Rua Augusta 1500 ap. 12", None, "number unit"),
    ("BR", "Rua Augusta 1500", "bloco B", "number unit"),
    ("BR", "Rua Augusta 1500, 3\u00ba andar", None, "number unit"),
    ("BR", "Rua Augusta 1500, sala 12", None, "number unit"),
    ("ES", "Calle Mayor 5 bajo", None, "number unit"),
    ("ES", "Calle Bajo 5", None, "number"),
    ("US", "12 Main St Rear", None, "number unit"),
    ("US", "12 Main St", "Lower", "number unit"),
    ("US", "12 Main St, Upper", None, "number unit"),
    ("US", "12 Main St", "Front", "number unit"),
    ("US", "12 E Lake Front", None, "number"),
    ("US", "Rear", "12 Main St", "number unit"),
    ("US", "12 Lower", None, "number"),
    ("US", "12 Rear Admiral Rd", None, "number"),
    ("NZ", "Private Bag 3114", None, "box number"),
    ("ZA", "Private Bag X9", None, "box number"),
    ("DE", "Hauptstra\u00dfe 5", None, "number"),
    ("DE", "Postfach 10 01 02", None, "box number"),
    ("DE", "Packstation 145", "12345678", "number pickup"),
    ("DE", "Postfiliale 502", None, "number pickup"),
    ("AT", "Hauptplatz 1", "Top 4", "number unit"),
    ("AT", "Hauptstr. 5/3/12", None, "number unit"),
    ("PL", "D\u0142uga 1/5", None, "number unit"),
    ("PL", "D\u0142uga 1 m 5", None, "number unit"),
    ("CZ", "Dlouh\u00e1 123/5", None, "number"),
    ("ES", "Mayor 1, 2\u00ba B", None, "number unit"),
    ("ES", "Mayor n.\u00ba 5", None, "number"),
    ("IT", "Via Roma 12, int. 5", None, "number unit"),
    ("MX", "Calle 5 No. 12 Int 5", None, "number unit"),
    ("DK", "Nygade 1, 2. tv", None, "number unit"),
    ("DK", "Nygade 1, st. th.", None, "number unit"),
    ("NO", "Storgata 5", "H0201", "number unit"),
    ("FI", "Mannerheimintie 1 A 5", None, "number unit"),
    ("FR", "3 rue de Brest, B\u00e2t B", None, "number unit"),
    ("DE", "Hauptstr. 5, 2. Stock", None, "number unit"),
    ("JP", "\u6771\u4eac\u90fd1-2\u30de\u30f3\u30b7\u30e7\u30f3301\u53f7\u5ba4", None, "number unit"),
    ("CN", "\u5efa\u56fd\u8def88\u53f71203\u5ba4", None, "number unit"),
    ("KR", "\uc138\uc885\ub300\ub85c 1, 101\ub3d9 202\ud638", None, "number unit"),
    ("HK", "12 Nathan Road, 2/F", None, "number unit"),
    ("GB", "12 High St", "2nd Floor", "number unit"),
    ("US", "12 Main St, Second Floor", None, "number unit"),
    ("US", "12 Main St", "Bldg 4", "number unit"),
    ("US", "12 Main St", "Bsmt", "number unit"),
    ("US", "12 Main St", "Apt No 4", "number unit"),
    ("US", "12 Building Way", None, "number"),
    ("CH", "Postfach", None, "box"),
    ("CH", "Case postale 12", None, "box number"),
    ("FR", "8, Avenue des Champs-\u00c9lys\u00e9es", None, "number"),
    ("FR", "BP 40122", None, "box number"),
    ("FR", "12 rue de la Paix", "CS 70051", "box number"),
    ("FR", "Bo\u00eete postale 40", None, "box number"),
    ("FR", "3 rue de Brest", "Appartement 12", "number unit"),
    ("SN", "B.P. 1025", None, "box number"),
    ("IT", "Via Roma 12", "Interno 5", "number unit"),
    ("IT", "Casella Postale 15", None, "box number"),
    ("IT", "C.P. 15", None, "box number"),
    ("ES", "Calle Mayor 3", "Piso 2", "number unit"),
    ("ES", "Apartado de Correos 120", None, "box number"),
    ("ES", "Apdo. 120", None, "box number"),
    ("MX", "Av. Ju\u00e1rez 10, C.P. 06050", None, "number"),
    ("MX", "Calle 5 #123", None, "number"),
    ("MX", "Calle 5 #123 Depto 4", None, "number unit"),
    ("CO", "Calle 10 # 5-51", None, "number"),
    ("CA", "123 Main St #4", None, "number unit"),
    ("CL", "Casilla 124", None, "box number"),
    ("CO", "Apartado A\u00e9reo 3456", None, "box number"),
    ("BR", "Caixa Postal 77", None, "box number"),
    ("BR", "Rua Augusta 1500", "Apto 31", "number unit"),
    ("NL", "Postbus 12345", None, "box number"),
    ("NL", "Damrak 1", None, "number"),
    ("BE", "Rue Neuve 1 Boite 3", None, "number unit"),
    ("BE", "Kerkstraat 12 bus 3", None, "number unit"),
    ("BE", "Rue Neuve 1", "bte 3", "number unit"),
    ("BE", "Rue du Bus 3", None, "number"),
    ("NL", "Kerkstraat 12 bus 3", None, "number"),
    ("US", "P0 Box 123", None, "box number"),
    ("US", "P 0 Box 123", None, "box number"),
    ("US", "POB123", None, "box number"),
    ("US", "P O BX 12", None, "box number"),
    ("US", "\u0420o Box 123", None, "box number"),
    ("US", "P\u041e B\u043e\u0445 123", None, "box number"),
    ("US", "P.O. B\u200box 12", None, "box number"),
    ("US", "12 Main St A\u200bpt 4", None, "number unit"),
    ("US", "12 Pobox Street", None, "number"),
    ("US", "PO Box", None, "box"),
    ("US", "PO Drawer 12", None, "box number"),
    ("US", "P.O. Drawer A", None, "box"),
    ("US", "Drawer 12", None, "box number"),
    ("US", "Lock Box 5", None, "box number"),
    ("US", "Caller Box 12", None, "box number"),
    ("US", "Caller Service 12", None, "box number"),
    ("US", "12 Mail Bag Rd", None, "number"),
    ("US", "PO Box Lane 5", None, "number"),
    ("US", "5 Drawer St", None, "number"),
    ("US", "P.O. Box, St. Louis", None, "box"),
    ("BW", "Private Bag, Gaborone", None, "box"),
    ("DK", "5 Postboks Alle", None, "number"),
    ("NO", "Pb. 12", None, "box number"),
    ("AR", "C.C. 12", None, "box number"),
    ("MX", "A.P. 12", None, "box number"),
    ("MX", "Calle 5 No. 12 C.C. 4", None, "number"),
    ("NL", "Antwoordnummer 12", None, "box number"),
    ("IT", "Casella 12", None, "box number"),
    ("IT", "Via Casella 12", None, "number"),
    ("US", "POBox", None, "box"),
    ("GB", "Post Box 12", None, "box number"),
    ("GB", "12 Post Box Lane", None, "number"),
    ("RO", "CP 12", None, "box number"),
    ("RO", "C\u0103su\u021b\u0103 po\u0219tal\u0103 12", None, "box number"),
    ("HR", "p.p. 12", None, "box number"),
    ("UA", "\u0430/\u0441 12", None, "box number"),
    ("BG", "\u043f.\u043a. 12", None, "box number"),
    ("TH", "\u0e15\u0e39\u0e49 \u0e1b\u0e13. 12", None, "box number"),
    ("IS", "P\u00f3sth\u00f3lf 12", None, "box number"),
    ("LT", "a. d. 12", None, "box number"),
    ("ID", "Kotak Pos 12", None, "box number"),
    ("VN", "H\u1ed9p th\u01b0 12", None, "box number"),
    ("HU", "Postafi\u00f3k 12", None, "box number"),
    ("IN", "Post Bag No 12", None, "box number"),
    ("RU", "\u0443\u043b. \u0421\u0430\u0434\u043e\u0432\u0430\u044f, 12", None, "number"),
    ("DK", "Postboks 44", None, "box number"),
    ("SE", "Box 5023", None, "box number"),
    ("SE", "Storgatan 5", "lgh 1201", "number unit"),
    ("NO", "Postboks 1100 Sentrum", None, "box number"),
    ("FI", "PL 12", None, "box number"),
    ("FI", "Mannerheimintie 5", None, "number"),
    ("PL", "skr. poczt. 12", None, "box number"),
    ("PL", "Paczkomat KRA01A", None, "number pickup"),
    ("HU", "Pf. 12", None, "box number"),
    ("TR", "P.K. 24", None, "box number"),
    ("GR", "\u03a4.\u0398. 1234", None, "box number"),
    ("RU", "\u0430/\u044f 15", None, "box number"),
    ("RU", "\u0430/\u044f \u211612", None, "box number"),
    ("RU", "\u0410/\u042f N 12", None, "box number"),
    ("IL", '\u05ea"\u05d3 12', None, "box number"),
    ("IL", "\u05ea\u05f4\u05d3 12", None, "box number"),
    ("FR", "BP n\u00b012", None, "box number"),
    ("FR", "BP n\u00ba 12", None, "box number"),
    ("SN", "B.P. no 12", None, "box number"),
    ("CL", "Casilla N\u00b0 12", None, "box number"),
    ("ES", "Apartado n\u00ba 12", None, "box number"),
    ("SE", "Box nr 12", None, "box number"),
    ("TH", "\u0e15\u0e39\u0e49\u0e1b\u0e13 12", None, "box number"),
    ("BG", "\u043f.\u043a. 12, 1000", None, "box number"),
    ("RO", "CP 12, 030167", None, "box number"),
    ("TR", "PK 24, 34394", None, "box number"),
    ("RU", "\u0443\u043b. \u041b\u0435\u043d\u0438\u043d\u0430, 5", "\u043a\u0432. 12", "number unit"),
    ("IL", "\u05ea.\u05d3. 123", None, "box number"),
    ("AE", "P.O. Box 9440", None, "box number"),
    ("JP", "\u79c1\u66f8\u7bb1 5\u53f7", None, "box number"),
    ("JP", "\u6771\u4eac\u90fd\u5343\u4ee3\u7530\u533a1-2", None, "number"),
    ("KR", "\uc0ac\uc11c\ud568 120\ud638", None, "box number"),
    ("CN", "\u4fe1\u7bb1 100", None, "box number"),
    ("SG", "10 Anson Road", "#12-34", "number unit"),
)


def said(facts: AddressFacts) -> set[str]:
    flags = {
        "box": facts.is_po_box is True,
        "unit": facts.has_unit is True,
        "number": facts.has_number,
        "pickup": facts.is_pickup_point,
        "military": facts.is_military,
    }
    return {name for name, flag in flags.items() if flag}


@pytest.mark.parametrize(("country", "first", "second", "expected"), CASES)
def test_what_an_address_says(country: str, first: str, second: str | None, expected: str) -> None:
    assert said(address_facts(Contact(country=country, address=first, address_2=second))) == set(expected.split())


@pytest.mark.parametrize(
    ("country", "first"),
    [
        ("MX", "Calle 5 CP 06050"),
        # The same letters before a postal code.
        ("BG", "\u0443\u043b. \u0412\u0438\u0442\u043e\u0448\u0430 5, \u043f.\u043a. 1000"),
        ("RO", "Str. Unirii 5, CP 030167"),
        ("TR", "\u0130stiklal Cad. 5, PK 34394"),
        ("MD", "str. Pu\u0219kin 5, CP 2012"),
        ("US", "1 Poboxer Way"),
        ("DE", "PL 12"),
        ("US", "BP 12 Gas Station"),
        ("US", "200 Box Elder Ct"),
    ],
)
def test_two_letters_are_a_box_in_their_country_only(country: str, first: str) -> None:
    lines = folded_street(first)
    assert is_po_box(lines, lines.split(), country) is False


@pytest.mark.parametrize(
    ("country", "first", "expected"),
    [
        ("ET", "PO Box 12", True),
        ("ET", "Bole Road 12", Unknown("not_told")),
        (None, "PO Box 12", True),
        (None, "12 Main St", Unknown("country_unknown")),
        ("US", "12 Main St", False),
    ],
)
def test_where_a_countrys_words_are_not_known_nothing_is_denied(
    country: str | None, first: str, expected: bool | Unknown
) -> None:
    lines = folded_street(first)
    assert is_po_box(lines, lines.split(), country) == expected


@pytest.mark.parametrize(
    ("country", "first", "expected"),
    [
        ("NL", "Damrak 1", Unknown("not_told")),
        ("NL", "Damrak 1 Apt 4", True),
        (None, "12 Main St", Unknown("country_unknown")),
        (None, "12 Main St Apt 4", True),
        ("US", "12 Main St", False),
    ],
)
def test_where_a_countrys_units_are_not_known_none_is_denied(
    country: str | None, first: str, expected: bool | Unknown
) -> None:
    assert address_facts(Contact(country=country, address=first)).has_unit == expected


@pytest.mark.parametrize(
    ("first", "house"),
    [
        ("4283 Express Lane Suite 392-536", "4283 express ln"),
        ("4283 Express Ln, Ste. 12", "4283 express ln"),
        ("Flat 2, 14 High Street", "14 high str"),
        ("123 Main St PMB 45", "123 main str"),
        ("Unit 3, Mill House", "unit 3 mill house"),
        ("123 Main St", "123 main str"),
        ("77 Flat Rock Rd", "77 flat rock rd"),
        ("4283 Express Lane Ste ABC 123", "4283 express ln"),
        ("4283 Express Lane, Suite ABC-12345", "4283 express ln"),
        ("9 Unit Street", "9 unit str"),
        ("123 Main St Floor 2 Apt 5", "123 main str"),
    ],
)
def test_the_house_without_its_units(first: str, house: str) -> None:
    assert house_and_unit(folded_street(first))[0] == house


def test_a_building_is_what_its_mailboxes_share() -> None:
    lone = Contact(country="US", postal="34249", address="4283 Express Lane")
    rented = [
        Contact(country="US", postal="34249-1234", address="4283 EXPRESS LN", address_2="Suite 10"),
        Contact(country="US", postal="34249", address="4283 Express Lane #10"),
        Contact(country="US", postal="34249", address="4283 Express Lane, Suite 10"),
        Contact(country="US", postal="34249", address="4283 Express Lane, Suite ABC 10"),
        Contact(country="US", postal="34249", address="Suite 10", address_2="4283 Express Lane"),
    ]
    assert {address_facts(each).building for each in rented} == {address_key(lone)}


def test_where_the_sign_is_the_houses_two_houses_are_two_buildings() -> None:
    one, other, same = (
        Contact(country="MX", postal="06000", address=f"Calle 5 {number}") for number in ("#123", "#456", "No. 123")
    )
    assert address_facts(one).building == address_facts(same).building != address_facts(other).building


_TEXT = st.one_of(st.none(), st.text(max_size=40), st.sampled_from(("PO Box 1", "#", "/", "Apt", "\u0130 5")))


@given(_TEXT, _TEXT, _TEXT, _TEXT, st.sampled_from((None, "US", "AU", "FR", "JP")), _TEXT)
def test_any_text_is_an_address(
    address: str | None,
    second: str | None,
    city: str | None,
    region: str | None,
    country: str | None,
    postal: str | None,
) -> None:
    contact = Contact(address=address, address_2=second, city=city, region=region, country=country, postal=postal)
    facts = address_facts(contact)
    if address is not None:
        assert facts == _facts(address, second, city, region, country, postal)
    assert facts.key == address_key(contact)


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 60
    assert {name for case in CASES for name in case[3].split()} == {"box", "unit", "number", "pickup", "military"}
