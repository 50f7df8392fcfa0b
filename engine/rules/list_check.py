"""Named lists against what is looked up in them: a list of e-mail addresses never holds a country."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from engine.features import Catalog, Feature, FeatureType
from engine.rules.diagnostics import Code, Diagnostic
from engine.rules.literals import NUMERIC, described
from engine.rules.tree import Condition, Membership, Name, NamedList, Node, children
from engine.suggest import listed

FITTING: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("email", "email_normalized"),
    "domain": ("email_domain",),
    "bin": ("card_bin", "card_bin6", "card_bin8"),
    "ip": ("ip_address", "ip_normalized"),
    "cidr": ("ip_address", "ip_normalized", "ip_network"),
    "token": ("card",),
    "country": ("card_country", "ip_country", "billing_country", "shipping_country"),
    "customer": ("customer",),
    "device": ("device",),
    "phone": ("phone_normalized",),
    "address": ("billing_address", "shipping_address"),
}
"""The features of which a list of a type can hold a value, by the type's name. Lists of strings hold any text's."""
_OF_THE_MERCHANT: Final = "request /custom"
"""Declared fields hold whatever the merchant sends."""


def list_faults(condition: Condition, catalog: Catalog, lists: Collection[str]) -> Iterator[Diagnostic]:
    """What is looked up in a list that can never hold it. Of lists without types (names alone) nothing is known."""
    if not isinstance(lists, Mapping):
        return
    waiting: list[Node] = [condition]
    while waiting:
        node = waiting.pop()
        waiting.extend(children(node))
        if not isinstance(node, Membership) or not isinstance(node.choices, NamedList):
            continue
        if isinstance(node.subject, Name) and node.subject.name in catalog and node.choices.name in lists:
            fault = _fault(node.choices, catalog[node.subject.name], str(lists[node.choices.name]))
            if fault is not None:
                yield fault


def _fault(node: NamedList, feature: Feature, kind: str) -> Diagnostic | None:
    names = FITTING.get(kind)
    is_other = feature.type in NUMERIC or feature.type is FeatureType.BOOLEAN
    if names is None or feature.name in names or feature.source == _OF_THE_MERCHANT or is_other:
        # What is no text at all is a fault of its own.
        return None
    return Diagnostic(
        code=Code.TYPE,
        span=node.span,
        message=f"The list `@{node.name}` never holds `{feature.name}`.",
        cause=f"Its entries are of the type {kind}. {described(feature)}",
        hint=f"Look up {listed(names)} in it, or name a list of another type.",
    )
