"""What telephone numbers say, by libphonenumber's own examples of each country and by how people write them.

Numbers are those that regulators keep for examples and films (Ofcom, NANPA, ACMA, Arcep), and libphonenumber's.
"""

import lzma
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment import enrich
from engine.enrichment.phone import PHONE, _read, is_placeholder, normalized_phone
from engine.errors import ReferenceInvalid
from engine.payment import Contact, Payment
from engine.reference import PhonePlans, Reference
from engine.reference.calling_codes import CALLING_CODES
from engine.reference.phones import EMBEDDED_PHONES, FIXED_OR_MOBILE, NO_SUCH

LINE_NAMES: Final = {
    phonenumbers.PhoneNumberType.FIXED_LINE: "fixed",
    phonenumbers.PhoneNumberType.MOBILE: "mobile",
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE: FIXED_OR_MOBILE,
    phonenumbers.PhoneNumberType.TOLL_FREE: "toll_free",
    phonenumbers.PhoneNumberType.PREMIUM_RATE: "premium",
    phonenumbers.PhoneNumberType.SHARED_COST: "shared_cost",
    phonenumbers.PhoneNumberType.VOIP: "voip",
    phonenumbers.PhoneNumberType.PERSONAL_NUMBER: "personal",
    phonenumbers.PhoneNumberType.PAGER: "pager",
    phonenumbers.PhoneNumberType.UAN: "company",
    phonenumbers.PhoneNumberType.VOICEMAIL: "voicemail",
    phonenumbers.PhoneNumberType.UNKNOWN: None,
}

