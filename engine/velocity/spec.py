"""What a velocity is: a windowed aggregate over the earlier payments that share a key with this one."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.features import Feature, FeatureType

_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_WINDOW: Final = re.compile(r"([1-9][0-9]{0,8})([smhd])")
_LONGEST_SECONDS: Final = 365 * 86_400


class Status(StrEnum):
    """What became of a payment, as far as velocities tell it apart; each counts when we learnt it."""

    AUTHORIZED = "authorized"
    DECLINED = "declined"
    BLOCKED = "blocked"
    """By our own decision."""
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Count:
    """How many payments."""

    @property
    def measured(self) -> tuple[str, ...]:
        """The features read beside the key: none."""
        return ()

    @property
    def type(self) -> FeatureType:
        """A whole number."""
        return FeatureType.INTEGER

    @property
    def unit(self) -> str:
        """What is counted."""
        return "payments"


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of a MONEY feature, exact, in hundredths of the unit; a payment without a known amount adds nothing."""

    amount: str
    """The feature's name: its values are integers."""
    unit: str = "USD"

    @property
    def measured(self) -> tuple[str, ...]:
        """The features read beside the key: the amount."""
        return (self.amount,)

    @property
    def type(self) -> FeatureType:
        """Money, as the amounts are."""
        return FeatureType.MONEY


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different values of a feature, exactly; a payment on which it is unknown adds none."""

    value: str
    """The feature's name."""

    @property
    def measured(self) -> tuple[str, ...]:
        """The features read beside the key: the one whose values are told apart."""
        return (self.value,)

    @property
    def type(self) -> FeatureType:
        """A whole number."""
        return FeatureType.INTEGER

    @property
    def unit(self) -> str:
        """The feature's name in the plural: `cards`, `ip addresses`."""
        return self.value.replace("_", " ") + ("es" if self.value.endswith("s") else "s")


Aggregate = Count | Total | Distinct
"""What is made of the payments in the window. To add one: a class here, and its state in every store."""


def window_us(window: str) -> int:
    """Give the length of a window such as `10m` in microseconds; other than from 1 s to 365 d is our bug."""
    match = _WINDOW.fullmatch(window)
    assert match, f"window {window!r} is not a number and one of s, m, h, d"
    seconds = int(match[1]) * _UNIT_SECONDS[match[2]]
    assert seconds <= _LONGEST_SECONDS, f"window {window!r} is longer than 365d"
    return seconds * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Velocity:
    """An aggregate over the earlier payments with the same key in `(at - window, at]`, the payment itself excluded.

    An unknown key gives an unknown velocity; a key not seen before gives 0.
    """

    name: str
    key: tuple[str, ...]
    """The names of the features that payments must share."""
    aggregate: Aggregate
    window: str
    """`<n>s`, `<n>m`, `<n>h` or `<n>d`."""
    doc: str
    aliases: tuple[str, ...] = ()
    """Other names that rules may use."""
    status: Status | None = None
    """Only payments that came to this status, each at the time that we learnt it; None counts all when they came."""

    def __post_init__(self) -> None:
        """Refuse what nobody could count."""
        assert self.name.isidentifier(), f"velocity name {self.name!r} is not a name"
        assert self.doc, f"velocity {self.name} has no documentation"
        assert self.key, f"velocity {self.name} has no key"
        assert all(self.inputs), f"velocity {self.name} names a feature with no name"
        assert len(set(self.key)) == len(self.key), f"velocity {self.name} names a key feature twice"
        if isinstance(self.aggregate, Distinct):
            assert self.aggregate.value not in self.key, f"velocity {self.name} would always tell one value apart"
        window_us(self.window)

    @property
    def window_us(self) -> int:
        """The window's length in microseconds."""
        return window_us(self.window)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the features that it is made from: the key's, then what is measured."""
        return (*self.key, *self.aggregate.measured)

    def feature(self) -> Feature:
        """Declare the feature that holds its value."""
        return Feature(
            name=self.name,
            type=self.aggregate.type,
            doc=self.doc,
            source="velocity",
            unit=self.aggregate.unit,
            aliases=self.aliases,
        )
