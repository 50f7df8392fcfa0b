"""What the entries of a named list are, and which features are looked up in it."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from engine.features import Feature, FeatureType

COUNTRY: Final = "country"
FEATURES_OF: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "email": ("email", "email_normalized"),
        "domain": ("email_domain",),
        "bin": ("card_bin", "card_bin6", "card_bin8"),
        "ip": ("ip_address", "ip_normalized"),
        "cidr": ("ip_address", "ip_normalized", "ip_network"),
        "token": ("card",),
        COUNTRY: (),
        "customer": ("customer",),
        "device": ("device",),
        "phone": ("phone_normalized",),
        "address": ("billing_address", "shipping_address"),
    }
)
"""The features whose values are entries of a type; the countries are those of the type `country`."""


def type_in(lists: Collection[str], name: str) -> str | None:
    """The type of a list's entries, where `lists` maps names to types that are known here; else None."""
    found = lists.get(name) if isinstance(lists, Mapping) else None
    return found if isinstance(found, str) and found in FEATURES_OF else None


def features_of(entry_type: str, features: Collection[Feature]) -> tuple[str, ...]:
    """The names of the features that are looked up in a list of this type."""
    if entry_type == COUNTRY:
        return tuple(feature.name for feature in features if feature.type is FeatureType.COUNTRY)
    names = FEATURES_OF[entry_type]
    return tuple(feature.name for feature in features if feature.name in names)
