"""Readers of single values: the value as the payment keeps it, None (blank), Odd or Wrong. Pure.

A reader is called with what pydantic has typed, texts stripped. No finding repeats the value: it may hold card data.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network
from socket import AF_INET, inet_pton
from unicodedata import normalize

import idna

from api.schemas.findings import Odd, Wrong
from engine.card_data import LENGTH_MAX, is_bare_card_length, token_holds_card_number
from engine.features import Unknown
from engine.iso import COUNTRIES
from engine.payment import BIN_DIGITS_MAX, BIN_DIGITS_MIN, LAST_DIGITS_MAX
from engine.reference.calling_codes import NO_PHONE_NUMBER
from engine.reference.ip_address import carried_v4, public_ip
from engine.unseen import BRAILLE_BLANK, UNSEEN

Reader = Callable[..., object]

TEXT_LENGTH_MAX = 255
DOMAIN_LENGTH_MAX, LOCAL_PART_LENGTH_MAX = 253, 64
"""RFC 1035 and RFC 5321, section 4.5.3.1."""
PHONE_DIGITS_MIN, PHONE_DIGITS_MAX, PHONE_LENGTH_MAX, CALLING_CODE_DIGITS_MAX = 7, 15, 40, 4
YEAR_FIRST, YEAR_LAST = 2000, 2099
_EXPONENT_TEXT_MAX = 30
_PRICE = re.compile(r"-?[0-9]{1,10}(\.[0-9]{1,4})?")
_PRICE_EXPONENTS = range(-4, 10)
"""Of a price's first digit: 10 digits before the point and 4 after it."""
_NO_PRICE = Decimal("NaN")
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
"""No account is older than the shop on the web; 1970-01-01 is a zero that somebody sent as a time."""

CARD_DATA_REFUSED = Wrong(
    "card_data_refused",
    "This looks like a card number. Send your processor's token, the first 6-8 and the last 4 digits.",
)
_TIME_INVALID = Odd("time_invalid", "Not a time. Send RFC 3339, such as 2026-11-23T17:00:00Z.")
_PHONE_LEFT_OUT = Odd("phone_invalid", "Not a phone number. Send its digits, at most 15, with or without separators.")
_PHONE_INVALID = replace(_PHONE_LEFT_OUT, kept=NO_PHONE_NUMBER)
"""Who sends what no number can be is not as who sends none."""
_PHONES_APART = re.compile(r"[;,#/|&]|ext|x\s*\d|\b(?:or|and)\b")
_FOR_NOTHING = frozenset({"", "na", "nan", "nil", "no", "none", "null", "undefined", "unknown", "notavailable"})
_EMAIL_INVALID = Odd("email_invalid", "Not an e-mail address. Send name@domain, or its MD5 in email.md5.")
_DOMAIN_INVALID = Odd("email_invalid", "Not a domain. Send what follows the @ of the e-mail address.")
_MD5_INVALID = Odd("md5_invalid", "Not an MD5: send 32 hexadecimal digits.")
_IP_INVALID = Odd("ip_invalid", "Not one IP address. Send the shopper's alone: no port, network or list.", "ip_invalid")
_IP_NOT_PUBLIC = Odd(
    "ip_not_public",
    "Private, reserved or documentation address, which names no shopper. Send the address your edge received from.",
)
_COUNTRY_UNKNOWN = "Not a country code. Send ISO 3166-1 alpha-2, such as {}."
_COUNTRY_HINTS = {"UK": "GB", "EN": "GB", "EL": "GR", "SU": "RU", "USA": "US", "GBR": "GB", "DEU": "DE", "FRA": "FR"}


# ---- text, codes and numbers


def text(length_max: int = TEXT_LENGTH_MAX) -> Reader:
    """Text of at most so many characters."""
    too_long = Odd("too_long", f"Longer than {length_max} characters, so it was dropped.")

    def read(value: str) -> str | Odd:
        return value if len(value) <= length_max else too_long

    return read


