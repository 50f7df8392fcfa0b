"""Values of list entries at the edge: read as a payment's own are, so that what is listed is what is compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.schemas import values
from api.schemas.findings import Odd, Wrong
from api.schemas.values import CARD_DATA_REFUSED, TEXT_LENGTH_MAX, Reader
from engine.card_data import holds_card_number
from engine.errors import Fault
from engine.lists import ALLOW, OPERATOR, Entry, EntryType, ListName, Terms
from engine.lists.entry import NAMED_ONLY, reason_fault
from engine.lists.values import V4_BITS, kept_value, network_of
from engine.payment import EPOCH, MICROSECOND

VALUE_LENGTH_MAX: Final = 500
"""Of an address with its parts; all other types take less."""
V4_PREFIX_MIN, V6_PREFIX_MIN = 8, 16
"""A shorter one is a whole continent, or a slip of the hand."""

_IP_INVALID = Wrong("ip_invalid", "Not one IP address. A network is of type cidr.")
_PHONE_INVALID = Wrong("phone_invalid", "Send the number with + and the country's calling code, such as +442079460000.")
_ADDRESS_INVALID = Wrong(
    "address_invalid",
    "Send country|postal code|first line, such as US|94105|1 Market Street, or what the feature billing_address says.",
)
_CIDR_INVALID = Wrong("cidr_invalid", "Not a network. Send CIDR, such as 198.51.100.0/24.")
_CIDR_WIDE = Wrong(
    "cidr_too_wide", f"Send a prefix of at least /{V4_PREFIX_MIN}, or /{V6_PREFIX_MIN} of an IPv6 network."
)
_TOO_LONG = Wrong("too_long", f"At most {TEXT_LENGTH_MAX} characters.")
_UNPRINTABLE = Wrong("control_character", "Remove control characters such as NUL.")
_EMPTY = Wrong("missing", "Required and not empty.")


def _ip(value: str) -> object:
    return _IP_INVALID if "/" in value else values.ip_address(value)


def _cidr(value: str) -> object:
    network = network_of(value)
    if network is None or "/" not in value:
        return _CIDR_INVALID
    return _CIDR_WIDE if network.length < (V4_PREFIX_MIN if network.bits == V4_BITS else V6_PREFIX_MIN) else value


def _phone(value: str) -> object:
    return values.phone_number(value) if value.startswith(("+", "00", "(+")) else _PHONE_INVALID


def _text(value: str) -> object:
    return value if len(value) <= TEXT_LENGTH_MAX else _TOO_LONG


_READERS: Final[Mapping[EntryType, Reader]] = {
    EntryType.EMAIL: values.email_address,
    EntryType.DOMAIN: values.email_domain,
    EntryType.BIN: values.bin_digits,
    EntryType.IP: _ip,
    EntryType.CIDR: _cidr,
    EntryType.TOKEN: values.token,
    EntryType.COUNTRY: values.country,
    EntryType.CUSTOMER: _text,
    EntryType.DEVICE: _text,
    EntryType.PHONE: _phone,
    EntryType.ADDRESS: lambda value: value,
    EntryType.STRING: _text,
    EntryType.CASE_SENSITIVE_STRING: _text,
}
_OPAQUE: Final = frozenset(
    {
        EntryType.BIN,
        EntryType.IP,
        EntryType.CIDR,
        EntryType.TOKEN,
        EntryType.CUSTOMER,
        EntryType.DEVICE,
        EntryType.PHONE,
    }
)
"""Not searched for card numbers by chance: stricter checks of their own, or ids that are numbers as often as not."""
_KEPT_FAULTS: Final[Mapping[EntryType, Wrong]] = {
    EntryType.PHONE: _PHONE_INVALID,
    EntryType.ADDRESS: _ADDRESS_INVALID,
    EntryType.BIN: Wrong("bin_too_short", "A BIN has 6 to 8 digits."),
}


def value_of(kind: EntryType, written: str) -> str | Wrong | Odd:
    """A value as it is kept, or what is wrong with it. No finding repeats it: it may hold card data."""
    text = written.strip()
    if not text:
        return _EMPTY
    if not text.isprintable():
        return _UNPRINTABLE
    if kind not in _OPAQUE and holds_card_number(text):
        return CARD_DATA_REFUSED
    read = _READERS[kind](text)
    if isinstance(read, Odd | Wrong):
        return read
    kept = kept_value(kind, str(read))
    return _KEPT_FAULTS.get(kind, _EMPTY) if kept is None else kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An entry as it was sent; `pointer` is where."""

    pointer: str
    value: str
    type: EntryType | None
    reason: str | None
    expires_at: str | None


