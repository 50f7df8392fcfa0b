"""What a velocity is: a windowed aggregate over the earlier payments that share a key with this one."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.features import Feature, FeatureType, Value

_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LENGTH: Final = re.compile(r"([1-9][0-9]{0,8})([smhd])")
_LONGEST_SECONDS: Final = 365 * 86_400
ALL_TIME: Final = "all"
"""The window without a start."""


class Status(StrEnum):
    """What became of a payment, as far as velocities tell it apart; each counts when we learnt it."""

    AUTHORIZED = "authorized"
    DECLINED = "declined"
    BLOCKED = "blocked"
    """By our own decision."""
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    """By its cardholder: charged back, whether the chargeback was won or lost later."""
    FRAUD_WARNING = "fraud_warning"
    """Warned of by the cardholder's bank (TC40, SAFE)."""


class VelocityScope(StrEnum):
    """Whose payments are looked at."""

    MERCHANT = "merchant"
    """Those of the payment's own merchant."""
    NETWORK = "network"
    """Those of all merchants of the installation, in the same mode, each at its own time."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """A whole number of things that the key alone tells."""

    @property
    def measured(self) -> tuple[str, ...]:
        """The features read beside the key: none."""
        return ()

    @property
    def type(self) -> FeatureType:
        """A whole number."""
        return FeatureType.INTEGER


@dataclass(frozen=True, slots=True)
class Count(_Counted):
    """How many payments."""

    @property
    def unit(self) -> str:
        """What is counted."""
        return "payments"


@dataclass(frozen=True, slots=True)
class _OfAmount:
    """What is made of a MONEY feature, exact, in hundredths of the unit, over the payments on which it is known."""

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
class Total(_OfAmount):
    """The sum; 0 where there is no amount."""


@dataclass(frozen=True, slots=True)
class Average(_OfAmount):
    """The mean, halves rounded up; unknown where there is no amount."""


@dataclass(frozen=True, slots=True)
class Minimum(_OfAmount):
    """The least; unknown where there is no amount."""


@dataclass(frozen=True, slots=True)
class Maximum(_OfAmount):
    """The most; unknown where there is no amount."""


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different values of a feature, exactly; a payment on which it is unknown adds none."""

    value: str
    """The feature's name."""
    unit: str = "values"
    """What they are, in the plural: `cards`."""

    @property
    def measured(self) -> tuple[str, ...]:
        """The features read beside the key: the one whose values are told apart."""
        return (self.value,)

    @property
    def type(self) -> FeatureType:
        """A whole number."""
        return FeatureType.INTEGER


@dataclass(frozen=True, slots=True)
class _Since:
    """A time in whole seconds, a begun one left out; unknown where there is no payment."""

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
        return "seconds"


@dataclass(frozen=True, slots=True)
class FirstSeen(_Since):
    """How long ago the first payment was."""


@dataclass(frozen=True, slots=True)
class LastSeen(_Since):
    """How long ago the last payment was: the time since the one before."""


@dataclass(frozen=True, slots=True)
class NewPairs(_Counted):
    """How many pairs of the payment's own key values were both seen before, but never by one payment."""

    @property
    def unit(self) -> str:
        """What is counted."""
        return "pairs"


@dataclass(frozen=True, slots=True)
class Shared(_Counted):
    """How many key values among the linked ones too many others share: links are not followed through them."""

    @property
    def unit(self) -> str:
        """What is counted."""
        return "values"


LINKED_IDS_MAX: Final = 32
"""Key values of one component through which links are looked for: the nearest ones."""
LINKED_LATEST: Final = 32
"""Payments of each of them that are looked at: the latest ones."""
LINKED_SHARED_MAX: Final = 12
"""Different cards, e-mail addresses, ... beside which a key value may be seen and still be one person's."""


@dataclass(frozen=True, slots=True)
class Linked:
    """An aggregate over the payments that are linked with this one: those of its component, within bounds.

    The key's features are kinds of ids: cards, e-mail addresses, devices. From the payment's own ids on, in the key's
    order and nearest first, each id leads to the latest LINKED_LATEST payments that have it, within `within` until
    now, and these to their other ids, until LINKED_IDS_MAX were looked at. An id is shared, and leads nowhere, where
    those payments have more than LINKED_SHARED_MAX different ids of one other kind. With a status the aggregate is
    over the events of the velocity's window whose payments have an id that was looked at and is not shared.
    """

    of: "Count | Total | Distinct | FirstSeen | NewPairs | Shared"
    """What is made of them; the values told apart are of a kind of id."""
    within: str
    """How long ago payments may be that link: not longer than the velocity's window."""

    @property
    def measured(self) -> tuple[str, ...]:
        """The features read beside the key: those of what is made of the payments."""
        return self.of.measured

    @property
    def type(self) -> FeatureType:
        """The type of what is made of them."""
        return self.of.type

    @property
    def unit(self) -> str:
        """The unit of what is made of them."""
        return self.of.unit

    @property
    def within_us(self) -> int:
        """How long ago payments may be that link, in microseconds."""
        return length_us(self.within)


