"""What the default velocities say to models: direction, group of reasons, words with value and window.

Groups have the codes of the shipped scorecard where they say the same. A direction is given where more of a thing never
speaks for a payment: bursts, and many different values behind one person's card, address or device. Behind what many
persons share (a network, a carrier's address over a day) it is left to the data.
"""

from typing import Final

from engine.velocity.spec import Status
from engine.velocity.words import DISTINCT, KEYS, STATUSES, WINDOWS

_OF_KEY: Final = {
    "card": "card_velocity",
    "email": "email_velocity",
    "ip": "ip_velocity",
    "ip_network": "network_velocity",
    "email_domain": "email_domain",
    "bin6": "card_range",
    "device": "device_velocity",
    "phone": "phone_velocity",
    "billing_address": "address_velocity",
    "shipping_address": "address_velocity",
    "customer": "account_velocity",
    "card_email": "known_pair",
}
"""How much came by a key."""
_AGE_OF_KEY: Final = {key: f"{key}_age" for key in ("card", "email", "ip", "device", "customer")}
"""How long something is known."""
_SHARED: Final = {
    "card": "card_shared",
    "email": "email_moves",
    "ip": "ip_velocity",
    "device": "device_shared",
    "phone": "phone_shared",
    "billing_address": "address_shared",
    "shipping_address": "address_shared",
    "customer": "account_many_cards",
}
"""How many different values came by a key, where no closer group has them."""
_CLOSER: Final = {
    ("email", "cards"): "email_many_cards",
    ("ip", "cards"): "ip_many_cards",
    ("ip", "bins"): "ip_many_cards",
    ("ip", "emails"): "ip_many_emails",
}
_OF_STATUS: Final = {
    Status.DECLINED: "declines",
    Status.BLOCKED: "earlier_blocks",
    Status.REFUNDED: "refunds",
    Status.DISPUTED: "fraud_history",
    Status.FRAUD_WARNING: "fraud_history",
}
_AGAINST: Final = frozenset({Status.DECLINED, Status.BLOCKED, Status.DISPUTED, Status.FRAUD_WARNING})
_BURSTS: Final = frozenset({"10m", "1h"})
_WIDE: Final = frozenset({"ip", "ip_network", "email_domain", "bin6"})
"""Keys that many persons share."""


def of_payments(key: str, window: str) -> tuple[int, str, str]:
    """Direction, group and words of a count of payments."""
    return int(window in _BURSTS), _OF_KEY[key], f"{{value}} payments {KEYS[key].words} {WINDOWS[window]}"


def of_amount(key: str, window: str) -> tuple[int, str, str]:
    """Direction, group and words of a sum of amounts."""
    return int(window in _BURSTS), _OF_KEY[key], f"{{value}} asked for {KEYS[key].words} {WINDOWS[window]}"


def of_different(key: str, told: str, window: str) -> tuple[int, str, str]:
    """Direction, group and words of a count of different values."""
    group = _CLOSER.get((key, told)) or (_OF_KEY if told == "orders" else _SHARED).get(key) or _OF_KEY[key]
    is_against = told != "orders" and (window in _BURSTS or key not in _WIDE)
    words = f"{{value}} different {DISTINCT[told].words} seen {KEYS[key].words} {WINDOWS[window]}"
    return int(is_against), group, words


def of_first_seen(key: str, window: str) -> tuple[int, str, str]:
    """Direction, group and words of how long ago the first payment was: what has a past speaks for who pays."""
    return (
        -1,
        _AGE_OF_KEY[key],
        f"First seen {{value}} seconds ago: the first payment {KEYS[key].words} {WINDOWS[window]}",
    )


def of_status(key: str, status: Status, window: str) -> tuple[int, str, str]:
    """Direction, group and words of a count of payments that came to a status."""
    # That payments went through speaks for who made them before today; within the day it may be the fraud itself.
    is_for = status is Status.AUTHORIZED and window == "30d"
    words = f"{{value}} payments {KEYS[key].words} were {STATUSES[status]}, {WINDOWS[window]}"
    return -1 if is_for else int(status in _AGAINST), _OF_STATUS.get(status, _OF_KEY[key]), words


def of_different_by_status(key: str, told: str, status: Status, window: str) -> tuple[int, str, str]:
    """Direction, group and words of a count of different values of payments that came to a status."""
    words = f"{{value}} different {DISTINCT[told].words} {KEYS[key].words} were {STATUSES[status]}, {WINDOWS[window]}"
    return int(status in _AGAINST), _OF_STATUS[status], words
