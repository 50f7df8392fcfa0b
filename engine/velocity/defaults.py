"""The velocities that every installation keeps.

Chosen for what fraud looks like in a shop: a card tested again and again, many cards behind one address or device, a
range of cards being guessed, a mailbox or an account that pays with others' cards, goods that go to one door. A wide
key (network, domain, range of cards) shows an attack; a narrow one (card, customer) shows its victim.

Each tuple is a table, a row a key: what is counted, over which windows.
"""

from typing import Final

from engine.velocity.links import LINKED
from engine.velocity.reasons import (
    of_amount,
    of_different,
    of_different_by_status,
    of_first_seen,
    of_payments,
    of_status,
)
from engine.velocity.spec import Count, Distinct, FirstSeen, Status, Total, Velocity
from engine.velocity.words import DISTINCT, KEYS, STATUSES, WINDOWS, radar_charges, radar_distinct

_PAYMENTS: Final = {
    "card": "10m 1h 24h 7d 30d",
    "email": "10m 1h 24h 7d 30d",
    "ip": "10m 1h 24h 7d 30d",
    "ip_network": "1h 24h",
    "email_domain": "1h 24h",
    "bin6": "10m 1h",
    "device": "1h 24h",
    "phone": "24h",
    "billing_address": "24h 7d",
    "shipping_address": "24h 7d",
    "customer": "1h 24h 30d",
    "card_email": "30d",
}
_AMOUNTS: Final = {
    "card": "10m 1h 24h 30d",
    "email": "10m 1h 24h 30d",
    "ip": "10m 1h 24h 30d",
    "shipping_address": "7d",
    "customer": "24h 30d",
}
_FIRST_SEEN: Final = {"card": "30d", "email": "30d", "ip": "30d", "device": "30d", "customer": "30d"}
_DIFFERENT: Final = (
    ("card", "emails", "10m 1h 24h 30d"),
    ("card", "ips", "10m 1h 24h 30d"),
    ("email", "cards", "10m 1h 24h 30d"),
    ("email", "ips", "10m 1h 24h 30d"),
    ("ip", "cards", "10m 1h 24h 30d"),
    ("ip", "emails", "10m 1h 24h 30d"),
    ("card", "orders", "24h"),
    ("card", "devices", "30d"),
    ("card", "billing_countries", "30d"),
    ("card", "shipping_addresses", "30d"),
    ("email", "orders", "24h"),
    ("email", "devices", "30d"),
    ("email", "card_countries", "30d"),
    ("ip", "orders", "24h"),
    ("ip", "bins", "1h"),
    ("ip", "devices", "24h"),
    ("ip_network", "cards", "1h 24h"),
    ("ip_network", "emails", "1h"),
    ("email_domain", "cards", "1h 24h"),
    ("bin6", "cards", "10m 1h"),
    ("device", "cards", "1h 24h 30d"),
    ("device", "emails", "24h 30d"),
    ("phone", "cards", "24h 30d"),
    ("phone", "emails", "30d"),
    ("billing_address", "cards", "24h 7d"),
    ("billing_address", "emails", "7d"),
    ("shipping_address", "cards", "24h 7d"),
    ("shipping_address", "emails", "24h 7d"),
    ("customer", "cards", "24h 30d"),
)
_STATUSES: Final = (
    *((key, Status.AUTHORIZED, "1h 24h") for key in ("card", "email", "ip")),
    *((key, Status.DECLINED, "1h 24h") for key in ("card", "email", "ip")),
    *((key, Status.BLOCKED, "1h 24h") for key in ("card", "email", "ip")),
    ("card", Status.REFUNDED, "1h 24h 7d 30d"),
    ("email", Status.REFUNDED, "30d"),
    ("card", Status.DECLINED, "7d"),
    ("email", Status.DECLINED, "7d"),
    ("ip_network", Status.DECLINED, "1h"),
    ("bin6", Status.DECLINED, "1h"),
    ("device", Status.DECLINED, "24h"),
    ("shipping_address", Status.DECLINED, "7d"),
    ("customer", Status.DECLINED, "24h"),
    ("customer", Status.AUTHORIZED, "30d"),
    ("card_email", Status.AUTHORIZED, "30d"),
    ("card", Status.DISPUTED, "7d 30d"),
    ("email", Status.DISPUTED, "30d"),
    ("ip", Status.DISPUTED, "1h 24h 7d"),
    ("card", Status.FRAUD_WARNING, "1h 24h 7d 30d"),
    ("email", Status.FRAUD_WARNING, "30d"),
    ("ip", Status.FRAUD_WARNING, "1h 24h 7d"),
)
_DIFFERENT_BY_STATUS: Final = (
    ("card", "orders", Status.DECLINED, "24h"),
    ("email", "cards", Status.DECLINED, "24h"),
    ("ip", "cards", Status.DECLINED, "1h"),
    ("ip", "cards", Status.DECLINED, "24h"),
)


