"""The words of the default set: what keys, windows, statuses and values are called, in names, in texts, by Radar.

One row a thing: a velocity's name and its text are put together from here, so that they cannot drift apart.
"""

from dataclasses import dataclass
from typing import Final

from engine.velocity.spec import ALL_TIME, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What payments share."""

    name: str
    """As it begins a velocity's name."""
    features: tuple[str, ...]
    words: str
    """As in `Payments ... in the last hour`."""
    radar_charges: str | None = None
    """As in Radar's `total_charges_per_card_number_hourly`."""
    radar_counts: str | None = None
    """As in Radar's `card_count_for_ip_address_hourly`."""


KEYS: Final = {
    key.name: key
    for key in (
        Key(name="card", features=("card",), words="with this card", radar_charges="card_number", radar_counts="card"),
        Key(
            name="email",
            features=("email_normalized",),
            words="with this e-mail address",
            radar_charges="email",
            radar_counts="email",
        ),
        Key(
            name="ip",
            features=("ip_normalized",),
            words="with this IP address",
            radar_charges="ip_address",
            radar_counts="ip_address",
        ),
        Key(name="ip_network", features=("ip_network",), words="from this IP address's network"),
        Key(name="email_domain", features=("email_domain",), words="with an e-mail address of this domain"),
        Key(name="bin6", features=("card_bin6",), words="with a card of these first six digits"),
        Key(name="device", features=("device",), words="from this device"),
        Key(name="phone", features=("phone_normalized",), words="with this phone number"),
        Key(
            name="billing_address",
            features=("billing_address",),
            words="with this billing address",
            radar_charges="billing_address",
            radar_counts="billing_address",
        ),
        Key(
            name="shipping_address",
            features=("shipping_address",),
            words="to this shipping address",
            radar_charges="shipping_address",
            radar_counts="shipping_address",
        ),
        Key(
            name="customer",
            features=("customer",),
            words="by this customer",
            radar_charges="customer",
            radar_counts="customer",
        ),
        Key(name="card_email", features=("card", "email_normalized"), words="with this card and this e-mail address"),
        Key(
            name="linked",
            features=("card", "email_normalized", "device", "phone_normalized", "shipping_address"),
            words="linked with this one",
        ),
    )
}

WINDOWS: Final = {
    "10m": "in the last ten minutes",
    "1h": "in the last hour",
    "24h": "in the last 24 hours",
    "7d": "in the last seven days",
    "30d": "in the last 30 days",
    ALL_TIME: "ever",
}
RADAR_WINDOWS: Final = {"1h": "hourly", "24h": "daily", "7d": "weekly", ALL_TIME: "all_time"}

STATUSES: Final = {
    Status.AUTHORIZED: "authorized",
    Status.DECLINED: "declined",
    Status.BLOCKED: "blocked, by our own decision",
    Status.REFUNDED: "refunded",
    Status.DISPUTED: "disputed by the cardholder",
    Status.FRAUD_WARNING: "warned of as fraud by the cardholder's bank",
}
RADAR_STATUSES: Final = frozenset({Status.AUTHORIZED, Status.DECLINED, Status.BLOCKED})
"""Those of which Radar counts charges."""
RADAR_COUNTS_ON: Final = {
    (Status.REFUNDED, "card"): "refund_count_on_card",
    (Status.DISPUTED, "card"): "dispute_count_on_card_number",
    (Status.DISPUTED, "ip"): "dispute_count_on_ip",
    (Status.FRAUD_WARNING, "card"): "efw_count_on_card",
    (Status.FRAUD_WARNING, "ip"): "efw_count_on_ip",
}
"""What Radar counts of the others, by key; of a card's disputes, those of all time alone are here."""
_RADAR_COUNTS_NOT: Final = {(Status.DISPUTED, "card", window) for window in RADAR_WINDOWS if window != ALL_TIME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told apart and counted."""

    feature: str
    words: str
    """As in `Different ... seen with this card`."""


DISTINCT: Final = {
    "cards": Told(feature="card", words="cards"),
    "emails": Told(feature="email_normalized", words="e-mail addresses"),
    "ips": Told(feature="ip_normalized", words="IP addresses"),
    "bins": Told(feature="card_bin6", words="first six digits of cards"),
    "card_countries": Told(feature="card_country", words="countries of cards"),
    "billing_countries": Told(feature="billing_country", words="billing countries"),
    "shipping_addresses": Told(feature="shipping_address", words="shipping addresses"),
    "devices": Told(feature="device", words="devices"),
    "customers": Told(feature="customer", words="customers"),
    "orders": Told(feature="order", words="orders"),
    "merchants": Told(feature="merchant_id", words="merchants"),
}


def radar_charges(key: str, window: str, status: Status | None = None) -> tuple[str, ...]:
    """Radar's name for the payments of a key, all or those that came to a status; none where Radar has none."""
    if window not in RADAR_WINDOWS or (status, key, window) in _RADAR_COUNTS_NOT:
        return ()
    if status is not None and (status, key) in RADAR_COUNTS_ON:
        return (f"{RADAR_COUNTS_ON[status, key]}_{RADAR_WINDOWS[window]}",)
    named = KEYS[key].radar_charges
    if named is None or (status is not None and status not in RADAR_STATUSES):
        return ()
    return (f"{'total' if status is None else status}_charges_per_{named}_{RADAR_WINDOWS[window]}",)


def radar_distinct(key: str, told: str, window: str) -> tuple[str, ...]:
    """Radar's name for the different cards and e-mail addresses of a key; none where Radar has none."""
    named = KEYS[key].radar_counts
    if named is None or told not in ("cards", "emails") or window not in RADAR_WINDOWS:
        return ()
    if told == "emails":
        if key == "customer":
            return ()
        # Radar has no one spelling: the IP address is `ip` here and `ip_address` there.
        named = named.removesuffix("_address") if key == "ip" else named
    return (f"{told.removesuffix('s')}_count_for_{named}_{RADAR_WINDOWS[window]}",)