def one_of(values: tuple[str, ...], aliases: Mapping[str, str] | None = None) -> Reader:
    """One of a closed list, in any case and with any separators; aliases are other names for them."""
    names = {value: value for value in values} | dict(aliases or {})
    unknown = Odd("value_unknown", f"Not a known value. Send one of: {', '.join(values)}.")

    def read(value: str) -> str | Odd:
        name = value if value in names else re.sub(r"[^a-z0-9]+", "_", value.lower()).strip("_")
        return names.get(name, unknown)

    return read


def member_of(enumeration: type[StrEnum], some: Iterable[StrEnum] | None = None) -> Reader:
    """A member of an enumeration (or one of some of them) that decides what is asked: another value is wrong."""
    members = {member.value: member for member in (enumeration if some is None else some)}
    wrong = Wrong("value_unknown", f"Send one of: {', '.join(members)}.")

    def read(value: str) -> StrEnum | Wrong:
        return members.get(value.lower(), wrong)

    return read


def code(pattern: str, meaning: str, width: int = 0) -> Reader:
    """A short code of a known shape, in upper case; digits that lost their leading zeros are filled to `width`."""
    shape = re.compile(pattern)
    unknown = Odd("value_unknown", f"Not a known code. Send {meaning}.")

    def read(value: str) -> str | Odd:
        if shape.fullmatch(value):
            return value
        value = value.upper().zfill(width)
        return value if shape.fullmatch(value) else unknown

    return read


def number(low: float, high: float) -> Reader:
    """A number from low to high, both included."""
    odd = Odd("out_of_range", f"Send {low} to {high}.")

    def read(value: float) -> float | Odd:
        return value if low <= value <= high else odd

    return read


def year(value: int) -> int | Odd:
    """A card's expiry year, four digits; two are of this century."""
    full = value + YEAR_FIRST if 0 <= value <= YEAR_LAST - YEAR_FIRST else value
    return full if YEAR_FIRST <= full <= YEAR_LAST else Odd("out_of_range", "Send the year of expiry with four digits.")


def price(value: str) -> str | Odd:
    """A cart line's price as plain decimal text in main units; a discount is negative."""
    if _PRICE.fullmatch(value):
        return value
    try:
        number = Decimal(value) if len(value) <= _EXPONENT_TEXT_MAX else _NO_PRICE
        # Before it is written out: 9e999999 would be a million digits.
        is_of_size = not number or number.adjusted() in _PRICE_EXPONENTS
        plain = format(number.normalize(), "f") if is_of_size else ""
    except ArithmeticError:
        plain = ""
    if _PRICE.fullmatch(plain):
        return plain
    return Odd("price_invalid", "Not a price. Send a decimal string in main units, such as 12.50.")


def upper(value: str) -> str:
    """A code that is checked with the payment."""
    return value.upper()


def country(value: str) -> str | Odd:
    """ISO 3166-1 alpha-2, upper case."""
    name = value.upper()
    return (
        name if name in COUNTRIES else Odd("country_unknown", _COUNTRY_UNKNOWN.format(_COUNTRY_HINTS.get(name, "US")))
    )


def instant(value: str) -> datetime | Odd:
    """RFC 3339, in UTC; a date alone is its midnight, and a time without offset is taken as UTC."""
    try:
        # RFC 3339 takes t and z as well.
        moment = datetime.fromisoformat(value.upper())
        if moment.tzinfo is UTC:
            return moment
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return _TIME_INVALID


# ---- card


def bin_digits(value: str) -> str | Odd | Wrong:
    """The first 6 to 8 digits of the card number, grouped or not."""
    if BIN_DIGITS_MIN <= len(value) <= BIN_DIGITS_MAX and value.isascii() and value.isdecimal():
        return value
    if is_bare_card_length(value):
        return CARD_DATA_REFUSED
    digits = value.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdecimal()):
        return Odd("bin_invalid", "Not a BIN. Send the first 6 to 8 digits of the card number, digits alone.")
    if len(digits) > BIN_DIGITS_MAX:
        return Wrong("bin_invalid", "Send the first 6 to 8 digits, no more.")
    if len(digits) < BIN_DIGITS_MIN:
        return Odd("bin_too_short", "A BIN has 6 to 8 digits; with fewer its issuer is unknown.")
    return digits


