"""One address is one value, however it is written."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment import enrich
from engine.enrichment.address_facts import address_key
from engine.enrichment.streets import folded_postal, folded_street
from engine.payment import Contact, Payment
from engine.reference import Reference

LONDON = Contact(address="12 St James's Square", address_2="Flat 4", city="London", country="GB", postal="SW1Y 4JH")


@pytest.mark.parametrize(
    ("street", "folded"),
    [
        ("12 St James's Square", "12 str jamess sq"),
        ("12 St. James\u2019s Sq.", "12 str jamess sq"),
        ("HAUPTSTRASSE 5", "hauptstr 5"),
        ("Hauptstra\u00dfe 5", "hauptstr 5"),
        ("Hauptstr. 5", "hauptstr 5"),
        ("123 North Main Street", "123 n main str"),
        ("123 N. Main St", "123 n main str"),
        ("8, Avenue des Champs-\u00c9lys\u00e9es", "8 ave des champs elysees"),
        ("\uff11\uff12 Elm_Road #3", "12 elm rd 3"),
        ("\u6771\u4eac\u90fd1-2", "\u6771\u4eac\u90fd1 2"),
        ("350 Fifth Avenue", "350 5th ave"),
        ("ul. \u0141\u00f3dzka 7", "ul lodzka 7"),
        ("\u00d8stergade 1", "ostergade 1"),
        ("Alt\u0131y\u0131ld\u0131z Sk. 3", "altiyildiz sk 3"),
        ("Ka\u02bbahumanu Ave 9", "kaahumanu ave 9"),
        ("Hauptstr.12a", "hauptstr 12a"),
        ("\u0443\u043b.\u041b\u0435\u043d\u0438\u043d\u0430 5", "\u0443\u043b \u043b\u0435\u043d\u0438\u043d\u0430 5"),
        ("Av.Paulista 5", "ave paulista 5"),
        ("R.Augusta 5", "r augusta 5"),
        ("Lale Sok.No:5", "lale sok no 5"),
        ("Avda.Mayor 5", "ave mayor 5"),
        ("M.G.Road", "mg rd"),
        ("12 St.Johns Ave", "12 str johns ave"),
        ("12 N.Main St", "12 n main str"),
        ("5 boul.St-Laurent", "5 boul str laurent"),
        ("Stra\u00dfe des 17.Juni 5", "str des 17 juni 5"),
        ("V.le Roma 5", "vle roma 5"),
        ("5 Oak St N.W.", "5 oak str nw"),
        ("C/ Mayor 5", "calle mayor 5"),
        ("c/o Jones, 5 Elm St", "c o jones 5 elm str"),
        ("-- . --", ""),
        ("4283 E\u200bxpress Lane", "4283 express ln"),
        ("4283 \u1d07xpress Lane", "4283 express ln"),
        ("4283 Ex\u00adpress \u202dLane\u202c", "4283 express ln"),
        ("\ufeff4283 Express L\u0430ne", "4283 express ln"),
        ("12 \u041cain St", "12 main str"),
        ("12 M\u03b1in St", "12 main str"),
        ("12 \u0412\u0415\u0410\u0421\u041d Rd", "12 beach rd"),
        ("\u0443\u043b. \u041b\u0435\u043d\u0438\u043da, 5 A", "\u0443\u043b \u043b\u0435\u043d\u0438\u043d\u0430 5 a"),
        ("\u043a\u0432. 5A", "\u043a\u0432 5a"),
        ("\u0661\u0662 \u0634\u0627\u0631\u0639", "12 \u0634\u0627\u0631\u0639"),
        ("5\u00bd Main St", "5 1 2 main str"),
        ("5 1/2 Main St", "5 1 2 main str"),
        ("51/2 Main St", "51 2 main str"),
    ],
)
def test_what_a_street_comes_to(street: str, folded: str) -> None:
    assert folded_street(street) == folded


@pytest.mark.parametrize("character", ["\u00bd", "\u3316", "\ufb03"])
def test_characters_that_stand_for_many_make_no_long_text(character: str) -> None:
    assert len(folded_street(character * 255)) <= 320


@given(st.text(max_size=60))
def test_folding_takes_any_text_and_case_and_space_tell_nothing(street: str) -> None:
    assert folded_street(f"  {street}, ") == folded_street(street)
    assert folded_street(folded_street(street)) == folded_street(street)


@pytest.mark.parametrize(
    ("postal", "country", "folded"),
    [
        ("SW1Y 4JH", "GB", "sw1y4jh"),
        ("78701-1234", "US", "78701"),
        ("78701", "US", "78701"),
        ("1010-045", "PT", "1010045"),
        ("D-80331", "DE", "80331"),
        ("CH-8001", "CH", "8001"),
        ("L-1648", "LU", "1648"),
        ("FL-9490", "LI", "9490"),
        ("P-1000-001", "PT", "1000001"),
        ("GR-105 57", "GR", "10557"),
        ("RO-010011", "RO", "010011"),
        ("BG 1000", "BG", "1000"),
        ("CY-1010", "CY", "1010"),
        ("TR-34000", "TR", "34000"),
        ("IS-101", "IS", "101"),
        ("MD-2001", "MD", "2001"),
        ("NL-1011 AB", "NL", "1011ab"),
        ("1011 AB", "NL", "1011ab"),
        ("FIN-00100", "FI", "00100"),
        ("JE2 3AB", "JE", "je23ab"),
        ("D02 X285", "IE", "d02x285"),
        ("DX", "DE", "dx"),
        ("34\u200b249", "US", "34249"),
        ("SW1\u0410 4JH", "GB", "sw1a4jh"),
        ("\u0661\u0662\u0663\u0664\u0665", "SA", "12345"),
        ("-", "GB", ""),
    ],
)
def test_what_a_postal_code_comes_to(postal: str, country: str, folded: str) -> None:
    assert folded_postal(postal, country) == folded


@pytest.mark.parametrize(
    "same",
    [
        replace(LONDON, address="12, ST JAMES\u2019S SQ."),
        replace(LONDON, postal="sw1y4jh"),
        replace(LONDON, address_2="Flat 5"),
        replace(LONDON, city="Londres"),
        replace(LONDON, first_name="Ada"),
    ],
)
def test_the_same_address_is_one_value(same: Contact) -> None:
    assert address_key(same) == address_key(LONDON)


@pytest.mark.parametrize(
    "other",
    [
        replace(LONDON, address="13 St James's Square"),
        replace(LONDON, postal="SW1Y 4JA"),
        replace(LONDON, country="IE"),
    ],
)
def test_another_address_is_another_value(other: Contact) -> None:
    assert address_key(other) != address_key(LONDON)


@pytest.mark.parametrize(
    "partial",
    [
        replace(LONDON, address=None),
        replace(LONDON, postal=None),
        replace(LONDON, address="--"),
        replace(LONDON, postal="-"),
        Contact(),
    ],
)
def test_without_street_or_postal_code_it_is_unknown(partial: Contact) -> None:
    assert address_key(partial) is None


@pytest.mark.parametrize(
    ("country", "one", "other"),
    [
        ("US", "123 Main Street Suite 4", "123 Main St Ste 4"),
        ("US", "12 Main St Apartment 4", "12 Main St Apt 4"),
        ("US", "12 Main St #4", "12 Main St Apt 4"),
        ("US", "12 Main St Apt #4", "12 Main St Apt 4"),
        ("US", "# 4-12 Main St", "12 Main St #4"),
        ("US", "12 Main St Ste #4", "12 Main St Suite 4"),
        ("US", "12 Main St #", "12 Main St"),
        ("US", "12 Main St ###", "12 Main St"),
        ("US", "12 # Main St", "12 Main St"),
        ("US", "12 Main St ##4", "12 Main St Apt 4"),
        ("US", "#12 Main St", "12 Main St"),
        ("US", "# 350 5th Ave Apt 4", "350 5th Ave #4"),
        ("US", "#4, 12 Main St", "12 Main St #4"),
        ("US", "12 Main St # B", "12 Main St Apt B"),
        ("US", "12 Main St, Unit No. 4", "12 Main St Apt 4"),
        ("US", "12 Main St Apt 4-B", "12 Main St Apt 4B"),
        ("US", "12 Main St Fl 2 Rm 5", "12 Main St Room 5, Floor 2"),
        ("GB", "Flat 4, 12 High St", "12 High St, Flat 4"),
        ("DE", "K\u00f6nigsallee 1", "Koenigsallee 1"),
        ("DE", "Hauptstr.12a", "Hauptstr. 12 a"),
        ("DE", "Hauptstra\u00dfe Nr. 12", "Hauptstr. 12"),
        ("ES", "Calle Mayor n\u00ba 5", "Calle Mayor, 5"),
        ("ES", "Calle Mayor n\u00b0 5", "Calle Mayor, n.5"),
        ("ES", "Calle Mayor n\u00fam. 5", "C/ Mayor 5"),
        ("ES", "C/Mayor 5", "Calle Mayor 5"),
        ("IT", "Via Roma 12 int. 5", "Via Roma, 12, interno 5"),
        ("MX", "Calle 5 #123", "Calle 5 No. 123"),
        ("MX", "Calle 5 #123 Apto #4", "Calle 5 123, Apto. 4"),
        ("CO", "Calle 10 # 5-51", "Calle 10 No. 5 - 51"),
        ("ES", "Avda. de la Paz 5", "Avenida de la Paz 5"),
        ("ES", "Cl. Mayor 5", "Calle Mayor 5"),
        ("ES", "C. Mayor 5", "C/ Mayor, 5"),
        ("ES", "Pza. Mayor 5", "Plaza Mayor 5"),
        ("CO", "Cra. 10 # 5-51", "Carrera 10 No. 5-51"),
        ("CO", "Kr 10 # 5-51", "Carrera 10 # 5-51"),
        ("PT", "R. Augusta 12", "Rua Augusta 12"),
        ("BR", "R Augusta, 12 ap. 5", "Rua Augusta 12, apto 5"),
        ("FR", "12 r. de la Paix", "12 rue de la Paix"),
        ("GP", "12 R de la Paix", "12 rue de la Paix"),
        ("FR", "12 bis rue de la Paix", "12bis, r. de la Paix"),
        ("FR", "12 ter rue de la Paix", "12ter rue de la Paix"),
        ("CA", "12 Rue Ste-Catherine", "12 rue Sainte-Catherine"),
        ("IT", "V. Roma 12", "Via Roma 12"),
        ("IT", "V.le Roma 12/bis", "Viale Roma 12bis"),
        ("IT", "P.za Roma 12", "Piazza Roma 12"),
        ("PL", "ul. D\u0142uga 7", "D\u0142uga 7"),
        ("PL", "ul.D\u0142uga 7", "D\u0142uga 7"),
        ("CA", "5 boul.St-Laurent", "5 boulevard St-Laurent"),
        ("PL", "al. Jerozolimskie 7", "Aleje Jerozolimskie 7"),
        ("CZ", "ul. Dlouh\u00e1 7", "Dlouh\u00e1 7"),
        ("TR", "Atat\u00fcrk Cad. No:5", "Atat\u00fcrk Caddesi 5"),
        (
            "RU",
            "\u0443\u043b. \u041c\u0438\u0440\u0430, \u0434. 5",
            "\u0443\u043b\u0438\u0446\u0430 \u041c\u0438\u0440\u0430 5",
        ),
        ("DE", "Goethe-Stra\u00dfe 5", "Goethestra\u00dfe 5"),
        ("DE", "Goethestr. 5", "Goethe Str. 5"),
        ("DE", "Goethe-Platz 5", "Goetheplatz 5"),
        ("AT", "Linden-Weg 5", "Lindenweg 5"),
        ("NL", "Kerkstr. 5", "Kerkstraat 5"),
        ("US", "123 Saint Charles Ave", "123 St. Charles Avenue"),
        ("US", "5 Oak St NW", "5 Oak Street Northwest"),
        ("US", "5 Oak St N.W.", "5 Oak St NW"),
        ("US", "100 Rte 9", "100 Route 9"),
        ("US", "12 E. 42nd St", "12 East 42 Street"),
        ("US", "350 5th Ave", "350 5 Ave"),
        ("GB", "Apartment 5, The Mill", "Flat 5 The Mill"),
        ("AU", "Level 5, 100 George St", "100 George Street, Floor 5"),
        ("AU", "Shop 3, 100 George St", "100 George St, Shop 3"),
        ("GB", "The Mill, Flat 5", "Flat 5, The Mill"),
        ("AU", "4/12 George St", "Unit 4, 12 George St"),
        ("NZ", "5a/12 George St", "12 George Street, Flat 5A"),
        ("AU", "U4/12 George St", "4/12 George Street"),
        ("CA", "5-100 King St", "100 King Street Unit 5"),
        ("SG", "#12-34, 5 Orchard Road", "5 Orchard Rd #12-34"),
        ("EG", "\u0661\u0662 \u0634\u0627\u0631\u0639", "12 \u0634\u0627\u0631\u0639"),
        ("US", "5\u00bd Main St", "5 1/2 Main St"),
    ],
)
def test_an_address_in_two_spellings_is_one(
    make_payment: Callable[..., Payment], reference: Reference, country: str, one: str, other: str
) -> None:
    billing = Contact(address=one, city="Anytown", country=country, postal="12345")
    known, _ = enrich(make_payment(billing=billing, shipping=replace(billing, address=other)), reference)
    assert known["billing_address"] == known["shipping_address"]
    assert known["shipping_address_matches_billing"] is True


@pytest.mark.parametrize(
    ("country", "one", "other"),
    [
        ("US", "12 Main St Apt 4", "12 Main St Apt 5"),
        ("US", "12 Main St #4", "12 Main St #5"),
        ("US", "12 Main St Apt 4", "12 Main St"),
        ("US", "12 Main St Apt 4", "12 Main St Floor 4"),
        ("US", "12 N 5th St", "12 5th St"),
        ("GB", "Flat 4, 12 High St", "Flat 12, 4 High St"),
        ("DE", "Hauptstr. 12 a", "Hauptstr. 12 b"),
        ("ES", "Calle Mayor 5", "Calle Mayor n\u00ba 6"),
        ("MX", "Calle 5 #123", "Calle 5 #456"),
        ("US", "5\u00bd Main St", "51/2 Main St"),
        ("US", "12 E 42nd St", "12 E 43rd St"),
        ("US", "12 Close Ct", "12 Calle Ct"),
        ("US", "12 Main St NW", "12 Main St NE"),
        ("US", "12 Park Ter", "12ter Park"),
        ("GB", "Flat 5, The Mill", "Flat 6, The Mill"),
        ("GB", "Flat 5, The Mill", "Floor 5, The Mill"),
        ("AU", "4/12 George St", "5/12 George St"),
        ("AU", "4/12 George St", "12 George St"),
        ("CA", "100-200 King St", "200 King St"),
        ("CA", "98-102 King St", "102 King St"),
        ("SG", "#12-34, 5 Orchard Road", "#12-35, 5 Orchard Road"),
        ("SG", "#12-34, 5 Orchard Road", "#12-34, 6 Orchard Road"),
        ("CO", "Cra. 10 # 5-51", "Calle 10 # 5-51"),
        ("FR", "12 bis rue de la Paix", "12 ter rue de la Paix"),
        ("DE", "Goethestr. 5", "Goetheplatz 5"),
    ],
)
def test_two_flats_of_one_house_are_two_addresses(
    make_payment: Callable[..., Payment], reference: Reference, country: str, one: str, other: str
) -> None:
    billing = Contact(address=one, city="Anytown", country=country, postal="12345")
    known, _ = enrich(make_payment(billing=billing, shipping=replace(billing, address=other)), reference)
    assert known["billing_address"] != known["shipping_address"]
    assert known["shipping_address_matches_billing"] is False


def test_the_features(make_payment: Callable[..., Payment], reference: Reference) -> None:
    known, _ = enrich(make_payment(billing=LONDON, shipping=replace(LONDON, postal="sw1y 4jh")), reference)
    assert known["billing_address"] == known["shipping_address"] == address_key(LONDON)
    assert len(str(known["billing_address"])) == 16
    assert "james" not in str(known["billing_address"])


def test_a_flat_may_stand_in_either_line(make_payment: Callable[..., Payment], reference: Reference) -> None:
    one = Contact(address="12 Main St Apt 4", city="Austin", postal="78701", country="US")
    other = replace(one, address="12 Main Street", address_2="apt 4")
    for same in (other, *(replace(other, address_2=each) for each in ("#4", "4", "Unit 4"))):
        known, _ = enrich(make_payment(billing=one, shipping=same), reference)
        assert known["shipping_address_matches_billing"] is True
    for another in (replace(other, address_2="apt 5"), replace(other, country="MX")):
        known, _ = enrich(make_payment(billing=one, shipping=another), reference)
        assert known["shipping_address_matches_billing"] is False


@pytest.mark.parametrize(
    ("city", "other", "is_same"),
    [
        ("\u0141\u00f3d\u017a", "LODZ", True),
        ("Troms\u00f8", "Tromso", True),
        ("TROMSOE", "Troms\u00f8", True),
        ("Diyarbak\u0131r", "DIYARBAKIR", True),
        ("\u0130zmir", "Izmir", True),
        ("M\u00fcnchen", "Muenchen", True),
        ("\u00c5rhus C", "Aarhus C", True),
        ("\u00d6stersund", "Ostersund", True),
        ("\u0141\u00f3d\u017a", "Lublin", False),
    ],
)
def test_a_city_is_one_with_and_without_its_own_letters(
    make_payment: Callable[..., Payment], reference: Reference, city: str, other: str, is_same: bool
) -> None:
    known, _ = enrich(make_payment(billing=Contact(city=city), shipping=Contact(city=other)), reference)
    assert known["shipping_city_matches_billing"] is is_same


@pytest.mark.parametrize("region", [None, "TX", "AP", "ap"])
@pytest.mark.parametrize("other", [None, "TX", "AP"])
@pytest.mark.parametrize("city", ["Austin", "APO", None])
def test_goods_that_go_to_the_billing_address_are_told_as_if_alone(
    make_payment: Callable[..., Payment], reference: Reference, region: str | None, other: str | None, city: str | None
) -> None:
    billing = Contact(address="12 Main St Apt 4", city=city, region=region, postal="78701", country="US")
    shipping = replace(billing, region=other)
    both, _ = enrich(make_payment(billing=billing, shipping=shipping), reference)
    alone, _ = enrich(make_payment(shipping=shipping), reference)
    told = ("shipping_address", "shipping_building", "shipping_is_military", "shipping_has_unit", "shipping_is_po_box")
    assert [both[name] for name in told] == [alone[name] for name in told]
