"""What an e-mail address tells, case by case; nothing makes it raise, and a missing table is unknown and no more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment import enrich
from engine.enrichment.email import EMAIL, _of_address
from engine.features import Unknown, Value
from engine.payment import Email, Order, Payment
from engine.reference import Reference

NAMES = [feature.name for feature in EMAIL.features]

# The kind of domain, and what was registered; then what else is to be so. What is not named of these is not so.
CASES: list[tuple[str, str, str | None, str]] = [
    # Free providers, their national domains and their subdomains
    ("ada.lovelace@gmail.com", "free", "gmail.com", ""),
    ("ada@googlemail.com", "free", "googlemail.com", ""),
    ("ada@yahoo.com", "free", "yahoo.com", ""),
    ("ada@yahoo.co.uk", "free", "yahoo.co.uk", ""),
    ("ada@yahoo.fr", "free", "yahoo.fr", ""),
    ("ada@hotmail.com", "free", "hotmail.com", ""),
    ("ada@hotmail.co.uk", "free", "hotmail.co.uk", ""),
    ("ada@outlook.de", "free", "outlook.de", ""),
    ("ada@live.com", "free", "live.com", ""),
    ("ada@icloud.com", "free", "icloud.com", ""),
    ("ada@me.com", "free", "me.com", ""),
    ("ada@proton.me", "free", "proton.me", ""),
    ("ada@pm.me", "free", "pm.me", ""),
    ("ada@tuta.com", "free", "tuta.com", ""),
    ("ada@gmx.de", "free", "gmx.de", ""),
    ("ada@web.de", "free", "web.de", ""),
    ("ada@mail.ru", "free", "mail.ru", ""),
    ("ada@yandex.ru", "free", "yandex.ru", ""),
    ("12345678@qq.com", "free", "qq.com", ""),
    ("ada@163.com", "free", "163.com", ""),
    ("ada@naver.com", "free", "naver.com", ""),
    ("ada@comcast.net", "free", "comcast.net", ""),
    ("ada@aol.com", "free", "aol.com", ""),
    ("ada@orange.fr", "free", "orange.fr", ""),
    ("ada@libero.it", "free", "libero.it", ""),
    ("ada@seznam.cz", "free", "seznam.cz", ""),
    ("ada@wp.pl", "free", "wp.pl", ""),
    ("ada@rediffmail.com", "free", "rediffmail.com", ""),
    ("ada@mail.com", "free", "mail.com", ""),
    ("ada@ymail.com", "free", "ymail.com", ""),
    ("ada@fastmail.com", "free", "fastmail.com", ""),
    ("shop@ada.fastmail.com", "free", "fastmail.com", "has_tag"),
    # Disposable ones, of which lists of free providers name some too
    ("xk29dqz@mailinator.com", "disposable", "mailinator.com", ""),
    ("ada@anything.mailinator.com", "disposable", "mailinator.com", ""),
    ("ada@yopmail.com", "disposable", "yopmail.com", ""),
    ("ada@guerrillamail.com", "disposable", "guerrillamail.com", ""),
    ("ada@sharklasers.com", "disposable", "sharklasers.com", ""),
    ("ada@10minutemail.com", "disposable", "10minutemail.com", ""),
    ("ada@temp-mail.org", "disposable", "temp-mail.org", ""),
    ("ada@maildrop.cc", "disposable", "maildrop.cc", ""),
    ("ada@trashmail.com", "disposable", "trashmail.com", ""),
    ("ada@discard.email", "disposable", "discard.email", ""),
    # Relays, which are not disposable
    ("dpdcnf87nu@privaterelay.appleid.com", "relay", "appleid.com", ""),
    ("x1y2z3@mozmail.com", "relay", "mozmail.com", ""),
    ("ada@duck.com", "relay", "duck.com", ""),
    ("x7@ada.anonaddy.com", "relay", "anonaddy.com", ""),
    ("shop.ada@aleeas.com", "relay", "aleeas.com", ""),
    ("shop.ada@passmail.net", "relay", "passmail.net", ""),
    ("x7@ada.33mail.com", "relay", "33mail.com", ""),
    ("ada@opayq.com", "relay", "opayq.com", ""),
    ("x7@relay.firefox.com", "relay", "firefox.com", ""),
    ("x7@cloaked.app", "relay", "cloaked.app", ""),
    ("x7@cloaked.id", "relay", "cloaked.id", ""),
    # Free ones of lands and of those who would not be known
    ("ada@daum.net", "free", "daum.net", ""),
    ("ada@nate.com", "free", "nate.com", ""),
    ("ada@yandex.com.tr", "free", "yandex.com.tr", ""),
    ("ada@sfr.fr", "free", "sfr.fr", ""),
    ("ada@mailbox.org", "free", "mailbox.org", ""),
    ("ada@disroot.org", "free", "disroot.org", ""),
    ("ada@cock.li", "free", "cock.li", ""),
    ("ada@docomo.ne.jp", "free", "docomo.ne.jp", ""),
    # Businesses, tasks, tags
    ("ada@example.co.uk", "other", "example.co.uk", ""),
    ("info@mail.example.co.uk", "other", "example.co.uk", "is_role"),
    ("sales+web@example.com", "other", "example.com", "is_role has_tag"),
    ("no-reply@example.com.au", "other", "example.com.au", "is_role"),
    ("postmaster@example.org", "other", "example.org", "is_role"),
    ("ada+shop@gmail.com", "free", "gmail.com", "has_tag"),
    ("ada-shop@yahoo.com", "free", "yahoo.com", "has_tag"),
    ("ada-shop@example.com", "other", "example.com", ""),
    ('"ada+shop"@example.com', "other", "example.com", ""),
    ("ada@yahoo-inc.com", "other", "yahoo-inc.com", ""),
    ("ada@pages.github.io", "other", "pages.github.io", ""),
    ("ada@www.ck", "other", "www.ck", ""),
    ("ada@a.b.kawasaki.jp", "other", "a.b.kawasaki.jp", ""),
    ("ada@city.kawasaki.jp", "other", "city.kawasaki.jp", ""),
    # Domains that look like a great provider's
    ("ada@gmail.con", "other", None, "is_misspelt"),
    ("ada@gmail.co", "other", "gmail.co", "is_misspelt"),
    ("ada@hotmial.com", "disposable", "hotmial.com", "is_misspelt"),
    ("ada@yahooo.com", "other", "yahooo.com", "is_misspelt"),
    ("ada@outlok.com", "other", "outlok.com", "is_misspelt"),
    ("ada@email.com", "free", "email.com", ""),
    ("ada@gmail.com.example.net", "other", "example.net", "is_deceptive"),
    ("ada@xn--gmil-63d.com", "other", "xn--gmil-63d.com", "is_deceptive is_idn"),
    ("ada@0utl00k.com", "other", "0utl00k.com", "is_deceptive"),
    ("ada@hotrnail.com", "other", "hotrnail.com", "is_deceptive"),
    ("ada@login-gmail.com", "other", "login-gmail.com", "is_deceptive"),
    ("ada@icloud.support.example", "other", None, "is_deceptive"),
    ("ada@hotmail.zw", "other", "hotmail.zw", ""),
    ("ada@gmail.tk", "other", "gmail.tk", "is_deceptive"),
    ("ada@gmail.xyz", "other", "gmail.xyz", "is_deceptive"),
    ("ada@yahoo.tk", "other", "yahoo.tk", "is_deceptive"),
    ("ada@mail.gmail.xyz", "other", "gmail.xyz", "is_deceptive"),
    ("ada@gmail.fr", "other", "gmail.fr", ""),
    ("ada@yahoo.fr", "free", "yahoo.fr", ""),
    # Beyond ASCII, and what is no domain of the internet
    ("ada@xn--bcher-kva.de", "other", "xn--bcher-kva.de", "is_idn"),
    ("ada@mail.xn--bcher-kva.de", "other", "xn--bcher-kva.de", "is_idn"),
    ("ada@xn--80ak6aa92e.com", "other", "xn--80ak6aa92e.com", "is_idn"),
    ("ada@example.invalid", "other", None, ""),
    ("ada@co.uk", "other", None, ""),
]


def of(email: Email, reference: Reference) -> tuple[Value | Unknown, ...]:
    payment = Payment(
        transaction_id="tx-1",
        merchant_id="shop-a",
        at=datetime(2026, 11, 2, tzinfo=UTC),
        order=Order(amount_minor=4990, currency="USD"),
        email=email,
    )
    return EMAIL.compute(payment, reference, {"email_domain": email.domain})


def values_of(address: str, reference: Reference) -> dict[str, Value | Unknown]:
    return dict(zip(NAMES, of(Email(address=address), reference), strict=True))


@pytest.mark.parametrize(("address", "kind", "registrable", "flags"), CASES)
def test_the_domain_and_what_is_odd(
    reference: Reference, address: str, kind: str, registrable: str | None, flags: str
) -> None:
    values = values_of(address, reference)
    kinds = {"disposable", "free", "relay"}
    assert {each for each in kinds if values[f"is_{each}_email"] is True} == kinds & {kind}
    found = values["email_registrable_domain"]
    assert (None if isinstance(found, Unknown) else found) == registrable
    odd = {
        "is_misspelt": values["is_misspelt_email_domain"],
        "is_deceptive": values["is_deceptive_email_domain"],
        "is_idn": values["is_idn_email_domain"],
        "is_role": values["is_role_email"],
        "has_tag": values["email_alias_used"],
    }
    assert {name for name, is_so in odd.items() if is_so} == set(flags.split())


@pytest.mark.parametrize(
    ("address", "tld", "is_known", "country", "labels"),
    [
        ("ada@example.com", "com", True, "not_found", 0),
        ("ada@mail.example.co.uk", "uk", True, "GB", 1),
        ("ada@example.de", "de", True, "DE", 0),
        ("ada@a.b.example.com.br", "br", True, "BR", 2),
        ("ada@example.io", "io", True, "not_found", 0),
        ("ada@example.co", "co", True, "not_found", 0),
        ("ada@example.xn--p1ai", "xn--p1ai", True, "not_found", 0),
        ("ada@example.invalid", "invalid", False, "not_found", "domain_unknown"),
        ("ada@example.corp", "corp", False, "not_found", "domain_unknown"),
    ],
)
def test_the_top_level_domain(
    reference: Reference, address: str, tld: str, is_known: bool, country: str, labels: int | str
) -> None:
    values = values_of(address, reference)
    names = ("email_tld", "is_email_tld_known", "email_domain_country", "email_subdomain_count")
    found = [each.cause if isinstance(each := values[name], Unknown) else each for name in names]
    assert found == [tld, is_known, country, labels]


@pytest.mark.parametrize(
    ("local", "length", "share", "run"),
    [
        ("ada", 3, 0, 0),
        ("ada84", 5, 40, 2),
        ("ada.1984", 8, 50, 4),
        ("a1b2c3", 6, 50, 1),
        ("84736251", 8, 100, 8),
        ("ada84+shop123456", 5, 40, 2),
        ("\u0661\u0662ada", 5, 40, 2),
    ],
)
def test_length_and_digits(reference: Reference, local: str, length: int, share: int, run: int) -> None:
    values = values_of(f"{local}@example.com", reference)
    found = (values["email_local_length"], values["email_digit_share"], values["email_digit_run"])
    assert found == (length, share, run)


@pytest.mark.parametrize(
    "local",
    ["ada.lovelace", "john.smith", "muhammad.iqbal", "nguyen.thi", "wang.xiaoming", "m.garcia", "andreas84", "orders"],
)
def test_names_and_words_are_no_gibberish(reference: Reference, local: str) -> None:
    percent = values_of(f"{local}@example.com", reference)["email_gibberish"]
    assert isinstance(percent, int)
    assert percent < 50


@pytest.mark.parametrize("local", ["xk29dqzw", "sdfjkhw", "zxcvbnm", "bxqkvw", "qwrtp.dfgh", "sdfjkhw.xiaojun"])
def test_struck_keys_are_gibberish(reference: Reference, local: str) -> None:
    percent = values_of(f"{local}@example.com", reference)["email_gibberish"]
    assert isinstance(percent, int)
    assert percent > 90


@pytest.mark.parametrize("local", ["12345", "jd", "jdoe", "bxqk", "xuxiaojun", "jiaqi.qiu", "\u0438\u0432\u0430\u043d"])
def test_what_has_hardly_letters_is_no_measure(reference: Reference, local: str) -> None:
    assert values_of(f"{local}@example.com", reference)["email_gibberish"] == Unknown("too_short")


def test_a_domain_alone_tells_of_the_domain(make_payment: Callable[..., Payment], reference: Reference) -> None:
    known, causes = enrich(make_payment(email=Email(domain="mailinator.com")), reference)
    assert (known["is_disposable_email"], known["email_tld"]) == (True, "com")
    assert known["is_role_email"] is None
    assert "is_role_email" not in causes


def test_an_md5_tells_nothing_but_itself(make_payment: Callable[..., Payment], reference: Reference) -> None:
    known, causes = enrich(make_payment(email=Email(md5="0" * 32)), reference)
    assert known["email_normalized"] == "0" * 32
    assert {causes[name] for name in NAMES[1:]} == {"email_hashed"}
    with_domain, causes = enrich(make_payment(email=Email(md5="0" * 32, domain="gmail.com")), reference)
    assert (with_domain["is_free_email"], causes["is_role_email"]) == (True, "email_hashed")


def test_without_an_email_nothing_is_known(make_payment: Callable[..., Payment], reference: Reference) -> None:
    known, causes = enrich(make_payment(), reference)
    assert {known[name] for name in NAMES} == {None}
    assert not set(NAMES) & causes.keys()


def test_a_missing_table_is_unknown_and_nothing_else(reference: Reference) -> None:
    whole = values_of("info84@gmail.com", reference)
    bare = values_of("info84@gmail.com", replace(reference, mail_domains=None, letter_pairs=None))
    for name in NAMES:
        assert bare[name] in (whole[name], Unknown("mail_domains"), Unknown("letter_pairs")), name
    missing = {name for name in NAMES if isinstance(bare[name], Unknown)}
    assert missing == {
        "email_registrable_domain", "email_domain_country", "email_subdomain_count", "is_disposable_email",
        "is_free_email", "is_relay_email", "is_email_tld_known", "is_misspelt_email_domain",
        "is_deceptive_email_domain", "email_gibberish",
    }  # fmt: skip


@given(st.text(max_size=30), st.sampled_from(("", "@", "@gmail.com", "@xn--", "@.", "@a..b", '"@b', "@\u2603.example")))
def test_nothing_makes_it_raise_and_what_is_kept_is_equal(reference: Reference, text: str, domain: str) -> None:
    for email in (Email(address=f"{text}{domain}"), Email(domain=f"{domain}{text}" or None)):
        first = of(email, reference)
        assert len(first) == len(NAMES)
        if email.address is not None:
            assert first == _of_address(email.address, reference.mail_domains, reference.letter_pairs)