Aggregate = Count | Total | Average | Minimum | Maximum | Distinct | FirstSeen | LastSeen | Linked
"""What is made of the payments in the window. To add one: a class here, and its state in every store."""


def is_length(text: str) -> bool:
    """Whether a text is a length of time from 1 s to 365 d: a whole number and one of s, m, h, d."""
    match = _LENGTH.fullmatch(text)
    return match is not None and int(match[1]) * _UNIT_SECONDS[match[2]] <= _LONGEST_SECONDS


def length_us(length: str) -> int:
    """Give a length of time such as `10m` in microseconds; other than from 1 s to 365 d is our bug."""
    match = _LENGTH.fullmatch(length)
    assert match, f"{length!r} is not a number and one of s, m, h, d"
    seconds = int(match[1]) * _UNIT_SECONDS[match[2]]
    assert seconds <= _LONGEST_SECONDS, f"{length!r} is longer than 365d"
    return seconds * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Velocity:
    """An aggregate over the earlier payments with the same key in `(at - delay - window, at - delay]`, itself excluded.

    With a status, over the events by which payments came to it, each at the time that we learnt it and with the
    features of its payment. An unknown part of the key gives an unknown velocity; a key not seen before counts 0.
    What is linked needs one known part alone: see Linked.
    """

    name: str
    key: tuple[str, ...]
    """The names of the features that payments must share."""
    aggregate: Aggregate
    window: str
    """`<n>s`, `<n>m`, `<n>h` or `<n>d`, or ALL_TIME."""
    doc: str
    aliases: tuple[str, ...] = ()
    """Other names that rules may use."""
    status: Status | None = None
    """Only payments that came to this status, each at the time that we learnt it; None counts all when they came."""
    delay: str | None = None
    """How long ago the window ends, written as a window is; None: now."""
    where: tuple[tuple[str, Value], ...] = ()
    """Features and what each must be on a payment that is looked at; one that is unknown is none of them."""
    scope: VelocityScope = VelocityScope.MERCHANT
    since: Status | None = None
    """Only what is later than the last event by which a payment of the same key came to this status."""
    direction: int = 0
    """This, the group of reasons and the words are what models read: see Feature."""
    reason: str = ""
    says: str = ""

    def __post_init__(self) -> None:
        """Refuse what nobody could count."""
        assert self.name.isidentifier(), f"velocity name {self.name!r} is not a name"
        assert self.doc, f"velocity {self.name} has no documentation"
        assert self.key, f"velocity {self.name} has no key"
        assert all(self.inputs), f"velocity {self.name} names a feature with no name"
        assert len(set(self.key)) == len(self.key), f"velocity {self.name} names a key feature twice"
        if isinstance(self.aggregate, Distinct):
            assert self.aggregate.value not in self.key, f"velocity {self.name} would always tell one value apart"
        if isinstance(self.aggregate, Linked):
            self._check_linked(self.aggregate)
        assert all(value is not None for _, value in self.where), f"velocity {self.name} looks for what is unknown"
        assert self.since is None or self.delay is None, f"velocity {self.name} starts anew and is delayed: choose one"
        assert self.since is None or self.since is not self.status, f"velocity {self.name} would always start anew"
        if self.window_us is not None:
            assert self.window_us + self.delay_us <= _LONGEST_SECONDS * 1_000_000, f"velocity {self.name} looks too far"

    def _check_linked(self, linked: Linked) -> None:
        is_plain = not self.where and self.since is None and self.delay is None
        assert is_plain, f"velocity {self.name} is linked, and filtered, delayed or begun anew"
        assert self.scope is VelocityScope.MERCHANT, f"velocity {self.name} links payments of several merchants"
        assert self.window_us is not None, f"velocity {self.name} links without an end"
        assert linked.within_us <= self.window_us, f"velocity {self.name} links for longer than it looks back"
        if isinstance(linked.of, Distinct):
            assert linked.of.value in self.key, f"velocity {self.name} tells apart what is no id"
        if self.status is None:
            assert linked.within == self.window, f"velocity {self.name} looks back for longer than it links"
        else:
            assert not isinstance(linked.of, NewPairs | Shared), f"velocity {self.name} looks for events in payments"

    @property
    def window_us(self) -> int | None:
        """The window's length in microseconds; None for all time."""
        return None if self.window == ALL_TIME else length_us(self.window)

    @property
    def delay_us(self) -> int:
        """How long ago the window ends, in microseconds."""
        return 0 if self.delay is None else length_us(self.delay)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the features that it is made from: the key's, what is measured, what is looked for."""
        return (*self.key, *self.aggregate.measured, *(name for name, _ in self.where))

    def feature(self) -> Feature:
        """Declare the feature that holds its value."""
        return Feature(
            name=self.name,
            type=self.aggregate.type,
            doc=self.doc,
            source="velocity",
            unit=self.aggregate.unit,
            aliases=self.aliases,
            direction=self.direction,
            reason=self.reason,
            says=self.says,
        )
