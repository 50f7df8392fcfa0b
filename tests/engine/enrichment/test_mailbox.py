"""One mailbox is one text, and two mailboxes are never one."""

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment import enrich
from engine.enrichment.mailbox import normalized_email
from engine.payment import Email, Payment
from engine.reference import Reference


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Ada@Example.com", "ada@example.com"),
        ("ada+shop@example.com", "ada@example.com"),
        ("ada+a+b@example.com", "ada@example.com"),
        ("+ada@example.com", "+ada@example.com"),
        ("a.d.a@example.com", "a.d.a@example.com"),
        ("a.d.a+x@gmail.com", "ada@gmail.com"),
        ("a.d.a@googlemail.com", "ada@gmail.com"),
        ("ada-shop@gmail.com", "ada-shop@gmail.com"),
        ("ada-shop@yahoo.co.uk", "ada@yahoo.co.uk"),
        ("ada+shop@yahoo.com", "ada+shop@yahoo.com"),
        ("-ada@ymail.com", "-ada@ymail.com"),
        ("ada@pm.me", "ada@protonmail.com"),
        ("ada@ya.ru", "ada@yandex.ru"),
        ("ada@me.com", "ada@icloud.com"),
        ("shop@ada.fastmail.com", "ada@fastmail.com"),
        ("ada+shop@fastmail.com", "ada@fastmail.com"),
        ("ada@mail.example.com", "ada@mail.example.com"),
        ("ada@example.com.", "ada@example.com"),
        ("ada@b\u00fccher.example", "ada@xn--bcher-kva.example"),
        ("ada@B\u00dcCHER.example", "ada@xn--bcher-kva.example"),
        ("cafe\u0301@example.com", "caf\u00e9@example.com"),
        ("\u0130smail@gmail.com", "ismail@gmail.com"),
        ("\u0130sm.ail@gmail.com".lower(), "ismail@gmail.com"),
        ('"a+b"@example.com', '"a+b"@example.com'),
        ('"a@b"@example.com', '"a@b"@example.com'),
        ("ada@gmial.com", "ada@gmial.com"),
        ("ada@\u2603\u2603-.example", "ada@\u2603\u2603-.example"),
        ("...@gmail.com", "...@gmail.com"),
        ("@example.com", None),
        ("ada@", None),
        ("ada", None),
        ("", None),
    ],
)
def test_what_an_address_comes_to(address: str, mailbox: str | None) -> None:
    assert normalized_email(address) == mailbox


NAMES = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)


@given(NAMES, st.data())
def test_every_spelling_of_a_gmail_mailbox_is_one(name: str, data: st.DataObject) -> None:
    spelt = "".join(data.draw(st.sampled_from((each, each.upper(), f".{each}", f"{each}."))) for each in name)
    tag = data.draw(st.sampled_from(("", "+", "+shop", "+a.b+c")))
    domain = data.draw(st.sampled_from(("gmail.com", "GoogleMail.com", "Gmail.COM.")))
    assert normalized_email(f" {spelt}{tag}@{domain} ") == f"{name}@gmail.com"


@given(NAMES, NAMES, st.sampled_from(("gmail.com", "yahoo.com", "example.com", "proton.me", "fastmail.fm")))
def test_two_names_are_two_mailboxes(one: str, other: str, domain: str) -> None:
    assert (normalized_email(f"{one}@{domain}") == normalized_email(f"{other}@{domain}")) == (one == other)


@given(st.text(max_size=40))
def test_any_text_is_taken_and_what_it_comes_to_stays(text: str) -> None:
    for address in (text, f"{text}@gmail.com", f"ada@{text}"):
        once = normalized_email(address)
        assert once is None or "@" in once


@pytest.mark.parametrize(
    ("email", "value"),
    [
        (Email(address="a.d.a@googlemail.com"), "ada@gmail.com"),
        (Email(md5="0" * 32), "0" * 32),
        (Email(address="a@example.net", md5="0" * 32), "a@example.net"),
        (Email(), None),
    ],
)
def test_the_feature(make_payment: Callable[..., Payment], reference: Reference, email: Email, value: str) -> None:
    assert enrich(make_payment(email=email), reference)[0]["email_normalized"] == value
