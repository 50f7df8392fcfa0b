"""Territories that have a country code of their own (ISO 3166-1) and another country's banks, cards and post.

A card of Puerto Rico is one of the United States to its issuer, and goods that go from England to Jersey go home: that
codes differ says nothing there. Places with banks and cards of their own (Hong Kong, Aruba, Bermuda) are no such ones.
"""

from collections.abc import Mapping
from typing import Final, cast

_TERRITORIES: Final = {
    "US": ("PR", "GU", "VI", "AS", "MP", "UM"),
    "GB": ("GG", "JE", "IM"),
    "FR": ("GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF"),
    "DK": ("FO", "GL"),
    "FI": ("AX",),
    "NO": ("SJ",),
    "AU": ("CX", "CC", "NF"),
}
OWNERS: Final = {territory: country for country, those in _TERRITORIES.items() for territory in those}
"""The country that a territory is of: addresses are written with the one code or the other."""
_COUNTRY_OF: Final[Mapping[object, str]] = cast("Mapping[object, str]", OWNERS)


def is_same_country(left: object, right: object) -> bool:
    """Whether two codes are of one country, its territories among it."""
    return left == right or _COUNTRY_OF.get(left, left) == _COUNTRY_OF.get(right, right)


def common_country(left: str | None, right: str | None) -> str | None:
    """The one country of two codes, whichever comes first: the known one, or that of two territories."""
    if left is None or right is None or left == right:
        return left or right
    return _COUNTRY_OF.get(left, left)


WITH_ZIP_CODES: Final = frozenset({"US", *_TERRITORIES["US"], "FM", "MH", "PW"})
"""Where the post of the United States delivers, by its ZIP codes and ZIP+4."""
_OF_POSTAL: Final = {
    "971": "GP",
    "972": "MQ",
    "973": "GF",
    "974": "RE",
    "975": "PM",
    "976": "YT",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
"""What France has overseas by the first digits of its postal codes."""
_DEPARTMENT_DIGITS: Final = 3


def territory_of(country: str, postal: str | None) -> str:
    """The code of the territory that a postal code is of, where the country is written; else the country's."""
    if country == "FR" and postal is not None and postal.startswith(("97", "98")):
        return _OF_POSTAL.get(postal[:_DEPARTMENT_DIGITS], country)
    return country