def entry_of(written: Written, name: ListName, list_type: EntryType | None, now: datetime) -> Entry | list[Fault]:
    """The entry, or every fault of it. `list_type` is the named list's; None is an allow or block list, of any type."""
    kind = list_type if written.type is None else written.type
    faults: list[Fault] = []
    value: str | Wrong | Odd = ""
    if kind is None:
        names = ", ".join(each for each in EntryType if each not in NAMED_ONLY)
        faults.append(
            _fault(written, "type", "missing", f"An allow or block list holds any type: send one of {names}.")
        )
    elif (wrong := _type_fault(kind, name, list_type)) is not None:
        faults.append(_fault(written, "type", "value_invalid", wrong))
    else:
        value = value_of(kind, written.value)
        if isinstance(value, Odd | Wrong):
            detail = value.warning if isinstance(value, Odd) else value.detail
            faults.append(_fault(written, "value", value.code, detail))
    terms = terms_of(written.reason, written.expires_at, written.pointer, now)
    if not isinstance(terms, Terms):
        faults += terms
    if faults or kind is None or not isinstance(value, str) or not isinstance(terms, Terms):
        return faults
    return Entry(list=name, type=kind, value=value, terms=terms)


def terms_of(reason: str | None, expires_at: str | None, pointer: str, now: datetime) -> Terms | list[Fault]:
    """The terms of an entry, or every fault of them."""
    faults: list[Fault] = []
    if reason is not None and (fault := reason_fault(reason, f"{pointer}/reason")) is not None:
        faults.append(fault)
    expiry = None if expires_at is None else _expiry(expires_at, f"{pointer}/expires_at", now)
    if isinstance(expiry, Fault):
        faults.append(expiry)
    if faults or isinstance(expiry, Fault):
        return faults
    return Terms(expires_at_us=None if expiry is None else (expiry - EPOCH) // MICROSECOND, reason=reason)


def _type_fault(kind: EntryType, name: ListName, list_type: EntryType | None) -> str | None:
    if list_type is not None:
        said = f"The list {name.id} holds the type {list_type}: leave this out, or use another list."
        return None if kind is list_type else said
    if kind in NAMED_ONLY:
        return "Nothing of a payment is compared with it: make a named list, and a rule that names it."
    if kind is EntryType.COUNTRY and name.name == ALLOW:
        return (
            "It would allow all who have to do with the country. Write a rule: Allow if card_country in @name and ..."
        )
    if kind is EntryType.CUSTOMER and name.scope == OPERATOR:
        return "A customer's id is a merchant's own, and another merchant gives it to somebody else: list it there."
    return None


def _expiry(written: str, pointer: str, now: datetime) -> datetime | Fault:
    found = values.instant(written)
    if not isinstance(found, datetime):
        detail = "Not a time. Send RFC 3339, such as 2026-11-23T17:00:00Z."
        return Fault(pointer=pointer, code="time_invalid", detail=detail)
    if found <= now:
        return Fault(
            pointer=pointer, code="out_of_range", detail="It has passed: send a time to come, or leave it out."
        )
    return found


def _fault(written: Written, field: str, code: str, detail: str) -> Fault:
    return Fault(pointer=f"{written.pointer}/{field}", code=code, detail=detail)
