"""More velocities for the default set: what a key's past says of it, what began anew with a success, other merchants.

HISTORIES are kept as soon as every store counts them: they need averages, times, delays, filters, all time, the network
and starting anew. DISPUTES are to be kept as soon as what counts all time can be restored without reading the ledger
from its start: what happened within 30 days is counted already.
"""

from typing import Final

from engine.velocity.defaults import came_to
from engine.velocity.spec import (
    ALL_TIME,
    Aggregate,
    Average,
    Count,
    Distinct,
    FirstSeen,
    LastSeen,
    Maximum,
    Minimum,
    Status,
    Velocity,
    VelocityScope,
)
from engine.velocity.words import KEYS, STATUSES, WINDOWS, radar_charges

_AMOUNT: Final = "amount_in_usd"
_RADAR_AVERAGES: Final = frozenset({"card", "customer"})


def _time(key: str, aggregate: FirstSeen | LastSeen, status: Status | None = None, alias: str = "") -> Velocity:
    order = "first" if isinstance(aggregate, FirstSeen) else "last"
    what, how = (f"{order}_seen", "") if status is None else (f"{order}_{status}", f" learnt to be {STATUSES[status]}")
    return Velocity(
        name=f"{key}_{what}_seconds",
        key=KEYS[key].features,
        aggregate=aggregate,
        window=ALL_TIME,
        doc=f"Seconds since the {order} payment {KEYS[key].words}{how}, this one not counted; unknown where there is "
        "none.",
        aliases=(alias,) if alias else (),
        status=status,
    )


def _of_amounts(key: str, name: str, aggregate: Aggregate, window: str) -> Velocity:
    radar = f"average_usd_amount_attempted_on_{key}_all_time"
    is_radars = name == "average" and window == ALL_TIME and key in _RADAR_AVERAGES
    return Velocity(
        name=f"{key}_{name}_usd_{window}",
        key=KEYS[key].features,
        aggregate=aggregate,
        window=window,
        doc=f"The {name} amount asked for {KEYS[key].words} {WINDOWS[window]}, in US dollars, this payment not "
        "counted; unknown where there is none.",
        aliases=(radar,) if is_radars else (),
    )


def _ever(key: str) -> Velocity:
    return Velocity(
        name=f"{key}_payments_all",
        key=KEYS[key].features,
        aggregate=Count(),
        window=ALL_TIME,
        doc=f"Payments {KEYS[key].words} ever, this one not counted.",
        aliases=radar_charges(key, ALL_TIME),
    )


def _since_success(key: str, window: str) -> Velocity:
    return Velocity(
        name=f"{key}_declined_since_authorized_{window}",
        key=KEYS[key].features,
        aggregate=Count(),
        window=window,
        doc=f"Payments {KEYS[key].words} learnt {WINDOWS[window]}, and since the last one that was authorized, to be "
        "declined: a success begins anew.",
        status=Status.DECLINED,
        since=Status.AUTHORIZED,
    )


def _cards_since_success(key: str, window: str) -> Velocity:
    return Velocity(
        name=f"{key}_distinct_declined_cards_since_authorized_{window}",
        key=KEYS[key].features,
        aggregate=Distinct("card", "cards"),
        window=window,
        doc=f"Different cards of payments {KEYS[key].words} learnt {WINDOWS[window]}, and since the last one that was "
        "authorized, to be declined.",
        status=Status.DECLINED,
        since=Status.AUTHORIZED,
    )


def _a_week_ago(key: str, status: Status | None) -> Velocity:
    """Within the 30 days that payments are held for anyway: a longer reach would cost memory for every payment."""
    what, how = ("payments", "") if status is None else (f"{status}", f" learnt to be {STATUSES[status]}")
    return Velocity(
        name=f"{key}_{what}_7d_to_30d_ago",
        key=KEYS[key].features,
        aggregate=Count(),
        window="23d",
        delay="7d",
        doc=f"Payments {KEYS[key].words}{how} from 30 to seven days ago: who was here before this week is known longer "
        "than an attack lasts.",
        status=status,
    )


