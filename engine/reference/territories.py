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
_OF_POSTAL: Final[Mapping[str, Mapping[str, str]]] = {
    "FR": {
        "971": "GP",
        "972": "MQ",
        "973": "GF",
        "974": "RE",
        "975": "PM",
        "976": "YT",
        "986": "WF",
        "987": "PF",
        "988": "NC",
    },
    "US": {
        "006": "PR",
        "007": "PR",
        "008": "VI",
        "009": "PR",
        "96799": "AS",
        "96940": "PW",
        **dict.fromkeys(("96941", "96942", "96943", "96944"), "FM"),
        **dict.fromkeys(("96950", "96951", "96952"), "MP"),
        **dict.fromkeys(("96960", "96970"), "MH"),
        **dict.fromkeys(("9691", "9692", "9693"), "GU"),
    },
    "FI": {"22": "AX"},
    "DK": {"39": "GL"},
}
"""Territories by the first digits of their postal codes, which are written with the country's code too."""


def territory_of(country: str, postal: str | None) -> str:
    """The code of the territory that a postal code is of, where the country is written; else the country's."""
    territories = _OF_POSTAL.get(country)
    if territories is None or postal is None:
        return country
    return next((code for begins, code in territories.items() if postal.startswith(begins)), country)
