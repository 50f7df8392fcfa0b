"""The shopper's phone number: in one spelling, what kind of line it is, and whether it is where the shopper is.

Whether somebody answers is not asked: what can be told is what the numbering plans say.
"""

import re
from collections.abc import Mapping
from typing import Final

from engine.enrichment.enrichment import Computed, Enrichment, of_contacts
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Contact, Payment
from engine.reference import Reference
from engine.reference.calling_codes import (
    CALLING_CODES,
    NO_PHONE_NUMBER,
    TRUNK_LEFT_STANDING,
    TRUNK_PREFIX,
    TRUNK_PREFIXES,
    TWO_TRUNK_PREFIXES,
)
from engine.reference.phones import FIXED_OR_MOBILE, LINES, NO_SUCH, PhoneFacts, PhonePlans
from engine.reference.territories import is_same_country

_DIGITS_MIN, _DIGITS_MAX = 7, 15
"""E.164 allows 15; no country has whole numbers of under seven."""
_DIALLED_MAX: Final = 20
"""With what is dialled for abroad, or a carrier, before the number."""
_TRUNK_IN_BRACKETS: Final = "(0)"
_EXTENSION: Final = re.compile(r"[;,#]|ext|x\s*\d", re.IGNORECASE)
_NO_DIGITS: Final = re.compile(r"[^0-9]+")
_BEFORE: Final = re.compile(r"[^\d+\uff0b]+")
_PLUS_FIRST: Final = re.compile(r"\D*[+\uff0b]")
_WITHOUT_MARKS: Final = str.maketrans("", "", " ()+-./")
"""What most write between the digits; where nothing else is, there is no extension."""
_VANITY: Final = re.compile(r"(?:[^A-Za-z\d]*\d){3}(?:.*?[A-Za-z]){3}")
_KEYS: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
"""Letters as they stand on the keys: 1-800-FLOWERS."""
_NO_COUNTRY, _INVALID = Unknown("country_unknown"), Unknown("phone_invalid")
_COUNTRY_UNKNOWN, _NOT_TOLD, _NO_POSTAL = _NO_COUNTRY, Unknown("not_told"), Unknown("postal")
_NO_ONE_COUNTRY: Final = Unknown("no_one_country")
_MISSING: Final = (Unknown("phones"),) * 4
_NO_SUCH: Final = (False, _INVALID, _INVALID, _INVALID)
_NOT_TOLD_APART: Final = Unknown("not_told_apart")
_IS_VOIP: Final[Mapping[str, Value | Unknown]] = {
    **{line: line == "voip" for line in LINES.values()},
    FIXED_OR_MOBILE: _NOT_TOLD_APART,
}
_AREA_DIGITS, _AMERICAN_DIGITS = 3, 10
_WITH_AREA_CODES: Final = ("US", "CA")
_RUN: Final = 7
_UPWARDS: Final = "01234567890"
_DOWNWARDS: Final = "09876543210"
_FICTITIOUS: Final = re.compile(r"1(?:\d{3})?55501\d\d")
_SOURCE, _REASON = "enrichment phone", "phone"


def normalized_phone(number: str, calling_code: str) -> str | None:
    """The number as + and digits (E.164), whether it was written for callers at home or abroad; None where it is none.

    `calling_code` is the country's, in digits; a number with + or 00 before it has its own, and "" stands for none. An
    extension is left out: behind it is the same line.
    """
    return _normalized(*_dialled(number), calling_code)


def _normalized(written: str, digits: str, calling_code: str) -> str | None:
    """The same of a number as it is written and its digits."""
    if _is_whole(written):
        whole = _without_trunk(digits)
    elif digits.startswith("00"):
        whole = _without_trunk(digits[2:])
    elif calling_code:
        code = _without_area(calling_code, digits)
        whole = code + _bare(digits, code)
    else:
        return None
    return f"+{whole}" if _DIGITS_MIN <= len(whole) <= _DIGITS_MAX else None


