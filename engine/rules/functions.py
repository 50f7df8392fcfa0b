"""The functions of rules: what they are called, take and give. Documentation, hints and the checker read this table."""

from dataclasses import dataclass
from typing import Final

from engine.rules import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function as a person sees it. `is_condition` says that it is true or false, and stands alone."""

    name: str
    written: str
    doc: str
    is_condition: bool = False


IS_MISSING: Final = "is_missing"
STARTS_WITH: Final = "starts_with"
IP_IN: Final = "ip_in"
LOWER: Final = "lower"
DOMAIN_OF: Final = "domain_of"
HOURS_SINCE: Final = "hours_since"
DISTANCE_KM: Final = "distance_km"

_BY = "by: card, within: 1h"
_VALUE_FUNCTIONS = (
    Function(
        name=IS_MISSING,
        written="is_missing(email)",
        doc="Whether a value is unknown. Never unknown itself.",
        is_condition=True,
    ),
    Function(
        name=STARTS_WITH,
        written="starts_with(card_bin, '4242', '4000')",
        doc="Whether a text begins with one of these. Case counts where it does for the text.",
        is_condition=True,
    ),
    Function(
        name=IP_IN,
        written="ip_in(ip_address, '192.0.2.0/24', '2001:db8::/32')",
        doc="Whether an IP address is one of these, or in one of these networks. Unknown for a text that is none.",
        is_condition=True,
    ),
    Function(
        name=LOWER,
        written="lower(::tier::)",
        doc="A text whose case does not count: `lower(::tier::) = 'gold'` is true for `Gold`.",
    ),
    Function(
        name=DOMAIN_OF,
        written="domain_of(::contact::)",
        doc="What follows the last `@` of a text, in lower case; unknown where there is none.",
    ),
    Function(
        name=HOURS_SINCE,
        written="hours_since(first_seen(by: card))",
        doc="A length of time as a number of hours, with what is left of an hour after the point.",
    ),
    Function(
        name=DISTANCE_KM,
        written="distance_km(ip, billing)",
        doc="Kilometres between two of `ip`, `billing` and `shipping`, where the installation has the feature for it.",
    ),
)
_VELOCITY_FUNCTIONS = (
    Function(name=counted.COUNT, written=f"count({_BY})", doc="How many payments."),
    Function(
        name=counted.DISTINCT,
        written="distinct(card, by: ip_address, within: 10m)",
        doc="How many different values of a feature.",
    ),
    *(
        Function(name=name, written=f"{name}(amount_in_usd, {_BY})", doc=doc)
        for name, doc in zip(
            counted.OF_AMOUNTS,
            (
                "The sum of the amounts; 0 where there is no payment.",
                "Their mean, halves of a cent rounded up; unknown where there is no payment.",
                "The least of them; unknown where there is no payment.",
                "The most of them; unknown where there is no payment.",
            ),
            strict=True,
        )
    ),
    Function(
        name="first_seen",
        written="first_seen(by: card)",
        doc="How long ago the first payment was, a length of time; unknown where there is no payment.",
    ),
    Function(
        name="last_seen",
        written="last_seen(by: card)",
        doc="How long ago the last payment was, a length of time; unknown where there is no payment.",
    ),
)

FUNCTIONS: Final = {function.name: function for function in (*_VALUE_FUNCTIONS, *_VELOCITY_FUNCTIONS)}
PLACES: Final = ("billing", "shipping", "ip")


def distance_feature(one: str, two: str) -> str | None:
    """The feature that holds the distance between two places, by Radar's name; None where there is no such pair."""
    if one == two or not {one, two} <= set(PLACES):
        return None
    first, second = sorted((one, two), key=("ip", "billing", "shipping").index)
    return f"distance_between_{first}_and_{second}_address"
