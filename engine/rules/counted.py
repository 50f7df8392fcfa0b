"""What a function over velocities counts, as a rule writes it: `count(by: card, within: 1h, status: declined)`.

A description is pure: the engine's catalogue makes velocities of it, and the feature that holds a velocity's value has
the description's name, as its own or as an alias.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine.features import Catalog, Feature, FeatureType
from engine.rules.tree import Call, Condition, nodes
from engine.rules.types import SECONDS, Kind, Type

COUNT: Final = "count"
DISTINCT: Final = "distinct"
OF_AMOUNTS: Final = ("sum", "average", "minimum", "maximum")
TIMES: Final = ("first_seen", "last_seen")
FUNCTIONS: Final = (COUNT, *OF_AMOUNTS, DISTINCT, *TIMES)

ALL: Final = "all"
"""Every status; also the window without a start."""
STATUSES: Final = ("authorized", "declined", "blocked", "refunded", "disputed", "fraud_warning")
"""What payments come to and counters learn."""
SCOPES: Final = ("merchant", "network")
MERCHANT, NETWORK = SCOPES
MAX_SECONDS: Final = 365 * 86_400
"""How far back a function looks, its delay included."""

_SAID: Final = tuple(zip(OF_AMOUNTS, ("The sum", "The mean", "The least", "The most"), strict=True))
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What is counted. All names are features' own.

    `measured` is the amount that is summed, or what is told apart. `by` are the features that payments share, sorted.
    `within_seconds` is None for all time. `status` is None for all payments, when they came.
    """

    function: str
    measured: Feature | None
    by: tuple[str, ...]
    within_seconds: int | None
    status: str | None = None
    scope: str = MERCHANT
    delay_seconds: int = 0

    @property
    def name(self) -> str:
        """The name of its feature, made of its content: the same for the same, however it was written."""
        parts = [self.function]
        if self.measured is not None:
            parts.append(self.measured.name)
        parts.extend(("by", "_and_".join(self.by)))
        if self.within_seconds is not None:
            parts.extend(("within", length(self.within_seconds)))
        if self.status is not None:
            parts.extend(("status", self.status))
        if self.scope != MERCHANT:
            parts.append(self.scope)
        if self.delay_seconds:
            parts.extend(("delay", length(self.delay_seconds)))
        return "_".join(parts)

    @property
    def doc(self) -> str:
        """What it is, for people."""
        what = {
            COUNT: "Payments",
            DISTINCT: f"Different values of {self.measured.name} of payments" if self.measured else "",
            **{name: f"{said} of {self.measured.name if self.measured else ''} of payments" for name, said in _SAID},
            "first_seen": "Seconds since the first of the payments",
            "last_seen": "Seconds since the last of the payments",
        }[self.function]
        whose = " of any merchant" if self.scope == NETWORK else ""
        learnt = "" if self.status is None else f", learnt to be {self.status}"
        when = "" if self.within_seconds is None else f" in the last {length(self.within_seconds)}"
        before = f" up to {length(self.delay_seconds)} ago" if self.delay_seconds else ""
        same = " and ".join(self.by)
        return f"{what}{whose} with the same {same}{learnt}{when}{before}, this one not counted. Asked for by a rule."

    @property
    def type(self) -> Type:
        """The type of its value."""
        if self.function in OF_AMOUNTS:
            assert self.measured is not None
            return Type(kind=Kind.MONEY, unit=self.measured.unit)
        if self.function in TIMES:
            return Type(kind=Kind.TIME, unit=SECONDS, is_unitless=True)
        return Type(kind=Kind.NUMBER, unit="payments" if self.function == COUNT else "values")


def length(seconds: int) -> str:
    """A length of time in the largest unit that says it in a whole number: 5400 gives `90m`."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def calls(root: Condition) -> Iterator[Call]:
    """The calls of functions over velocities in a condition."""
    return (node for node in nodes(root) if isinstance(node, Call) and node.function in FUNCTIONS)


_SAME_THING: Final = {"email": "email_normalized", "ip_address": "ip_normalized"}
"""All spellings of a mailbox or an address are one: else a new spelling would begin a new count."""


def told_apart(name: str, catalog: Catalog) -> Feature | None:
    """The feature by which payments are counted or values told apart, where it is one that counters see; else None."""
    normalized = _SAME_THING.get(name, name)
    name = normalized if normalized in catalog else name
    if name not in catalog:
        return None
    feature = catalog[name]
    if not is_seen(feature) or feature.type not in (FeatureType.STRING, FeatureType.COUNTRY):
        return None
    return feature


def is_seen(feature: Feature) -> bool:
    """Whether counters see the feature: it is known when a payment is counted, before velocities and what follows."""
    return feature.source not in ("velocity", "relation", "score")
