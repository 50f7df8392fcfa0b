"""Screening: which allow and block lists a payment meets, and in what words that is said. Pure."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from engine.decision import Reason
from engine.features import Catalog, Features
from engine.lists.entry import ALLOW, EntryType
from engine.lists.in_force import MerchantLists, Screening

COMPARED: Final[Mapping[EntryType, tuple[str, ...]]] = {
    EntryType.EMAIL: ("email_normalized",),
    EntryType.DOMAIN: ("email_domain",),
    EntryType.BIN: ("card_bin",),
    EntryType.IP: ("ip_normalized",),
    EntryType.CIDR: ("ip_address",),
    EntryType.TOKEN: ("card",),
    EntryType.COUNTRY: ("card_country", "ip_country", "billing_country", "shipping_country"),
    EntryType.CUSTOMER: ("customer",),
    EntryType.DEVICE: ("device",),
    EntryType.PHONE: ("phone_normalized",),
    EntryType.ADDRESS: ("billing_address", "shipping_address"),
}
"""The features that an entry of an allow or block list is compared with: one that holds it is enough."""

IDENTIFIERS: Final = (
    EntryType.EMAIL,
    EntryType.IP,
    EntryType.TOKEN,
    EntryType.CUSTOMER,
    EntryType.DEVICE,
    EntryType.PHONE,
    EntryType.ADDRESS,
)
"""Types that tell one shopper from others, more or less; a country, a domain, a BIN or a network never does."""

WORDS: Final[Mapping[EntryType, str]] = {
    EntryType.EMAIL: "e-mail address",
    EntryType.DOMAIN: "e-mail domain",
    EntryType.BIN: "card's BIN",
    EntryType.IP: "IP address",
    EntryType.CIDR: "IP address's network",
    EntryType.TOKEN: "card",
    EntryType.COUNTRY: "country",
    EntryType.CUSTOMER: "customer",
    EntryType.DEVICE: "device",
    EntryType.PHONE: "phone number",
    EntryType.ADDRESS: "address",
}
SOURCE: Final = "list"


class Hit(NamedTuple):
    """A list that holds a value of the payment: of each type, the first that does."""

    is_allow: bool
    is_operators: bool
    type: EntryType
    reason: str | None

    @property
    def is_mandatory(self) -> bool:
        """Whether it stands on the ladder's first rung: the operator's block list does."""
        return self.is_operators and not self.is_allow

    def said(self) -> Reason:
        """The reason as the merchant reads it: why an operator listed something is not for merchants."""
        kind = "allow" if self.is_allow else "block"
        whose = "operator's" if self.is_operators else "merchant's"
        why = f": {self.reason}" if self.reason is not None and not self.is_operators else ""
        prefix = "operator_" if self.is_operators else ""
        text = f"The {WORDS[self.type]} is on the {whose} {kind} list{why}"
        return Reason(code=f"{prefix}{kind}_list_{self.type}", text=text, source=SOURCE)


def screen(lists: MerchantLists, features: Features, at_us: int) -> tuple[Hit, ...]:
    """What the allow and block lists hold of a payment of this time (microseconds since the epoch).

    The operator's come first, a list's types in their own order: the order of its entries shows nowhere (law 8).
    """
    positions, values = _positions(features.catalog), features.values
    hits: list[Hit] = []
    for each in lists.screening:
        for kind in each.entries.types:
            for position in positions[kind]:
                value = values[position]
                if value is None:
                    continue
                terms = each.entries.found(kind, value, at_us)  # type: ignore[arg-type]
                if terms is not None:
                    hits.append(_hit(each, kind, terms.reason))
                    break
    return tuple(sorted(hits, key=_order) if len(hits) > 1 else hits)


def _hit(screening: Screening, kind: EntryType, reason: str | None) -> Hit:
    is_allow = screening.name == ALLOW
    return Hit(is_allow=is_allow, is_operators=screening.is_operators, type=kind, reason=reason)


def _order(hit: Hit) -> tuple[bool, bool, EntryType]:
    """As the ladder asks: the operator's block list, allow lists, the merchant's block list."""
    return (not hit.is_mandatory, not hit.is_allow, hit.type)


@lru_cache(maxsize=64)
def _positions(catalog: Catalog) -> Mapping[EntryType, tuple[int, ...]]:
    """Where the compared features stand in a catalogue, found once."""
    return {kind: tuple(map(catalog.position, names)) for kind, names in COMPARED.items()}