def last_digits(value: str) -> str | Odd | Wrong:
    """The last four digits, masked before or not; some processors keep two."""
    if len(value) == LAST_DIGITS_MAX and value.isascii() and value.isdecimal():
        return value
    if is_bare_card_length(value):
        return CARD_DATA_REFUSED
    digits = value.lstrip("*xX.•· -")
    if not (digits.isascii() and digits.isdecimal()):
        return Odd("last_digits_invalid", "Not digits. Send the last 4 digits of the card number.")
    if len(digits) > LAST_DIGITS_MAX:
        return Wrong("last_digits_invalid", "Send the last 4 digits, no more.")
    return (
        digits
        if len(digits) in {2, LAST_DIGITS_MAX}
        else Odd("last_digits_invalid", "Send the last 4 digits of the card number.")
    )


def token(value: str) -> str | Odd | Wrong:
    """A processor's token: opaque, but no card number, not to be mistaken for one, and not made of one."""
    if is_bare_card_length(value) or (len(value) <= TEXT_LENGTH_MAX and token_holds_card_number(value)):
        return CARD_DATA_REFUSED
    if value.isdecimal() and len(value) <= LENGTH_MAX:
        return Wrong("token_invalid", "A token of digits alone must be longer than 19 characters.")
    return value if len(value) <= TEXT_LENGTH_MAX else Odd("too_long", "A token has at most 255 characters.")


def cardholder_name(value: str) -> str | Odd | Wrong:
    """The name on the card."""
    if is_bare_card_length(value):
        return CARD_DATA_REFUSED
    return value if len(value) <= TEXT_LENGTH_MAX else Odd("too_long", "A name has at most 255 characters.")


# ---- e-mail and phone

_MD5 = re.compile(r"[0-9a-f]{32}")
_LOCAL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+)*"
)
_QUOTED_LOCAL = re.compile(r'"([^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*"')
_ESCAPED = re.compile(r"\\(.)")
_TO_ESCAPE = re.compile(r'(["\\])')
_UNSEEN = frozenset(map(chr, (*UNSEEN, BRAILLE_BLANK)))
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9\-]{0,61}[a-z0-9])?")


def md5(value: str) -> str | Odd:
    """An MD5 in lower-case hexadecimal."""
    value = value.lower()
    return value if _MD5.fullmatch(value) else _MD5_INVALID


def email_domain(value: str) -> str | Odd:
    """A domain in lower-case ASCII; IDN by UTS 46 and IDNA 2008."""
    return _ascii_domain(value.removeprefix("@")) or _DOMAIN_INVALID


def email_address(value: str) -> str | Odd:
    """An address in lower case with an ASCII domain (RFC 5321, quoted and UTF-8 local parts too), or its MD5.

    One mailbox is one text, since velocities count by it: the local part is in NFKC, and quoted only where it must be.
    """
    local, at, domain = value.lower().rpartition("@")
    if not at:
        return domain if _MD5.fullmatch(domain) else _EMAIL_INVALID
    ascii_domain = _ascii_domain(domain)
    if ascii_domain is None or len(local) > LOCAL_PART_LENGTH_MAX:
        return _EMAIL_INVALID
    plain_local = _plain_local_part(local)
    return _EMAIL_INVALID if plain_local is None else f"{plain_local}@{ascii_domain}"


def _plain_local_part(local: str) -> str | None:
    """A local part as all its spellings are kept; None where it is none, or holds what nobody would see."""
    if not local.isascii():
        local = normalize("NFKC", normalize("NFKC", local).lower())
        if len(local) > LOCAL_PART_LENGTH_MAX or not local.isprintable() or not _UNSEEN.isdisjoint(local):
            return None
    if _LOCAL.fullmatch(local):
        return local
    if not _QUOTED_LOCAL.fullmatch(local):
        return None
    inner = _ESCAPED.sub(r"\1", local[1:-1])
    if _LOCAL.fullmatch(inner):
        return inner
    escaped = _TO_ESCAPE.sub(r"\\\1", inner)
    return f'"{escaped}"'


def _ascii_domain(domain: str) -> str | None:
    """The domain in lower-case ASCII; None where it is none."""
    domain = domain.rstrip(".").lower()
    return None if len(domain) > DOMAIN_LENGTH_MAX else _checked_domain(domain)


