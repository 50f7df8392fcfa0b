"""One telephone line is one text, however it is written."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment import enrich
from engine.enrichment.phone import normalized_phone
from engine.iso import COUNTRIES
from engine.payment import Contact, Payment
from engine.reference import Reference
from engine.reference.calling_codes import CALLING_CODES, NO_PHONE_NUMBER


def test_every_country_has_a_calling_code() -> None:
    assert set(CALLING_CODES) == COUNTRIES
    assert all(code.isdecimal() and 1 <= len(code) <= 3 for code in CALLING_CODES.values())
    assert {"US": "1", "JM": "1", "GB": "44", "KZ": "7", "XK": "383"}.items() <= CALLING_CODES.items()


@pytest.mark.parametrize(
    ("number", "calling_code", "e164"),
    [
        ("020 7946 0018", "44", "+442079460018"),
        ("20 7946 0018", "44", "+442079460018"),
        ("+44 (0)20 7946-0018", "", "+442079460018"),
        ("+44 20 7946 0018", "1", "+442079460018"),
        ("(+44) 2079460018", "", "+442079460018"),
        ("0044 20 7946 0018", "44", "+442079460018"),
        ("020 7946 0018 ext. 12", "44", "+442079460018"),
        ("(512) 555-0133", "1", "+15125550133"),
        ("1-512-555-0133", "1", "+15125550133"),
        ("512.555.0133 x9", "1", "+15125550133"),
        ("512.555.0133ext9", "1", "+15125550133"),
        ("8 (495) 123-45-67", "7", "+74951234567"),
        ("800 555-35-35", "7", "+78005553535"),
        ("06 1 234 5678", "36", "+3612345678"),
        ("06 1234 5678", "39", "+390612345678"),
        ("\u0660\u0662\u0660\u0667\u0669\u0664\u0666\u0660\u0660\u0661\u0668", "44", "+442079460018"),
        ("+44 020 7946 0018", "", "+442079460018"),
        ("+44 0207 946 0018", "1", "+442079460018"),
        ("0044 020 7946 0018", "33", "+442079460018"),
        ("+91 0 98765 43290", "", "+919876543290"),
        ("+1 1 212 736 5000", "", "+12127365000"),
        ("+7 8 912 345 67 89", "", "+79123456789"),
        ("+39 06 1234 5678", "", "+390612345678"),
        ("+227 08 12 34 56", "", "+22708123456"),
        ("\u202a+49 171 1234568", "49", "+491711234568"),
        ("\u202a+1 212 736 5000\u202c", "44", "+12127365000"),
        ("\u2060020 7946 0018", "44", "+442079460018"),
        ("tel:+12127365000", "44", "+12127365000"),
        ("tel:+1-212-736-5000;ext=5", "44", "+12127365000"),
        ("'+1 212 736 5000", "44", "+12127365000"),
        ("[+1] 212 736 5000", "44", "+12127365000"),
        ("Tel. +49 171 1234568", "43", "+491711234568"),
        ("Tel. 0049 171 1234568", "43", "+491711234568"),
        ("text: +49 171 1234568", "43", "+491711234568"),
        ("#020 7946 0018 #12", "44", "+442079460018"),
        ("(0)20 7946 0018", "44", "+442079460018"),
        ("020 7946 0018 +12", "44", "+44207946001812"),
        ("787 555 1234", "1787", "+17875551234"),
        ("(809) 555-1234", "1809", "+18095551234"),
        ("555 1234", "1787", "+17875551234"),
        ("020 7946 0018", "", None),
        ("12", "44", None),
        ("call me", "44", None),
        ("1234567890123", "886", None),
    ],
)
def test_what_a_number_comes_to(number: str, calling_code: str, e164: str | None) -> None:
    assert normalized_phone(number, calling_code) == e164


@given(
    st.text("23456789", min_size=10, max_size=10),
    st.sampled_from(("44", "49", "33", "1", "7", "39", "36")),
    st.sampled_from(("", " ", "-", ".", " / ")),
)
def test_written_for_abroad_and_at_home_it_is_the_same(national: str, code: str, between: str) -> None:
    written = between.join((national[:3], national[3:]))
    same = {normalized_phone(f"{start}{written}", code) for start in ("", f"+{code} ", f"00{code}", f"+{code} (0)")}
    assert same == {f"+{code}{national}"}


@pytest.mark.parametrize(
    ("billing", "shipping", "value", "cause"),
    [
        (Contact(phone_country_code="44", phone_number="020 7946 0018"), Contact(), "+442079460018", None),
        (Contact(country="GB", phone_number="020 7946 0018"), Contact(), "+442079460018", None),
        (Contact(), Contact(country="GB", phone_number="020 7946 0018"), "+442079460018", None),
        (Contact(phone_number="020 7946 0018"), Contact(), None, "country_unknown"),
        (Contact(country="GB", phone_number="1"), Contact(), None, "phone_invalid"),
        (Contact(phone_number=NO_PHONE_NUMBER), Contact(), None, "phone_invalid"),
        (Contact(country="US", phone_number="9" * 15), Contact(), None, "phone_invalid"),
        (Contact(), Contact(), None, None),
    ],
)
def test_the_feature(
    make_payment: Callable[..., Payment],
    reference: Reference,
    billing: Contact,
    shipping: Contact,
    value: str | None,
    cause: str | None,
) -> None:
    known, causes = enrich(make_payment(billing=billing, shipping=shipping), reference)
    assert (known["phone_normalized"], causes.get("phone_normalized")) == (value, cause)
    # What was sent and can be none is not valid; what was left out is unknown.
    assert known["phone_is_valid"] is {"phone_invalid": False}.get(cause or "", None if value is None else True)
