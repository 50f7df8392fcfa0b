"""What the default set says of the payments that are linked with one: of its component within a week.

Cards, mailboxes, devices, telephones and doors link; a line to the Internet does not, for strangers share it. The week
is what shipping addresses are held for anyway: what is found by ids that are held takes no memory of its own.
"""

from typing import Final

from engine.velocity.spec import (
    Count,
    Distinct,
    FirstSeen,
    Linked,
    NewPairs,
    Shared,
    Status,
    Total,
    Velocity,
)
from engine.velocity.words import DISTINCT, KEYS, STATUSES, WINDOWS

_WITHIN: Final = "7d"
_KEY: Final = KEYS["linked"]
_REASON: Final = "linked"


def _made(
    name: str, of: Count | Total | FirstSeen | NewPairs | Shared, doc: str, says: str, direction: int = 0
) -> Velocity:
    return Velocity(
        name=f"linked_{name}_{_WITHIN}",
        key=_KEY.features,
        aggregate=Linked(of, _WITHIN),
        window=_WITHIN,
        doc=doc,
        direction=direction,
        reason=_REASON,
        says=says,
    )


def _different(told: str) -> Velocity:
    words = DISTINCT[told].words
    return Velocity(
        name=f"linked_distinct_{told}_{_WITHIN}",
        key=_KEY.features,
        aggregate=Linked(Distinct(DISTINCT[told].feature, words), _WITHIN),
        window=_WITHIN,
        doc=f"Different {words} of the payments {_KEY.words} {WINDOWS[_WITHIN]}, this one not counted.",
        direction=1,
        reason=_REASON,
        says=f"{{value}} different {words} are {_KEY.words} {WINDOWS[_WITHIN]}",
    )


def _came_to(status: Status, window: str) -> Velocity:
    return Velocity(
        name=f"linked_{status}_{window}",
        key=_KEY.features,
        aggregate=Linked(Count(), _WITHIN),
        window=window,
        doc=f"Payments {_KEY.words} learnt {WINDOWS[window]} to be {STATUSES[status]}, this one not counted: those "
        "with an id that is linked.",
        status=status,
        direction=1,
        reason="fraud_history",
        says=f"{{value}} payments {_KEY.words} were {STATUSES[status]}, {WINDOWS[window]}",
    )


LINKED: Final = (
    _made(
        "payments",
        Count(),
        f"Payments {_KEY.words} {WINDOWS[_WITHIN]}, by a card, e-mail address, device, phone number or shipping "
        "address that they share, or over others that do; this one not counted.",
        f"{{value}} payments are {_KEY.words} {WINDOWS[_WITHIN]}",
    ),
    _made(
        "amount_usd",
        Total("amount_in_usd"),
        f"US dollars asked for by the payments {_KEY.words} {WINDOWS[_WITHIN]}, this one not counted.",
        f"payments {_KEY.words} asked for {{value}} {WINDOWS[_WITHIN]}",
    ),
    *(_different(told) for told in ("cards", "emails", "devices")),
    _made(
        "first_seen_seconds",
        FirstSeen(),
        f"Seconds since the first of the payments {_KEY.words} {WINDOWS[_WITHIN]}; unknown where there is none.",
        f"the first payment {_KEY.words} was {{value}} seconds ago",
        -1,
    ),
    _made(
        "new_pairs",
        NewPairs(),
        "How many pairs of this payment's card, e-mail address, device, phone number and shipping address were both "
        f"seen {WINDOWS[_WITHIN]}, but never with one another, so that they are {_KEY.words} alone.",
        "{value} pairs of ids that were seen apart come together for the first time",
        1,
    ),
    _made(
        "shared_ids",
        Shared(),
        f"Ids {_KEY.words} {WINDOWS[_WITHIN]} that more than twelve different cards, e-mail addresses or others are "
        "seen with: links are not followed through them.",
        "{value} linked ids are shared by many",
    ),
    Velocity(
        name=f"linked_distinct_declined_cards_{_WITHIN}",
        key=_KEY.features,
        aggregate=Linked(Distinct("card", "cards"), _WITHIN),
        window=_WITHIN,
        doc=f"Different cards of payments {_KEY.words} learnt {WINDOWS[_WITHIN]} to be declined, this one not counted.",
        status=Status.DECLINED,
        direction=1,
        reason="declines",
        says=f"{{value}} different cards {_KEY.words} were declined, {WINDOWS[_WITHIN]}",
    ),
    _came_to(Status.DISPUTED, "30d"),
    _came_to(Status.FRAUD_WARNING, "30d"),
)
"""What is kept of links for every installation."""