CASES: Final = (
    # country of the address, as written, the number's country (or why unknown), its line, VoIP
    ("US", "(512) 555-0133", "US", "fixed_or_mobile", "not_told_apart"),
    ("US", "1-212-736-5000", "US", "fixed_or_mobile", "not_told_apart"),
    ("US", "650.253.0000 ext. 12", "US", "fixed_or_mobile", "not_told_apart"),
    ("US", "+1 650 253 0000", "US", "fixed_or_mobile", "not_told_apart"),
    ("US", "1 800 222 1222", "no_one_country", "toll_free", False),
    ("US", "(900) 234-5678", "no_one_country", "premium", False),
    ("US", "500 234 5678", "no_one_country", "personal", False),
    ("US", "416 555 0123", "CA", "fixed_or_mobile", "not_told_apart"),
    ("US", "876 523 0123", "JM", "fixed_or_mobile", "not_told_apart"),
    ("US", "787 234 5678", "PR", "fixed_or_mobile", "not_told_apart"),
    ("US", "+52 55 5123 4567", "MX", "fixed_or_mobile", "not_told_apart"),
    ("US", "123 456 7890", "phone_invalid", None, None),
    ("US", "012 345 6789", "phone_invalid", None, None),
    ("US", "512 555", "phone_invalid", None, None),
    ("CA", "514-987-6543", "CA", "fixed_or_mobile", "not_told_apart"),
    ("GB", "020 7946 0018", "GB", "fixed", False),
    ("GB", "+44 (0)20 7946 0018", "GB", "fixed", False),
    ("GB", "07400 123456", "GB", "mobile", False),
    ("GB", "0800 123 4567", "no_one_country", "toll_free", False),
    ("GB", "056 1234 5678", "GB", "voip", True),
    ("GB", "070 1234 5678", "no_one_country", "personal", False),
    ("GB", "07911 123456", "GG", "mobile", False),
    ("GB", "01534 456789", "JE", "fixed", False),
    ("GB", "0903 123 4567", "no_one_country", "premium", False),
    ("IE", "085 012 3456", "IE", "mobile", False),
    ("IE", "076 123 4567", "IE", "voip", True),
    ("DE", "0151 23456789", "DE", "mobile", False),
    ("DE", "+49 30 123456", "DE", "fixed", False),
    ("DE", "0049 (0)30 123456", "DE", "fixed", False),
    ("DE", "0800 1234567", "DE", "toll_free", False),
    ("DE", "0900 1234567", "DE", "premium", False),
    ("AT", "0664 123456", "AT", "mobile", False),
    ("CH", "078 123 45 67", "CH", "mobile", False),
    ("FR", "01 23 45 67 89", "FR", "fixed", False),
    ("FR", "+33 6 12 34 56 78", "FR", "mobile", False),
    ("FR", "09 12 34 56 78", "FR", "voip", True),
    ("FR", "+33 (0)6 12 34 56 78", "FR", "mobile", False),
    ("ES", "612 34 56 78", "ES", "mobile", False),
    ("ES", "910 12 34 56", "ES", "fixed", False),
    ("PT", "912 345 678", "PT", "mobile", False),
    ("IT", "02 1234 5678", "IT", "fixed", False),
    ("IT", "312 345 6789", "IT", "mobile", False),
    ("NL", "06 12345678", "NL", "mobile", False),
    ("NL", "085 123 4567", "NL", "voip", True),
    ("BE", "0470 12 34 56", "BE", "mobile", False),
    ("DK", "32 12 34 56", "DK", "fixed_or_mobile", "not_told_apart"),
    ("SE", "070-123 45 67", "SE", "mobile", False),
    ("NO", "406 12 345", "NO", "mobile", False),
    ("FI", "041 2345678", "FI", "mobile", False),
    ("PL", "512 345 678", "PL", "mobile", False),
    ("CZ", "601 123 456", "CZ", "mobile", False),
    ("HU", "06 20 123 4567", "HU", "mobile", False),
    ("GR", "691 234 5678", "GR", "mobile", False),
    ("TR", "0501 234 56 78", "TR", "mobile", False),
    ("RU", "8 (912) 345-67-89", "RU", "mobile", False),
    ("KZ", "8 (771) 000 9998", "KZ", "mobile", False),
    ("UA", "050 123 4567", "UA", "mobile", False),
    ("IL", "050-234-5678", "IL", "mobile", False),
    ("AE", "050 123 4567", "AE", "mobile", False),
    ("IN", "081234 56789", "IN", "mobile", False),
    ("CN", "131 2345 6789", "CN", "mobile", False),
    ("HK", "5123 4567", "HK", "mobile", False),
    ("JP", "090-1234-5678", "JP", "mobile", False),
    ("JP", "050-1234-5678", "JP", "voip", True),
    ("KR", "010-2000-0000", "KR", "mobile", False),
    ("SG", "8123 4567", "SG", "mobile", False),
    ("AU", "0412 345 678", "AU", "mobile", False),
    ("AU", "(02) 1234 5678", "AU", "fixed", False),
    ("NZ", "021 123 4567", "NZ", "mobile", False),
    ("ZA", "071 123 4567", "ZA", "mobile", False),
    ("NG", "0802 123 4567", "NG", "mobile", False),
    ("BR", "(11) 96123-4567", "BR", "mobile", False),
    ("AR", "+54 9 11 2345-6789", "AR", "mobile", False),
    ("CL", "2 2123 4567", "CL", "fixed_or_mobile", "not_told_apart"),
    ("CO", "321 1234567", "CO", "mobile", False),
    (None, "+800 1234 5678", "no_one_country", "toll_free", False),
    (None, "+882 16 1234 5678", "no_one_country", "voip", True),
    (None, "+999 1234567", "phone_invalid", None, None),
    (None, "020 7946 0018", "country_unknown", None, None),
    ("GB", "call me", "phone_invalid", None, None),
    (None, None, None, None, None),
)


@pytest.mark.parametrize(("country", "number", "of", "line", "is_voip"), CASES)
def test_what_a_number_says(
    make_payment: Callable[..., Payment],
    reference: Reference,
    country: str | None,
    number: str | None,
    of: str | None,
    line: str | None,
    is_voip: bool | str | None,
) -> None:
    found, causes = enrich(make_payment(billing=Contact(country=country, phone_number=number)), reference)
    assert (causes.get("phone_country", found["phone_country"]), found["phone_number_type"]) == (of, line)
    if line is not None:
        assert causes.get("phone_is_voip", found["phone_is_voip"]) == is_voip
    valid = {"phone_invalid": False, "country_unknown": None}.get(of or "", None if number is None else True)
    assert found["phone_is_valid"] is valid