@lru_cache(maxsize=1024)
def _checked_domain(domain: str) -> str | None:
    """Cached: a shop's customers have their mailboxes at a few."""
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except UnicodeError:
            return None
    return domain if _DOMAIN.fullmatch(domain) else None


def phone_country_code(value: str) -> str | Odd:
    """An ITU country code: 1 to 4 digits, the plus left out."""
    digits = value.removeprefix("+").removeprefix("00").replace("-", "")
    if digits.isascii() and digits.isdecimal() and len(digits) <= CALLING_CODE_DIGITS_MAX:
        return digits
    return Odd("phone_invalid", "Not a country calling code. Send 1 to 4 digits, such as 44.")


def phone_number(value: str) -> str | Odd:
    """A phone number as written, with the 1 to 15 digits of E.164: no card number of 16 digits hides in one."""
    if len(value) <= PHONE_DIGITS_MAX and value[-1:].isdecimal():
        return value
    if len(value) <= PHONE_LENGTH_MAX and 1 <= sum(map(str.isdecimal, value)) <= PHONE_DIGITS_MAX:
        return value
    return _PHONE_LEFT_OUT if _is_left_out(value) else _PHONE_INVALID


def _is_left_out(value: str) -> bool:
    """Whether it stands for no number (n/a), or for several in one field, which are numbers though none is told."""
    parts = [sum(map(str.isdecimal, part)) for part in _PHONES_APART.split(value.lower())]
    several = len(parts) > 1 and parts[0] >= PHONE_DIGITS_MIN and max(parts) <= PHONE_DIGITS_MAX
    return several or "".join(filter(str.isalnum, value.lower())) in _FOR_NOTHING


# ---- IP addresses

# Special-purpose registries of IANA (RFC 6890 and later), multicast and class E among them; what is not globally
# reachable names no shopper, and as a velocity key would join strangers.
_SPECIAL_V4_NETWORKS = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
    192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3
"""
_SPECIAL_V6_NETWORKS = "2001::/23 2001:db8::/32 3fff::/20"
_SPECIAL_V4 = tuple(
    (int(network.network_address), int(network.broadcast_address))
    for network in map(IPv4Network, _SPECIAL_V4_NETWORKS.split())
)
_PARTLY_SPECIAL_V4 = frozenset(first for low, high in _SPECIAL_V4 for first in range(low >> 24, (high >> 24) + 1))
"""First bytes under which a special network begins; under all others every address is public."""
_GLOBAL_UNICAST_V6 = 0b001  # 2000::/3 is all that is assigned for it
_SPECIAL_V6 = tuple(
    (int(network.network_address), int(network.broadcast_address))
    for network in map(IPv6Network, _SPECIAL_V6_NETWORKS.split())
)


def ip_address(value: str) -> str | Odd:
    """A public address in its canonical form; an IPv4 address within an IPv6 one (see `carried_v4`) is that one."""
    try:
        if ":" not in value:
            return value if _is_public_v4(value) else _public_v4(IPv4Address(value))
        address = IPv6Address(value)
    except AddressValueError:
        return _IP_INVALID
    number_ = int(address)
    if (inside := carried_v4(number_)) is not None:
        return _public_v4(IPv4Address(inside))
    if number_ >> 125 != _GLOBAL_UNICAST_V6 or any(low <= number_ <= high for low, high in _SPECIAL_V6):
        return _not_public(value)
    return str(address).partition("%")[0]


def _is_public_v4(value: str) -> bool:
    """Whether it is an IPv4 address, under a first byte where all are public.

    The system's own parser takes an address in its canonical form alone.
    """
    try:
        return inet_pton(AF_INET, value)[0] not in _PARTLY_SPECIAL_V4
    except (OSError, UnicodeEncodeError, ValueError):
        return False


def _public_v4(address: IPv4Address) -> str | Odd:
    number_ = int(address)
    return _not_public(str(address)) if any(low <= number_ <= high for low, high in _SPECIAL_V4) else str(address)


def _not_public(text: str) -> Odd:
    """Private or reserved, as the tables tell them apart."""
    found = public_ip(text.partition("%")[0])
    return replace(_IP_NOT_PUBLIC, cause=found.cause) if isinstance(found, Unknown) else _IP_NOT_PUBLIC
