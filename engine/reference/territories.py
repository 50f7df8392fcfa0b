"""Territories that have a country code of their own (ISO 3166-1) and another country's banks, cards and post.

A card of Puerto Rico is one of the United States to its issuer, and goods that go from England to Jersey go home: that
codes differ says nothing there. Places with banks and cards of their own (Hong Kong, Aruba, Bermuda) are no such ones.
"""

from collections.abc import Mapping
from typing import Final

_TERRITORIES: Final = {
    "US": ("PR", "GU", "VI", "AS", "MP", "UM"),
    "GB": ("GG", "JE", "IM"),
    "FR": ("GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF"),
    "DK": ("FO", "GL"),
    "FI": ("AX",),
    "NO": ("SJ",),
    "AU": ("CX", "CC", "NF"),
}
_COUNTRY_OF: Final[Mapping[object, str]] = {
    territory: country for country, those in _TERRITORIES.items() for territory in those
}


def is_same_country(left: object, right: object) -> bool:
    """Whether two codes are of one country, its territories among it."""
    return left == right or _COUNTRY_OF.get(left, left) == _COUNTRY_OF.get(right, right)
