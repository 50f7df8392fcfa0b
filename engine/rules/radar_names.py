"""What Radar's attributes are called here: a feature, a function over velocities, or nothing that means the same."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from engine.features import Catalog
from engine.rules.diagnostics import Span
from engine.rules.tree import Call, Condition, Duration, Name, Operand, Option

_WINDOWS: Final = {"hourly": "1h", "daily": "24h", "weekly": "7d", "yearly": "365d", "all_time": None}
_KEYS: Final = {"card_number": "card", "card": "card", "ip": "ip_address"}
_TOLD_APART: Final = {"card": "card", "email": "email", "name": "cardholder_name"}
_STATUSES: Final = {"total": None, "attempted": None, "successful": "authorized", "failed": "declined"}
_REPORTED: Final = {"refund": "refunded", "dispute": "disputed", "efw": "fraud_warning"}

NOTHING: Final[Mapping[str, str]] = MappingProxyType({"card_funding": "unknown", "digital_wallet": "none"})
"""The value that stands for none in Radar, where it is unknown here."""
VALUES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "card_brand": {
            "amex": "amex",
            "visa": "visa",
            "mc": "mastercard",
            "dscvr": "discover",
            "diners": "diners",
            "interac": "interac",
            "jcb": "jcb",
            "cup": "unionpay",
        },
        "card_funding": {"credit": "credit", "debit": "debit", "prepaid": "prepaid", "unknown": "unknown"},
        "digital_wallet": {
            "android_pay": "google_pay",
            "apple_pay": "apple_pay",
            "samsung_pay": "samsung_pay",
            "amazon_pay": "amazon_pay",
            "none": "none",
        },
    }
)
"""What Radar's values of closed attributes are called here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """What stands for an attribute. `unit` is that of the numbers beside a length of time: s, m or h."""

    node: Condition
    unit: str | None = None


def attribute(name: str, span: Span, catalog: Catalog) -> Attribute | str:
    """What stands for an attribute of Radar's, or why nothing does."""
    plain = name.lower()
    if plain in _OTHERWISE:
        return _OTHERWISE[plain]
    if plain == "card_bin":
        # Radar's is the first six digits.
        return Attribute(node=Name(span=span, name="card_bin6"))
    if plain in catalog:
        return Attribute(node=Name(span=span, name=plain))
    for pattern, made in _PATTERNS:
        if (match := pattern.fullmatch(plain)) is not None:
            return made(match, span)
    if plain.startswith("amount_in_"):
        return f"There is no `{plain}`: amounts are converted to US dollars alone, `amount_in_usd`."
    return f"There is no feature that means what Radar's `{plain}` does."


def _charges(match: re.Match[str], span: Span) -> Attribute:
    status = None if match["status"] == "total" else match["status"]
    return _count(span, match["key"], match["window"], status)


def _different(match: re.Match[str], span: Span) -> Attribute:
    told = Name(span=span, name=_TOLD_APART[match["told"]])
    return Attribute(node=_call(span, "distinct", _key(match["key"]), match["window"], None, told))


def _reported(match: re.Match[str], span: Span) -> Attribute:
    return _count(span, match["key"], match["window"], _REPORTED[match["what"]])


def _amounts(match: re.Match[str], span: Span) -> Attribute:
    function = "sum" if match["what"] == "total" else "average"
    amount = Name(span=span, name="amount_in_usd")
    return Attribute(node=_call(span, function, match["key"], "all_time", _STATUSES[match["which"]], amount))


def _first_seen(match: re.Match[str], span: Span) -> Attribute:
    status = "authorized" if match["key"] == "successful_auth_on_card" else None
    key = "card" if status else match["key"].removesuffix("_first_seen")
    return Attribute(node=_call(span, "first_seen", key, "all_time", status), unit=match["unit"][0])


def _created(match: re.Match[str], span: Span) -> Attribute:
    return Attribute(node=Name(span=span, name="hours_since_customer_was_created"), unit=match["unit"][0])


def _count(span: Span, key: str, window: str, status: str | None) -> Attribute:
    return Attribute(node=_call(span, "count", _key(key), window, status))


def _key(name: str) -> str:
    return _KEYS.get(name, name)


def _call(span: Span, function: str, key: str, window: str, status: str | None, *arguments: Name) -> Call:
    within = _WINDOWS[window]
    parts: dict[str, Operand] = {"by": Name(span=span, name=key)}
    if within is not None:
        parts["within"] = Duration(span=span, value=Fraction(within[:-1]), unit=within[-1])
    elif function != "first_seen":
        parts["within"] = Name(span=span, name="all")
    if status is not None:
        parts["status"] = Name(span=span, name=status)
    options = tuple(Option(span=span, name=name, values=(value,)) for name, value in parts.items())
    return Call(span=span, function=function, arguments=arguments, options=options)


_SIX = "(?P<key>card_number|customer|email|ip_address|billing_address|shipping_address)"
_W4 = "(?P<window>all_time|weekly|daily|hourly)"
_ON = "_on_(?P<key>customer|card)_all_time"
_FIVE = "(?P<key>billing_address|customer|email|ip_address|shipping_address)"
_UNIT = "(?P<unit>hours|minutes|seconds)"
_PATTERNS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Span], Attribute | str]], ...]] = (
    (re.compile(f"(?P<status>authorized|blocked|declined|total)_charges_per_{_SIX}_{_W4}"), _charges),
    (re.compile(f"(?P<told>card)_count_for_{_FIVE}_{_W4}"), _different),
    (re.compile(f"(?P<told>email)_count_for_(?P<key>billing_address|ip|shipping_address|card)_{_W4}"), _different),
    (re.compile(f"(?P<told>name)_count_for_(?P<key>card)_{_W4}"), _different),
    (re.compile(f"(?P<what>refund|efw)_count_on_(?P<key>card)_{_W4}"), _reported),
    (re.compile(f"(?P<what>dispute|efw)_count_on_(?P<key>ip)_{_W4}"), _reported),
    (re.compile("(?P<what>dispute)_count_on_(?P<key>card_number)_(?P<window>all_time|yearly)"), _reported),
    (re.compile(f"(?P<what>average)_usd_amount_(?P<which>attempted|successful){_ON}"), _amounts),
    (re.compile(f"(?P<what>total)_usd_amount_(?P<which>failed|successful){_ON}"), _amounts),
    (re.compile(f"{_UNIT}_since_(?P<key>(?:email|card)_first_seen)"), _first_seen),
    (re.compile(f"{_UNIT}_since_first_(?P<key>successful_auth_on_card)"), _first_seen),
    (re.compile(f"{_UNIT}_since_customer_was_created"), _created),
)

_OTHERWISE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "billing_address": "Radar's is the text of the address; here it is a value to count by, without text.",
        "shipping_address": "Radar's is the text of the address; here it is a value to count by, without text.",
        "transaction_type": "Radar's has other values, and is deprecated there.",
        "total_usd_amount_charged_on_card_all_time": "Charged says neither attempted nor successful.",
        "total_usd_amount_charged_on_customer_all_time": "Charged says neither attempted nor successful.",
    }
)