def _without_area(calling_code: str, digits: str) -> str:
    """The calling code without an area code that the number has itself: forms list 1787 for Puerto Rico."""
    is_twice = len(calling_code) == _AREA_DIGITS + 1 and calling_code[0] == "1" and len(digits) == _AMERICAN_DIGITS
    return "1" if is_twice and digits.startswith(calling_code[1:]) else calling_code


def _is_whole(written: str) -> bool:
    """Whether it has its calling code: a + before all digits, whatever stands before that (Tel. +49, '+1, [+1])."""
    return ("+" in written or "\uff0b" in written) and _PLUS_FIRST.match(written) is not None


def _bare(national: str, calling_code: str) -> str:
    """A national number without what is dialled before it at home."""
    prefix, length = TRUNK_PREFIXES.get(calling_code, TRUNK_PREFIX)
    bare = national.removeprefix(prefix) if len(national) > length else national
    # Where another prefix is known, the common one may be in use beside it: Lithuania went from 8 to 0.
    return bare.removeprefix("0") if calling_code in TWO_TRUNK_PREFIXES else bare


def _without_trunk(whole: str) -> str:
    """A number with its calling code, behind which many leave what is dialled at home: +44 020 7946 0018."""
    for length in (1, 2, 3):
        code = whole[:length]
        if code in TRUNK_LEFT_STANDING:
            return code + _bare(whole[length:], code)
    return whole


def _dialled(number: str) -> tuple[str, str]:
    """The number as it is written, without its extension, and its digits in ASCII."""
    written = number.replace(_TRUNK_IN_BRACKETS, " ") if "(" in number else number
    digits = written.translate(_WITHOUT_MARKS)
    if digits.isascii() and digits.isdecimal():
        return written, digits
    # What is copied from a contact has marks of the writing's direction before it, a link has tel:, a field a label.
    label = _BEFORE.match(written)
    written = _EXTENSION.split(written if label is None else written[label.end() :], maxsplit=1)[0]
    # Digits of other scripts are decimals too; their like in ASCII is what they count as.
    plain = written if written.isascii() else "".join([str(int(c)) if c.isdecimal() else c for c in written])
    return written, _NO_DIGITS.sub("", plain)


def _calling_code(contact: Contact) -> str:
    """The calling code of the country that a contact's number is dialled in; "" where none is known."""
    return contact.phone_country_code or CALLING_CODES.get(contact.country or "", "")


def _read(contact: Contact, phones: PhonePlans | None) -> tuple[str | Unknown | None, PhoneFacts]:
    """A contact's number in its one spelling, and what it says."""
    number = contact.phone_number
    if number is None:
        return None, NO_SUCH
    code = _calling_code(contact)
    written, digits = _dialled(number)
    found = _normalized(written, digits, code)
    if phones is not None:
        facts = NO_SUCH if found is None else phones.facts(found)
        if facts.line is None and (found or code):
            facts = _read_as_dialled(written, digits, code, phones)
        if facts.line is not None:
            return facts.number, facts
    if number == NO_PHONE_NUMBER:
        return _INVALID, NO_SUCH
    return found or (_INVALID if code else _NO_COUNTRY), NO_SUCH


def _read_as_dialled(written: str, digits: str, code: str, phones: PhonePlans) -> PhoneFacts:
    """What a number says that is none as it stands: few are written so, and each costs a handful of look-ups."""
    if _VANITY.match(written):
        digits = _NO_DIGITS.sub("", written.lower().translate(_KEYS))
    if len(digits) > _DIALLED_MAX:
        return NO_SUCH
    return phones.dialled(digits, "" if _is_whole(written) else code)


