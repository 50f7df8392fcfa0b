"""Card data in a request: what is refused by its name or place, and free text that is dropped (contract, Card data)."""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from api.schemas.findings import Findings, Odd, Wrong, pointer_to
from api.schemas.readers import CART_ITEM_READERS, GROUP_READERS
from engine.card_data import (
    LENGTH_MAX,
    LENGTH_MIN,
    holds_card_number,
    is_bare_card_length,
    is_card_number_name,
    is_cvv_name,
)

DEPTH_MAX = 8
_CACHED_NAME_LENGTH_MAX = 64
_NUMBERS_MAX = 10**LENGTH_MAX
"""Numbers from here on have more digits than a card number."""

# Ids are opaque: processors' numeric references are common and one in ten passes Luhn. Phones are read as phones,
# addresses of the network and digests as such; the card's own fields and amounts have stricter checks of their own.
_EXEMPT = """
    transaction_id merchant_id shop_id supersedes user_id username_md5 md5 phone_country_code phone_number
    issuer_id_number last_digits token ip_address session_id fingerprint affiliate_id attempt_of item_id
    amount currency case_id
"""
EXEMPT = frozenset(_EXEMPT.split())
"""Fields whose text is not searched for card numbers."""

_REMOVED = Odd(
    "card_data_removed", "This text held what looks like a card number, so it was dropped. Send no card numbers."
)
_LOOKS_SENSITIVE = Wrong(
    "card_data_refused",
    "The value has 13 to 19 digits, as card numbers have. In this group no field may have so many, whatever its name.",
)
_SENSITIVE = Wrong(
    "card_data_refused",
    "The name says card number, CVV, PIN or track data. These must never be sent here, at no place of the request.",
)
_TOO_DEEP = Wrong("nested_too_deep", f"Nest no deeper than {DEPTH_MAX} levels.")

Values = dict[str, Any]


def refuse_unknown(fields: Mapping[str, Any], pointer: str, findings: Findings, known: tuple[str, ...]) -> None:
    """Warn of fields that a group does not have, and refuse those that must not be there."""
    for name, value in fields.items():
        place = pointer_to(pointer, name)
        if not refuse_sensitive(name, value, place, findings, in_card=pointer == "/credit_card"):
            # A search for the nearest name takes 0.2 ms: not for a thousand names that nobody will be shown.
            hint = "" if findings.is_full else _hint(name[:_CACHED_NAME_LENGTH_MAX], known)
            findings.note(place, Odd("field_unknown", hint))


def refuse_sensitive(
    name: str, value: object, pointer: str, findings: Findings, *, in_card: bool = False, depth: int = 1
) -> bool:
    """Refuse a field that holds card data by its name, or by its place in the card group; whether anything was."""
    if is_sensitive(name, value, in_card=in_card):
        # A name that says nothing is not at fault; where it does, the place of the value is no matter.
        findings.note(pointer, _SENSITIVE if is_sensitive(name, value) else _LOOKS_SENSITIVE)
        return True
    if isinstance(value, dict):
        inner = [(each, pointer_to(pointer, each), inside) for each, inside in value.items()]
    elif isinstance(value, list):
        inner = [(name, f"{pointer}/{index}", inside) for index, inside in enumerate(value)]
    else:
        return False
    if depth == DEPTH_MAX:
        findings.note(pointer, _TOO_DEEP)
        return True
    refused = [
        refuse_sensitive(each, inside, place, findings, in_card=in_card, depth=depth + 1)
        for each, place, inside in inner
    ]
    return any(refused)


def is_sensitive(name: str, value: object, *, in_card: bool = False) -> bool:
    """Whether a field says that it holds a CVV, PIN or track, or is a card number's place and has its length."""
    if value is None or value == "":
        return False
    if _is_short_cvv_name(name) if len(name) <= _CACHED_NAME_LENGTH_MAX else is_cvv_name(name):
        return True
    text = _digits_of(value) if isinstance(value, (str, int, float)) else ""
    return is_bare_card_length(text) and (in_card or is_card_number_name(name))


def drop_card_numbers(groups: Mapping[str, Values], findings: Findings) -> None:
    """Drop each free text that holds a card number; `groups` are what was read, by JSON pointer.

    All text is searched at once, joined by NUL, which no request may hold and no number is written across: nearly
    always there is nothing, and the fields need not be looked at one by one.
    """
    joined = "\0".join(
        [
            value
            for group in groups.values()
            for name, value in group.items()
            if value.__class__ is str and len(value) >= LENGTH_MIN and name not in EXEMPT
        ]
    )
    if not holds_card_number(joined):
        return
    for pointer, group in groups.items():
        for name in [name for name, value in group.items() if type(value) is str and name not in EXEMPT]:
            if holds_card_number(group[name]):
                del group[name]
                findings.note(pointer_to(pointer, name), _REMOVED)


def drop_custom_card_numbers(custom: Values, findings: Findings) -> None:
    """Drop each custom field whose name or value, be it text or number, holds a card number."""
    texts = [f"{name}\0{searched_text(value)}" for name, value in custom.items()]
    if not holds_card_number("\0".join(texts)):
        return
    for text, name in zip(texts, list(custom), strict=True):
        if holds_card_number(text):
            del custom[name]
            findings.note(pointer_to("/custom", name), _REMOVED)


def searched_text(value: object) -> str:
    """What of a value is searched for card numbers: of a number its digits, where it is whole and a card's could be it.

    A float with a fraction is a score, a rate or a place: by chance one in thirty held a card number.
    """
    if not isinstance(value, (int, float)):
        return str(value)
    is_whole = isinstance(value, int) or value.is_integer()
    return _digits_of(value) if is_whole and abs(value) < _NUMBERS_MAX else ""


def _digits_of(value: object) -> str:
    """A value as text; a float beyond 2**53 as the digits of its integer, as a caller may have sent it."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@lru_cache(maxsize=1024)
def _is_short_cvv_name(name: str) -> bool:
    """Cached for the names that come again and again; long ones would fill memory."""
    return is_cvv_name(name)


_HOMES = {field: group for group, readers in GROUP_READERS.items() for field in readers} | dict.fromkeys(
    CART_ITEM_READERS, "shopping_cart/0"
)


_SYNONYMS = {
    "ip": "ip_address",
    "bin": "issuer_id_number",
    "iin": "issuer_id_number",
    "last4": "last_digits",
    "last_4_digits": "last_digits",
    "zip": "postal",
    "zip_code": "postal",
    "postcode": "postal",
    "state": "region",
    "street": "address",
    "phone": "phone_number",
    "sku": "item_id",
}
"""What other interfaces call these fields."""


@lru_cache(maxsize=1024)
def _hint(name: str, known: tuple[str, ...]) -> str:
    """Names the nearest known field, and never what was sent."""
    name = _SYNONYMS.get(name.lower(), name.lower())
    if close := get_close_matches(name, known, n=1, cutoff=0.7):
        return f"There is no such field; did you mean {close[0]}?"
    if name in _HOMES:
        return f"There is no such field here; did you mean /{_HOMES[name]}/{name}?"
    if close := get_close_matches(name, _HOMES, n=1, cutoff=0.8):
        return f"There is no such field; did you mean /{_HOMES[close[0]]}/{close[0]}?"
    return "There is no such field; send your own values in custom."