@cache
def examples() -> tuple[phonenumbers.PhoneNumber, ...]:
    """Libphonenumber's example of each kind of line in each country."""
    of_regions = (
        phonenumbers.example_number_for_type(region, kind)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in LINE_NAMES
    )
    nowhere = map(phonenumbers.example_number_for_non_geo_entity, phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
    return tuple(each for each in (*of_regions, *nowhere) if each is not None)


TABLE: Final = PhonePlans.load()


def e164(number: phonenumbers.PhoneNumber) -> str:
    return f"+{number.country_code}{phonenumbers.national_significant_number(number)}"


def told(number: phonenumbers.PhoneNumber) -> tuple[str | None, str | None]:
    """The country and the line as the library itself tells them."""
    region = phonenumbers.region_code_for_number(number)
    line = LINE_NAMES[phonenumbers.number_type(number)]
    return (None if region == "001" or line is None else region, line)


def asked(number: phonenumbers.PhoneNumber) -> tuple[str | None, str | None]:
    facts = TABLE.facts(e164(number))
    return facts.country, facts.line


def test_every_example_is_what_the_library_says_it_is() -> None:
    assert len(examples()) > 1300
    assert {e164(each): asked(each) for each in examples()} == {e164(each): told(each) for each in examples()}


@given(st.data())
def test_a_number_near_an_example_is_what_the_library_says_it_is(data: st.DataObject) -> None:
    example = data.draw(st.sampled_from(examples()))
    digits = list(phonenumbers.national_significant_number(example))
    digits[data.draw(st.integers(0, len(digits) - 1))] = data.draw(st.sampled_from("0123456789"))
    written = "".join(digits)
    zeros = len(written) - len(written.lstrip("0"))
    near = phonenumbers.PhoneNumber(
        country_code=example.country_code,
        national_number=int(written),
        italian_leading_zero=True if zeros else None,
        number_of_leading_zeros=zeros or None,
    )
    facts = TABLE.facts(e164(near))
    # A trunk prefix left standing is taken off here, as the library takes it off when it reads a number.
    if told(near) != (None, None):
        assert (facts.country, facts.line) == told(near)


READ_AS_DIALLED: Final = (
    ("IN", "+91 0 98765 43290", "+919876543290"),
    ("GB", "+44 0207 946 0018", "+442079460018"),
    ("US", "+1 1 212 736 5000", "+12127365000"),
    ("RU", "+7 8 912 345 67 89", "+79123456789"),
    ("AR", "011 15-2345-6799", "+5491123456799"),
    ("AR", "+54 9 11 2345-6799", "+5491123456799"),
    ("IN", "919876512340", "+919876512340"),
    ("GB", "442079460018", "+442079460018"),
    ("FR", "33612345699", "+33612345699"),
    ("CN", "8613800138000", "+8613800138000"),
    ("DE", "4915123456789", "+494915123456789"),
    ("US", "011 44 20 7946 0018", "+442079460018"),
    ("AU", "0011 44 20 7946 0018", "+442079460018"),
    ("JP", "010 44 20 7946 0018", "+442079460018"),
    ("RU", "810 44 20 7946 0018", "+442079460018"),
    ("BR", "0 41 11 91234-5679", "+5511912345679"),
    ("BR", "+55 0 41 11 91234-5679", "+5511912345679"),
    ("US", "1-800-FLOWERS", "+18003569377"),
    ("US", "1-800-GO-FEDEX", "+18004633339"),
    ("IT", "0039 06 12345678", "+390612345678"),
)


@pytest.mark.parametrize(("country", "number", "expected"), READ_AS_DIALLED)
def test_a_number_is_read_as_it_is_dialled_in_its_country(
    make_payment: Callable[..., Payment], reference: Reference, country: str, number: str, expected: str
) -> None:
    parsed = phonenumbers.parse(number, country)
    assert (e164(parsed), phonenumbers.is_valid_number(parsed)) == (expected, True)
    for contact in ("billing", "shipping"):
        found, _ = enrich(make_payment(**{contact: Contact(country=country, phone_number=number)}), reference)
        assert (found["phone_normalized"], found["phone_is_valid"]) == (expected, True)


@pytest.mark.parametrize(
    ("country", "number", "expected", "of"),
    [
        ("FR", "0692 12 34 56", "+262692123456", "RE"),
        ("FR", "0639 01 23 45", "+262639012345", "YT"),
        ("FR", "0590 82 00 00", "+590590820000", "GP"),
        ("FR", "0696 45 67 89", "+596696456789", "MQ"),
        ("MX", "+52 1 55 4321 8769", "+525543218769", "MX"),
        ("US", "+52 1 55 4321 8769", "+525543218769", "MX"),
    ],
)
def test_numbers_are_read_as_address_books_have_them(
    make_payment: Callable[..., Payment], reference: Reference, country: str, number: str, expected: str, of: str
) -> None:
    # The library says that there are no such numbers; those who have them are called by them.
    assert not phonenumbers.is_valid_number(phonenumbers.parse(number, country))
    found, _ = enrich(make_payment(billing=Contact(country=country, phone_number=number)), reference)
    assert (found["phone_normalized"], found["phone_is_valid"], found["phone_country"]) == (expected, True, of)


@pytest.mark.parametrize(
    ("country", "number"),
    [
        ("US", "9" * 15),
        ("US", "011 0 44 20 7946 0018"),
        ("US", "011 99 123 4567"),
        ("GB", "44"),
        ("GB", "4444444"),
        ("BR", "0 41 11 1234-567"),
        ("US", "12-FLOWERS"),
        ("US", "1-800-FLOWERS-AND-MORE-AND-MORE"),
        ("FR", "3333612345699"),
    ],
)
def test_what_no_reading_makes_a_number_is_none(
    make_payment: Callable[..., Payment], reference: Reference, country: str, number: str
) -> None:
    found, _ = enrich(make_payment(billing=Contact(country=country, phone_number=number)), reference)
    assert found["phone_is_valid"] is False


def test_every_form_of_every_example_is_one_number() -> None:
    forms = phonenumbers.PhoneNumberFormat
    for example in examples():
        region = phonenumbers.region_code_for_number(example)
        if region not in CALLING_CODES:
            continue
        for written in (
            e164(example),
            phonenumbers.format_number(example, forms.NATIONAL),
            phonenumbers.format_number(example, forms.INTERNATIONAL),
        ):
            facts = _read(Contact(country=region, phone_number=written), TABLE)[1]
            assert facts.number == e164(example), (region, written)


def test_a_mobile_number_is_normalized_as_the_library_does_it() -> None:
    wrong = []
    for country in sorted(phonenumbers.SUPPORTED_REGIONS & CALLING_CODES.keys()):
        example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
        if example is not None:
            for form in (phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.NATIONAL):
                written = phonenumbers.format_number(example, form)
                if normalized_phone(written, CALLING_CODES[country]) != e164(example):
                    wrong.append((country, written))
    # What is dialled at home there is no prefix alone: Argentina's 15 moves, and is read as the digits it has.
    assert {country for country, _ in wrong} <= {"AR"}


@pytest.mark.parametrize(
    ("number", "is_one"),
    [
        ("+15125550133", True),
        ("+15125550233", False),
        ("+15551234567", True),
        ("+442222222222", True),
        ("+447765432100", False),
        ("+449876543210", True),
        ("+442079460018", False),
    ],
)
def test_numbers_that_people_make_up(number: str, is_one: bool) -> None:
    assert is_placeholder(number) is is_one


def test_a_missing_table_leaves_the_number(make_payment: Callable[..., Payment], reference: Reference) -> None:
    payment = make_payment(billing=Contact(country="GB", phone_number="020 7946 0018"))
    found, causes = enrich(payment, replace(reference, phones=None))
    assert found["phone_normalized"] == "+442079460018"
    names = ("phone_is_valid", "phone_country", "phone_number_type", "phone_is_voip")
    assert {(found[name], causes[name]) for name in names} == {(None, "phones")}


@pytest.mark.parametrize("content", [b"", lzma.compress(b"[]"), lzma.compress(b'{"version": "1", "built": "x"}')])
def test_a_broken_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "phones.json.xz"
    path.write_bytes(content)
    with pytest.raises(ReferenceInvalid, match="no table of numbering plans"):
        PhonePlans.load(path)


@given(st.text(max_size=20))
def test_any_text_is_asked(number: str) -> None:
    assert TABLE.facts(number) == TABLE.facts.__wrapped__(number)
    assert TABLE.facts("") == NO_SUCH


@given(st.text(max_size=20), st.one_of(st.none(), st.sampled_from(("US", "GB", "XX"))))
def test_any_number_is_computed(number: str, country: str | None) -> None:
    facts = TABLE.facts(normalized_phone(number, CALLING_CODES.get(country or "", "")) or "")
    assert facts.line is None or facts.line in (*LINE_NAMES.values(),)


def test_the_table_says_what_it_is() -> None:
    assert TABLE.info.version == TABLE.version
    assert len(PHONE.features) == 7
    assert len(CASES) >= 60
    assert EMBEDDED_PHONES.stat().st_size < 100_000
