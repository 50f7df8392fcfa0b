"""The port that finds the payments which share an id with one: for people who look into a decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol, runtime_checkable

from engine.features import Value

LINKED_BY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "card": "card",
        "email": "email_normalized",
        "ip": "ip_normalized",
        "device": "device",
        "phone": "phone_normalized",
        "shipping_address": "shipping_address",
        "billing_address": "billing_address",
        "customer": "customer",
    }
)
"""What payments are linked by, and the feature that they share then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """A payment that shares an id with another."""

    payment_id: str
    names: tuple[str, ...]
    """The names of the features that they share."""


@runtime_checkable
class Sharings(Protocol):
    """Finds payments by what they share, among those that velocities are counted of."""

    def sharing(
        self, merchant_id: str, ids: Mapping[str, Value], *, test_mode: bool, before: str | None, limit: int
    ) -> Sequence[Sharing]:
        """At most `limit` payments of the merchant and mode that have one of these features' values, the latest first.

        `before` is the payment that the page before ended with. Raises KeyError where it is not held any more.
        A payment is found as long as some velocity by that feature alone reaches it.
        """
        ...
