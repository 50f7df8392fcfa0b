"""The velocities in words: what docs/velocities.md and `assay velocities` say, made in one place."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from api.features_page import table
from engine.velocity import Velocity
from engine.velocity.spec import (
    Aggregate,
    Average,
    Count,
    Distinct,
    FirstSeen,
    LastSeen,
    Linked,
    Maximum,
    Minimum,
    NewPairs,
    Shared,
    Total,
    VelocityScope,
)
from engine.velocity.words import KEYS

HEAD: Final = ("name", "key", "what", "window", "of", "meaning", "also")
_WORDS: Final[dict[type, str]] = {
    Count: "count",
    Total: "sum of",
    Average: "average of",
    Minimum: "least of",
    Maximum: "most of",
    Distinct: "different",
    FirstSeen: "seconds since first",
    LastSeen: "seconds since last",
    NewPairs: "new pairs",
    Shared: "shared ids",
}


def of_key(velocities: Iterable[Velocity], key: str) -> tuple[Velocity, ...]:
    """Those of a key, by its name in velocities' names (`ip`) or by the features that payments share (`card_bin6`)."""
    features = KEYS[key].features if key in KEYS else tuple(key.split("+"))
    return tuple(velocity for velocity in velocities if velocity.key == features)


def what(aggregate: Aggregate) -> str:
    """An aggregate in words: `count`, `different device`."""
    if isinstance(aggregate, Linked):
        # The ids that link are the key already.
        of = aggregate.of.value if isinstance(aggregate.of, Distinct) else ""
        return " ".join(("linked:", _WORDS[type(aggregate.of)], *aggregate.measured, of)).strip()
    return " ".join((_WORDS[type(aggregate)], *aggregate.measured))


def window(velocity: Velocity) -> str:
    """The window, and how long ago it ends where that is not now."""
    return velocity.window if velocity.delay is None else f"{velocity.window}, {velocity.delay} ago"


def of(velocity: Velocity) -> str:
    """Which payments: of a status, with a value, since a success, of all merchants; empty for all of this merchant."""
    parts = (
        velocity.status or "",
        *(f"{name} = {value}" for name, value in velocity.where),
        f"since {velocity.since}" if velocity.since else "",
        "all merchants" if velocity.scope is VelocityScope.NETWORK else "",
    )
    return ", ".join(part for part in parts if part)


def row(velocity: Velocity) -> tuple[str, ...]:
    """A velocity's cells, under HEAD."""
    key = " + ".join(velocity.key)
    also = ", ".join(velocity.aliases)
    return (velocity.name, key, what(velocity.aggregate), window(velocity), of(velocity), velocity.doc, also)


def markdown(velocities: Iterable[Velocity]) -> str:
    """The velocities as one table, the names in backticks."""
    rows = [row(velocity) for velocity in velocities]
    cells = [
        (f"`{name}`", f"`{key}`", *middle, ", ".join(f"`{alias}`" for alias in also.split(", ") if alias))
        for name, key, *middle, also in rows
    ]
    return f"\n{table(HEAD, *cells)}\n"


def described(velocity: Velocity) -> dict[str, Any]:
    """A velocity as JSON has it: its specification, with the aggregate by name."""
    aggregate = {"aggregate": type(velocity.aggregate).__name__.lower(), "of": [*velocity.aggregate.measured]}
    said = asdict(velocity) | aggregate
    return said | {"type": velocity.aggregate.type, "unit": velocity.aggregate.unit, "where": dict(velocity.where)}