def _compute(payment: Payment, reference: Reference, _known: Mapping[str, Value]) -> Computed:
    phones = reference.phones
    one, other = payment.billing, payment.shipping
    billing, of_billing = _read(one, phones)
    is_one = one.phone_number == other.phone_number and _calling_code(one) == _calling_code(other)
    shipping, of_shipping = (billing, of_billing) if is_one else _read(other, phones)
    same: Value | Unknown = None
    if billing is not None and shipping is not None:
        both = isinstance(billing, str) and isinstance(shipping, str)
        same = billing == shipping if both else _INVALID if _INVALID in (billing, shipping) else _NO_COUNTRY
    phone, facts = (shipping, of_shipping) if billing is None else (billing, of_billing)
    if phone is None:
        return (None, None, None, None, None, None, same)
    if isinstance(phone, Unknown):
        # What cannot be made a number at all is none; without a country it may be one.
        return (phone, False if phone is _INVALID else phone, phone, phone, phone, phone, same)
    return (phone, *(_MISSING if phones is None else _told(facts)), is_placeholder(phone), same)


def _told(facts: PhoneFacts) -> tuple[Value | Unknown, ...]:
    """Whether it is valid, its country, its kind of line and whether it is one over the internet."""
    if facts.line is None:
        return _NO_SUCH
    country: Value | Unknown = facts.country
    if facts.is_shared:
        country = _NO_ONE_COUNTRY
    return (True, country, facts.line, _IS_VOIP[facts.line])


def is_placeholder(number: str) -> bool:
    """Whether the digits are what people type who give no number of theirs.

    One digit seven times, seven digits in a row up or down, or the numbers 555-0100 to 555-0199 that the North American
    plan keeps for films.
    """
    digits = number[1:]
    last = digits[-_RUN:]
    if len(last) == _RUN and (last in _UPWARDS or last in _DOWNWARDS or last[1:] == last[:-1]):
        return True
    return digits.startswith("1") and _FICTITIOUS.fullmatch(digits) is not None


_FEATURES: Final = (
    Feature(
        name="phone_normalized",
        type=FeatureType.STRING,
        doc="The billing phone number, else the shipping one, as + and digits with the country's calling code.",
        source=_SOURCE,
    ),
    Feature(
        name="phone_is_valid",
        type=FeatureType.BOOLEAN,
        doc="There can be such a number by its country's numbering plan, read as it is dialled there: for abroad, over "
        "a carrier, or with the calling code and no +. Whether somebody has it is not known. False as well where what "
        "was sent can be no number anywhere, such as letters or 16 digits.",
        source=_SOURCE,
        direction=-1,
        reason=_REASON,
        says="The phone number is one that there can be",
        denies="There can be no such phone number",
    ),
    Feature(
        name="phone_country",
        type=FeatureType.COUNTRY,
        doc="The country of the phone number, told apart where several share a calling code (US, CA, JM; GB, JE). "
        "Unknown (`no_one_country`) of ranges that several countries share, such as North American toll-free numbers.",
        source=_SOURCE,
        reason=_REASON,
        says="The phone number is of {value}",
    ),
    Feature(
        name="phone_number_type",
        type=FeatureType.STRING,
        doc="The kind of line. North American plans do not tell fixed and mobile lines apart (`fixed_or_mobile`); "
        "`personal` numbers follow a person, `company` ones are a firm's everywhere.",
        source=_SOURCE,
        values=(*LINES.values(), FIXED_OR_MOBILE),
        reason=_REASON,
        says="The phone number is of the type {value}",
    ),
    Feature(
        name="phone_is_voip",
        type=FeatureType.BOOLEAN,
        doc="The number is of a range for telephony over the internet, which is had without an address or a contract. "
        "Unknown (`not_told_apart`) where the plan has no such range, as in North America: such lines have numbers as "
        "all others there.",
        source=_SOURCE,
        direction=1,
        reason=_REASON,
        says="The phone number is one of telephony over the internet",
        denies="The phone number is none of telephony over the internet",
    ),
    Feature(
        name="phone_is_placeholder",
        type=FeatureType.BOOLEAN,
        doc="The number ends in seven equal digits or seven in a row (1234567), as people type who give none of "
        "theirs, or is one of 555-0100 to 555-0199, which films have. Some of the former are somebody's all the same.",
        source=_SOURCE,
        direction=1,
        reason=_REASON,
        says="The phone number is of the kind that people make up, like 1234567 or 555-0100",
        denies="The phone number is none of the kind that people make up",
    ),
    Feature(
        name="shipping_phone_matches_billing",
        type=FeatureType.BOOLEAN,
        doc="The shipping phone number is the billing one.",
        source=_SOURCE,
        direction=-1,
        reason=_REASON,
        says="Shipping and billing have one phone number",
        denies="Shipping and billing have different phone numbers",
    ),
)