def _verifications(key: str, window: str) -> Velocity:
    return Velocity(
        name=f"{key}_verifications_{window}",
        key=KEYS[key].features,
        aggregate=Count(),
        window=window,
        doc=f"Card verifications, which ask for no money, {KEYS[key].words} {WINDOWS[window]}, this one not counted.",
        where=(("transaction_type", "card_verification"),),
    )


def _prepaid(key: str, window: str) -> Velocity:
    return Velocity(
        name=f"{key}_distinct_prepaid_cards_{window}",
        key=KEYS[key].features,
        aggregate=Distinct("card", "cards"),
        window=window,
        doc=f"Different prepaid cards seen {KEYS[key].words} {WINDOWS[window]}, by payments other than this one.",
        where=(("card_funding", "prepaid"),),
    )


def _merchants(key: str, window: str) -> Velocity:
    return Velocity(
        name=f"{key}_distinct_merchants_{window}",
        key=KEYS[key].features,
        aggregate=Distinct("merchant_id", "merchants"),
        window=window,
        doc=f"Merchants of this installation that were paid {KEYS[key].words} {WINDOWS[window]}, by payments other "
        "than this one.",
        scope=VelocityScope.NETWORK,
    )


def _network_declined(key: str, window: str) -> Velocity:
    return Velocity(
        name=f"{key}_network_declined_{window}",
        key=KEYS[key].features,
        aggregate=Count(),
        window=window,
        doc=f"Payments {KEYS[key].words} at any merchant of this installation learnt {WINDOWS[window]} to be declined, "
        "this one not counted.",
        status=Status.DECLINED,
        scope=VelocityScope.NETWORK,
    )


HISTORIES: Final = (
    _time("card", FirstSeen(), alias="seconds_since_card_first_seen"),
    _time("email", FirstSeen(), alias="seconds_since_email_first_seen"),
    *(_time(key, FirstSeen()) for key in ("device", "shipping_address", "card_email")),
    _time("card", FirstSeen(), Status.AUTHORIZED, "seconds_since_first_successful_auth_on_card"),
    *(_time(key, LastSeen()) for key in ("card", "email", "ip", "customer")),
    _time("card", LastSeen(), Status.DECLINED),
    *(_ever(key) for key in ("card", "email", "customer")),
    *(came_to(key, Status.AUTHORIZED, ALL_TIME) for key in ("card", "customer")),
    came_to("card", Status.REFUNDED, ALL_TIME),
    *(_of_amounts(key, "average", Average(_AMOUNT), ALL_TIME) for key in ("card", "customer")),
    *(_of_amounts(key, "average", Average(_AMOUNT), "30d") for key in ("card", "email")),
    _of_amounts("customer", "maximum", Maximum(_AMOUNT), ALL_TIME),
    _of_amounts("card", "maximum", Maximum(_AMOUNT), "30d"),
    _of_amounts("ip", "minimum", Minimum(_AMOUNT), "1h"),
    *(_since_success(key, "24h") for key in ("card", "email", "device", "customer")),
    *(_cards_since_success(key, "24h") for key in ("email", "ip")),
    _a_week_ago("email", None),
    *(_a_week_ago(key, Status.AUTHORIZED) for key in ("card", "customer")),
    *(_verifications(key, "1h") for key in ("card", "ip")),
    *(_prepaid(key, "24h") for key in ("ip", "shipping_address")),
    *(_merchants(key, "24h") for key in ("card", "email")),
    *(_network_declined(key, "24h") for key in ("card",)),
)
"""To be kept besides VELOCITIES as soon as every store counts them."""

DISPUTES: Final = (
    *(
        came_to(key, Status.DISPUTED, ALL_TIME)
        for key in ("card", "ip", "email", "device", "shipping_address", "customer")
    ),
    *(came_to(key, Status.FRAUD_WARNING, ALL_TIME) for key in ("card", "ip")),
)
"""To be kept as soon as a restart need not read the ledger from its start for them."""
