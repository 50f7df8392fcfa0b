"""E-mail addresses: all spellings of one mailbox are kept as one text, and none that only looks like another."""

from unicodedata import normalize

import pytest

from tests.api.decision_requests import decide, notes, with_value

ONE_MAILBOX = [
    ("\uff21\uff44\uff41@example.com", "ada@example.com"),
    ("\uff4d\uff41\uff52\uff59\uff0e\uff4a@example.com", "mary.j@example.com"),
    ("\U0001d4d0da@example.com", "ada@example.com"),
    ("\u212ae@example.com", "ke@example.com"),
    ("\ufb01n@example.com", "fin@example.com"),
    (normalize("NFD", "jos\u00e9@example.com"), "jos\u00e9@example.com"),
    (normalize("NFD", "JOS\u00c9@example.com"), "jos\u00e9@example.com"),
    (normalize("NFC", "jos\u00e9@example.com"), "jos\u00e9@example.com"),
    ('"ada"@example.com', "ada@example.com"),
    ('"Ada.Lovelace+x"@example.com', "ada.lovelace+x@example.com"),
    ('"a\\d\\a"@example.com', "ada@example.com"),
    ('"\uff41da"@example.com', "ada@example.com"),
    ('"ada\\ l"@example.com', '"ada l"@example.com'),
    ('"a..b"@example.com', '"a..b"@example.com'),
    ('"a\\"b\\\\"@example.com', '"a\\"b\\\\"@example.com'),
    ('""@example.com', '""@example.com'),
    ("\u7528\u6237@example.com", "\u7528\u6237@example.com"),
]
UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u202e\u2060\u2063\u2800\u3164\ufe0f\ufeff"
    "\U000e0041\U000e0100"
)


@pytest.mark.parametrize(("sent", "kept"), ONE_MAILBOX)
def test_one_mailbox_is_one_text(sent: str, kept: str) -> None:
    payment, warnings = decide(with_value("/email/address", sent))
    assert (payment.email.address, warnings) == (kept, ())
    assert decide(with_value("/email/address", kept))[0].email.address == kept


@pytest.mark.parametrize("character", UNSEEN, ids=lambda character: f"{ord(character):x}")
@pytest.mark.parametrize("form", ["a{}da@example.com", '"a {}da"@example.com'])
def test_what_is_not_seen_makes_no_other_mailbox(form: str, character: str) -> None:
    payment, warnings = decide(with_value("/email/address", form.format(character)))
    assert payment.email.address is None
    assert notes(warnings) == {("/email/address", "email_invalid")}


@pytest.mark.parametrize("sent", ["a\uff20b@example.com", "a\u3000b@example.com", "\ufdfa" * 60 + "@example.com"])
def test_what_is_no_local_part_in_its_plain_form_is_none(sent: str) -> None:
    payment, warnings = decide(with_value("/email/address", sent))
    assert (payment.email.address, notes(warnings)) == (None, {("/email/address", "email_invalid")})