PHONE = Enrichment(
    topic="phone",
    features=_FEATURES,
    compute=_compute,
    fields=of_contacts("phone_number", "phone_country_code", "country"),
)


def _related(payment: Payment, reference: Reference, known: Mapping[str, Value]) -> Computed:
    phone = known["phone_country"]
    if phone is None:
        return (_why_nowhere(payment, known),) * len(_RELATIONS.features)
    agree: list[Value | Unknown] = [
        _COUNTRY_UNKNOWN if known[other] is None else is_same_country(phone, known[other]) for _, other, _ in _OTHERS
    ]
    return (*agree, _agrees_with_postal(payment.billing, reference, phone, known["phone_normalized"]))


def _why_nowhere(payment: Payment, known: Mapping[str, Value]) -> Unknown | None:
    """Why the phone number is of no country; None where none was sent."""
    is_valid = known["phone_is_valid"]
    if is_valid is None:
        is_sent = payment.billing.phone_number is not None or payment.shipping.phone_number is not None
        return (_COUNTRY_UNKNOWN if known["phone_normalized"] is None else _MISSING[0]) if is_sent else None
    return _NO_ONE_COUNTRY if is_valid else _INVALID


def _agrees_with_postal(contact: Contact, reference: Reference, phone: Value, number: Value) -> Value | Unknown:
    """Whether the area code's state is that of the billing postal code."""
    country, postal = contact.country, contact.postal
    if country is None or postal is None:
        return None if postal is None else _COUNTRY_UNKNOWN
    if country not in _WITH_AREA_CODES:
        return _NOT_TOLD
    if not is_same_country(phone, country):
        return False
    if reference.postal is None or reference.phones is None:
        return _NO_POSTAL
    lies_in = reference.postal.facts(country, contact.region, postal).of_code
    # A territory is written as a state (San Juan, PR, US), and its numbers are of no state's area code.
    state = reference.phones.facts(number).state if isinstance(number, str) else None
    if phone != country:
        state = f"{country}-{phone}"
    return _NOT_TOLD if lies_in is None or state is None else state == f"{country}-{lies_in}"


_OTHERS: Final = (
    ("billing", "billing_country", "the billing country"),
    ("shipping", "shipping_country", "the shipping country"),
    ("card", "card_country", "the card issuer's country"),
    ("ip", "ip_country", "the IP address's country"),
)
_RELATIONS: Final = Enrichment(
    topic="phone_relations",
    features=(
        *(
            Feature(
                name=f"phone_country_matches_{name}",
                type=FeatureType.BOOLEAN,
                doc=f"The phone number is of {words}.",
                source=_SOURCE,
                direction=-1,
                reason=_REASON,
                says=f"The phone number is of {words}, {{{country}}}",
                denies=f"The phone number is of {{phone_country}}, {words} is {{{country}}}",
            )
            for name, country, words in _OTHERS
        ),
        Feature(
            name="phone_matches_billing_postal",
            type=FeatureType.BOOLEAN,
            doc="The phone number's area code is of the state, territory or province in which the billing postal "
            "code lies, in the US and Canada; elsewhere unknown (`not_told`). People keep numbers when they move: many "
            "honest ones differ.",
            source=_SOURCE,
            direction=-1,
            reason=_REASON,
            says="The phone number's area code is of the billing postal code's state",
            denies="The phone number's area code is of another state than the billing postal code",
        ),
    ),
    compute=_related,
    reads=("phone_normalized", "phone_country", "phone_is_valid", *(country for _, country, _ in _OTHERS)),
    fields=(
        "billing.country",
        "billing.region",
        "billing.postal",
        "billing.phone_number",
        "shipping.phone_number",
    ),
)
PHONE_RELATIONS = _RELATIONS
