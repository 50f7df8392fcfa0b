"""Payments in which nothing was ever seen before: what an enrichment costs where no cache helps."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from random import Random
from string import ascii_lowercase, digits
from typing import Final

from engine.payment import Card, Contact, Device, Email, Payment

_LINE_NUMBERS: Final = 99_999


def renewed(payments: Iterator[Payment], seed: int) -> Iterator[Payment]:
    """The same payments with every text of an open set made another one of its kind; the same for one seed.

    What has few values in all traffic stays: countries, regions, currency, brand, the issuer's codes. A city stays a
    city that there is, with its postal code changed; a user agent stays one of its family, of another version.
    """
    random = Random(f"new {seed}")  # noqa: S311 - made up, no secret
    for payment in payments:
        yield replace(
            payment,
            email=_email(payment.email, random),
            billing=_contact(payment.billing, random),
            shipping=_contact(payment.shipping, random),
            card=_card(payment.card, random),
            device=_device(payment.device, random),
        )


def _email(email: Email, random: Random) -> Email:
    """Another mailbox, at a domain that nobody else has for one in four."""
    local, at, domain = (email.address or "").partition("@")
    domain = f"{_word(random, 8)}.{domain}" if random.random() < 1 / 4 else domain
    return replace(email, address=f"{local[:20]}.{_word(random, 6)}{at}{domain}") if at else email


def _contact(contact: Contact, random: Random) -> Contact:
    postal = contact.postal
    return replace(
        contact,
        first_name=_word(random, 6).title() if contact.first_name else None,
        last_name=_word(random, 9).title() if contact.last_name else None,
        address=f"{random.randint(1, _LINE_NUMBERS)} {contact.address}" if contact.address else None,
        postal="".join(random.choice(digits) if each in digits else each for each in postal) if postal else None,
        phone_number=_digits_changed(contact.phone_number, random),
    )


def _card(card: Card, random: Random) -> Card:
    bin_ = card.bin and card.bin[:2] + "".join(random.choices(digits, k=len(card.bin) - 2))
    holder = f"{_word(random, 6)} {_word(random, 9)}".upper() if card.cardholder_name else None
    return replace(card, bin=bin_, token=card.token and f"tok_{_word(random, 24)}", cardholder_name=holder)


def _device(device: Device, random: Random) -> Device:
    agent = device.user_agent and f"{device.user_agent} Build/{random.randint(1, 10**9)}"
    another = f"{_word(random, 2)}-{_word(random, 2).upper()};q=0.1"
    language = device.accept_language and f"{device.accept_language},{another}"
    address = str(IPv4Address(random.randint(0x01000000, 0xDFFFFFFF))) if device.ip_address else None
    return replace(device, ip_address=address, user_agent=agent, accept_language=language)


def _digits_changed(number: str | None, random: Random) -> str | None:
    """The last six digits others; what comes before them says country and line."""
    if not number:
        return None
    return number[:-6] + "".join(random.choice(digits) if each in digits else each for each in number[-6:])


def _word(random: Random, letters: int) -> str:
    return "".join(random.choices(ascii_lowercase, k=letters))
