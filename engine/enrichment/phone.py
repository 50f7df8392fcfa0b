"""The shopper's phone number in one spelling. What kind of line it is, and whether it exists, is not asked here."""

import re
from collections.abc import Mapping
from typing import Final

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Contact, Payment
from engine.reference import Reference
from engine.reference.calling_codes import CALLING_CODES, TRUNK_PREFIX, TRUNK_PREFIXES

_DIGITS_MIN, _DIGITS_MAX = 7, 15
"""E.164 allows 15; no country has whole numbers of under seven."""
_TRUNK_IN_BRACKETS: Final = "(0)"
_EXTENSION: Final = re.compile(r"[;,#]|ext|x\s*\d", re.IGNORECASE)
_NO_DIGITS: Final = re.compile(r"[^0-9]+")
_NO_COUNTRY, _INVALID = Unknown("country_unknown"), Unknown("phone_invalid")


def normalized_phone(number: str, calling_code: str) -> str | None:
    """The number as + and digits (E.164), whether it was written for callers at home or abroad; None where it is none.

    `calling_code` is the country's, in digits; a number with + or 00 before it has its own, and "" stands for none. An
    extension is left out: behind it is the same line.
    """
    written = _EXTENSION.split(number, maxsplit=1)[0].replace(_TRUNK_IN_BRACKETS, " ")
    # Digits of other scripts are decimals too; their like in ASCII is what they count as.
    plain = written if written.isascii() else "".join([str(int(c)) if c.isdecimal() else c for c in written])
    digits = _NO_DIGITS.sub("", plain)
    if written.lstrip(" (").startswith(("+", "\uff0b")):
        whole = digits
    elif digits.startswith("00"):
        whole = digits[2:]
    elif calling_code:
        prefix, length = TRUNK_PREFIXES.get(calling_code, TRUNK_PREFIX)
        whole = calling_code + (digits.removeprefix(prefix) if len(digits) > length else digits)
    else:
        return None
    return f"+{whole}" if _DIGITS_MIN <= len(whole) <= _DIGITS_MAX else None


def _phone(contact: Contact) -> str | Unknown | None:
    number = contact.phone_number
    if number is None:
        return None
    calling_code = contact.phone_country_code or CALLING_CODES.get(contact.country or "", "")
    found = normalized_phone(number, calling_code)
    return found or (_INVALID if calling_code else _NO_COUNTRY)


def _compute(payment: Payment, _reference: Reference, _known: Mapping[str, Value]) -> Computed:
    billing = _phone(payment.billing)
    return (_phone(payment.shipping) if billing is None else billing,)


PHONE = Enrichment(
    topic="phone",
    features=(
        Feature(
            name="phone_normalized",
            type=FeatureType.STRING,
            doc="The billing phone number, else the shipping one, as + and digits with the country's calling code.",
            source="enrichment phone",
        ),
    ),
    compute=_compute,
)