def _payments(key: str, window: str) -> Velocity:
    direction, reason, says = of_payments(key, window)
    return Velocity(
        name=f"{key}_payments_{window}",
        key=KEYS[key].features,
        aggregate=Count(),
        window=window,
        doc=f"Payments {KEYS[key].words} {WINDOWS[window]}, this one not counted.",
        aliases=radar_charges(key, window),
        direction=direction,
        reason=reason,
        says=says,
    )


def _amount(key: str, window: str) -> Velocity:
    direction, reason, says = of_amount(key, window)
    return Velocity(
        name=f"{key}_amount_usd_{window}",
        key=KEYS[key].features,
        aggregate=Total("amount_in_usd"),
        window=window,
        doc=f"US dollars asked for {KEYS[key].words} {WINDOWS[window]}, this payment not counted.",
        direction=direction,
        reason=reason,
        says=says,
    )


def _different(key: str, told: str, window: str) -> Velocity:
    direction, reason, says = of_different(key, told, window)
    return Velocity(
        name=f"{key}_distinct_{told}_{window}",
        key=KEYS[key].features,
        aggregate=Distinct(DISTINCT[told].feature, DISTINCT[told].words),
        window=window,
        doc=f"Different {DISTINCT[told].words} seen {KEYS[key].words} {WINDOWS[window]}, by payments other than this "
        "one.",
        aliases=radar_distinct(key, told, window),
        direction=direction,
        reason=reason,
        says=says,
    )


def _first_seen(key: str, window: str) -> Velocity:
    direction, reason, says = of_first_seen(key, window)
    return Velocity(
        name=f"{key}_first_seen_seconds_{window}",
        key=KEYS[key].features,
        aggregate=FirstSeen(),
        window=window,
        doc=f"Seconds since the first payment {KEYS[key].words} {WINDOWS[window]}, this one not counted; unknown where "
        "there is none.",
        direction=direction,
        reason=reason,
        says=says,
    )


def came_to(key: str, status: Status, window: str) -> Velocity:
    """How many payments of a key came to a status."""
    direction, reason, says = of_status(key, status, window)
    return Velocity(
        name=f"{key}_{status}_{window}",
        key=KEYS[key].features,
        aggregate=Count(),
        window=window,
        doc=f"Payments {KEYS[key].words} learnt {WINDOWS[window]} to be {STATUSES[status]}, this one not counted.",
        aliases=radar_charges(key, window, status),
        status=status,
        direction=direction,
        reason=reason,
        says=says,
    )


def _different_that_came_to(key: str, told: str, status: Status, window: str) -> Velocity:
    direction, reason, says = of_different_by_status(key, told, status, window)
    return Velocity(
        name=f"{key}_distinct_{status}_{told}_{window}",
        key=KEYS[key].features,
        aggregate=Distinct(DISTINCT[told].feature, DISTINCT[told].words),
        window=window,
        doc=f"Different {DISTINCT[told].words} of payments {KEYS[key].words} learnt {WINDOWS[window]} to be "
        f"{STATUSES[status]}: a retry of the same adds none.",
        status=status,
        direction=direction,
        reason=reason,
        says=says,
    )


VELOCITIES: Final = (
    *(_payments(key, window) for key, windows in _PAYMENTS.items() for window in windows.split()),
    *(_amount(key, window) for key, windows in _AMOUNTS.items() for window in windows.split()),
    *(_different(key, told, window) for key, told, windows in _DIFFERENT for window in windows.split()),
    *(came_to(key, status, window) for key, status, windows in _STATUSES for window in windows.split()),
    *(_different_that_came_to(*row) for row in _DIFFERENT_BY_STATUS),
    *(_first_seen(key, window) for key, window in _FIRST_SEEN.items()),
    *LINKED,
)
"""The velocities that every installation keeps."""
