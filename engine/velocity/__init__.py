"""Velocities: what was seen and learnt before on a card, e-mail and IP address. The default set is VELOCITIES."""

from typing import Final

from engine.velocity.counters import Counters, Observation, Reading, Recorded, StatusEvent
from engine.velocity.spec import Aggregate, Count, Distinct, Status, Total, Velocity

__all__ = [
    "VELOCITIES",
    "Aggregate",
    "Count",
    "Counters",
    "Distinct",
    "Observation",
    "Reading",
    "Recorded",
    "Status",
    "StatusEvent",
    "Total",
    "Velocity",
]

_WINDOWS: Final = {
    "10m": "in the last ten minutes",
    "1h": "in the last hour",
    "24h": "in the last 24 hours",
    "30d": "in the last 30 days",
}
_RADAR_WINDOWS: Final = {"1h": "hourly", "24h": "daily"}
_KEYS: Final = {"card": "card", "email": "email", "ip": "ip_address"}
_WORDS: Final = {"card": "card", "email": "e-mail address", "ip": "IP address"}
_DISTINCT: Final = {
    ("card", "email"): ("emails", "e-mail addresses"),
    ("card", "ip"): ("ips", "IP addresses"),
    ("email", "card"): ("cards", "cards"),
    ("email", "ip"): ("ips", "IP addresses"),
    ("ip", "card"): ("cards", "cards"),
    ("ip", "email"): ("emails", "e-mail addresses"),
}
# Radar has no one spelling: card_number here, card there; ip_address here, ip there. Different IPs it does not count.
_RADAR_PAYMENTS: Final = {"card": "card_number", "email": "email", "ip": "ip_address"}
_RADAR_DISTINCT: Final = {
    ("email", "card"): "card_count_for_email",
    ("ip", "card"): "card_count_for_ip_address",
    ("card", "email"): "email_count_for_card",
    ("ip", "email"): "email_count_for_ip",
}
_STATUS_WORDS: Final = {
    Status.AUTHORIZED: "authorized",
    Status.DECLINED: "declined",
    Status.BLOCKED: "blocked, by our own decision",
    Status.REFUNDED: "refunded",
}


def _radar(name: str | None, window: str) -> tuple[str, ...]:
    return (f"{name}_{_RADAR_WINDOWS[window]}",) if name and window in _RADAR_WINDOWS else ()


def _payments(key: str, window: str) -> Velocity:
    return Velocity(
        name=f"{key}_payments_{window}",
        key=(_KEYS[key],),
        aggregate=Count(),
        window=window,
        doc=f"Payments with this {_WORDS[key]} {_WINDOWS[window]}, this one not counted.",
        aliases=_radar(f"total_charges_per_{_RADAR_PAYMENTS[key]}", window),
    )


def _amount(key: str, window: str) -> Velocity:
    return Velocity(
        name=f"{key}_amount_usd_{window}",
        key=(_KEYS[key],),
        aggregate=Total("amount_in_usd"),
        window=window,
        doc=f"US dollars asked for with this {_WORDS[key]} {_WINDOWS[window]}, this payment not counted.",
    )


def _distinct(key: str, value: str, window: str) -> Velocity:
    short, words = _DISTINCT[key, value]
    return Velocity(
        name=f"{key}_distinct_{short}_{window}",
        key=(_KEYS[key],),
        aggregate=Distinct(_KEYS[value]),
        window=window,
        doc=f"Different {words} seen with this {_WORDS[key]} {_WINDOWS[window]}, by payments other than this one.",
        aliases=_radar(_RADAR_DISTINCT.get((key, value)), window),
    )


def _came_to(key: str, status: Status, window: str) -> Velocity:
    return Velocity(
        name=f"{key}_{status}_{window}",
        key=(_KEYS[key],),
        aggregate=Count(),
        window=window,
        doc=f"Payments with this {_WORDS[key]} learnt {_WINDOWS[window]} to be {_STATUS_WORDS[status]}, "
        "this one not counted.",
        aliases=_radar(f"{status}_charges_per_{_RADAR_PAYMENTS[key]}", window),
        status=status,
    )


VELOCITIES: Final = (
    *(_payments(key, window) for key in _KEYS for window in _WINDOWS),
    *(_amount(key, window) for key in _KEYS for window in _WINDOWS),
    *(_distinct(key, value, window) for key, value in _DISTINCT for window in _WINDOWS),
    *(
        _came_to(key, status, window)
        for status in (Status.AUTHORIZED, Status.DECLINED, Status.BLOCKED)
        for key in _KEYS
        for window in _RADAR_WINDOWS
    ),
    *(_came_to(key, Status.REFUNDED, "30d") for key in ("card", "email")),
)
"""The velocities that every installation keeps."""
