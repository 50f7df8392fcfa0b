"""How a set of velocities is counted in memory, worked out once, so that nothing is looked up by name per payment."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from operator import itemgetter
from typing import Final, TypeVar

from engine.features import Value
from engine.velocity import Status, Velocity

Row = Sequence[Value]
"""The inputs of all velocities for one payment, in the order of `Plans.inputs`."""
Gather = Callable[[Row], tuple[Value, ...]]
"""Takes some values out of a sequence."""
Take = Callable[[Sequence[int]], tuple[int, ...]]
"""As `Gather`, of whole numbers."""
Pick = Callable[[Row], Hashable]
"""Takes the combination of some inputs out of a row; None where one of them is unknown."""

_Each = TypeVar("_Each")

EVER_US: Final = 2**62
"""Longer than any time since the epoch in microseconds."""
LAG_US: Final = 3_600 * 1_000_000
"""By so much one merchant's time may be behind the newest of all without missing what the network knew then."""


MISSING_MAX: Final = 256
"""Combinations of unknown features of which it is remembered what is read where nothing is held."""


class Kind(Enum):
    """What a block reads."""

    COUNT = auto()
    TOTAL = auto()
    AVERAGE = auto()
    MINIMUM = auto()
    MAXIMUM = auto()
    DISTINCT = auto()
    """Different values from a start on."""
    DISTINCT_EVER = auto()
    """Different values without a start."""
    FIRST = auto()
    LAST = auto()


ZERO_KINDS: Final = frozenset({Kind.COUNT, Kind.TOTAL, Kind.DISTINCT, Kind.DISTINCT_EVER})
"""Where there is nothing they are 0; the others are unknown."""
OF_AMOUNTS: Final = frozenset({Kind.TOTAL, Kind.AVERAGE, Kind.MINIMUM, Kind.MAXIMUM})


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when a velocity looks."""

    offset_us: int
    """How long ago it starts; EVER_US for all time."""
    delay_us: int
    """How long ago it ends."""
    reset: int | None
    """Index into `StreamPlans.resets`: it starts no earlier than that event."""

    @property
    def is_ever(self) -> bool:
        """Whether it has no start at all."""
        return self.offset_us == EVER_US and self.reset is None


@dataclass(frozen=True, slots=True)
class Block:
    """One aggregate over some spans, read one after the other."""

    kind: Kind
    index: int
    """Of amounts into `Group.amounts`, of different values into `Group.tellings` or, without a start, `Group.told`."""
    spans: tuple[int, ...]
    """Indices into `Group.spans`."""
    take: Take
    """Takes what belongs to these out of what there is of all spans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The velocities of one key and filter."""

    pick: Pick
    key: tuple[int, ...]
    """Indices into a row of the features that make the key."""
    where: tuple[tuple[int, Value], ...]
    """Indices into a row, and what must be there for an item to be counted."""
    spans: tuple[Span, ...]
    blocks: tuple[Block, ...]
    amounts: tuple[int, ...]
    """Indices into `Plan.amounts`."""
    told: tuple[int, ...]
    """Indices into a row of the features whose values are told apart."""
    tellings: tuple[tuple[int, int], ...]
    """Index into `told`, and the delay in microseconds with which its values are told apart."""
    unknown: tuple[Value, ...]
    """What is read where the key is unknown."""
    unseen: tuple[Value, ...]
    """What is read where the key was not seen before."""
    is_now: bool
    """Whether no span is delayed."""
    is_nested: bool
    """Whether each span is a part of the next: none is delayed or starts anew."""
    is_ever: bool
    """Whether some span has no start: what leaves the windows goes to the past."""
    evers: tuple[bool, ...]
    """By span, whether it has no start."""
    offsets_us: tuple[int, ...]
    delays_us: tuple[int, ...]
    resets: tuple[tuple[int, int], ...]
    """Index of a span, and its reset."""
    is_reset: bool
    """Whether its items are what others start anew at."""

    def takes(self, row: Row) -> bool:
        """Whether an item with a key is counted."""
        return all(row[index] is not None and row[index] == value for index, value in self.where)

    @property
    def told_ever(self) -> tuple[int, ...]:
        """Indices into `told` of the features whose different values are counted without a start."""
        return tuple(each.index for each in self.blocks if each.kind is Kind.DISTINCT_EVER)

    def kinds_of(self, amount: int) -> frozenset[Kind]:
        """What is made of an amount."""
        return frozenset(each.kind for each in self.blocks if each.kind in OF_AMOUNTS and each.index == amount)


class Picks:
    """Takes the key values of some groups out of a row."""

    __slots__ = ("_combined", "_filtered", "_first")

    def __init__(self, groups: Sequence[Group]) -> None:
        """Work out what is to be done beyond taking the first feature of each key."""
        self._first = gathering([group.key[0] for group in groups])
        self._combined = [(place, group.pick) for place, group in enumerate(groups) if len(group.key) > 1]
        self._filtered = [(place, group) for place, group in enumerate(groups) if group.where]

    def keys_of(self, row: Row) -> list[Hashable]:
        """By group the key value of a row, None where it is unknown."""
        keys: list[Hashable] = [*self._first(row)]
        for place, pick in self._combined:
            keys[place] = pick(row)
        return keys

    def counted_of(self, row: Row) -> list[Hashable]:
        """By group the key value under which an item is counted, None where it is not."""
        keys = self.keys_of(row)
        for place, group in self._filtered:
            if not group.takes(row):
                keys[place] = None
        return keys


class Blank:
    """What all streams show where nothing is held: that depends on nothing but which features of keys are unknown."""

    __slots__ = ("_features", "_groups", "_known", "_of_missing")

    def __init__(self, groups: Sequence[Group]) -> None:
        """`groups` are those of all streams, in the order of their values."""
        self._groups = groups
        self._features = gathering([*dict.fromkeys(index for group in groups for index in group.key)])
        self._known = tuple(value for group in groups for value in group.unseen)
        self._of_missing: dict[tuple[bool, ...], tuple[Value, ...]] = {}
        """Where some features are unknown, by which: worked out once each."""

    def of(self, row: Row) -> list[Value]:
        """The values of a row, to be filled in where something is held."""
        features = self._features(row)
        if None not in features:
            return [*self._known]
        missing = tuple([each is None for each in features])
        found = self._of_missing.get(missing)
        if found is None:
            each_of = ((group, group.pick(row) is None) for group in self._groups)
            found = tuple(value for group, is_out in each_of for value in (group.unknown if is_out else group.unseen))
            if len(self._of_missing) < MISSING_MAX:
                self._of_missing[missing] = found
        return [*found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a scope keeps and reads for the velocities of one stream."""

    kept: int
    """How many inputs a payment held keeps, the first ones: those of keys, values told apart and filters."""
    profile: int
    """The first of these, which seldom change."""
    loose: tuple[int, ...]
    """Indices into a row of the other ones, as far as the stream asks for them."""
    has_sequences: bool
    amounts: tuple[int, ...]
    """Indices into a row."""
    hold_us: int | None
    """How long an item is held; None for ever."""
    is_in_order: bool
    """Whether items come in the order of time."""
    groups: tuple[Group, ...]
    picks: Picks
    """Of all groups."""
    slots: tuple[slice, ...]
    """By group, where its values stand among those of all streams."""

    def is_by_one(self, group: Group) -> bool:
        """Whether the group's key is one feature of the profile, and all items are counted."""
        return len(group.key) == 1 and group.key[0] < self.profile and not group.where


class Made(Enum):
    """What is made of the payments that are linked."""

    COUNT = auto()
    TOTAL = auto()
    DISTINCT = auto()
    FIRST = auto()
    NEW_PAIRS = auto()
    SHARED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPart:
    """What is made of the items of one stream that are linked with a payment."""

    groups: tuple[int, ...]
    """By kind of id, the group of the stream's plan that finds items by it."""
    window_us: int
    figures: tuple[tuple[Made, int], ...]
    """Each with an index: of a total into `Plan.amounts`, of different ids into the kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPlan:
    """What is read of the payments that are linked by some kinds of ids within some time."""

    kinds: tuple[int, ...]
    """Indices into a row."""
    payments: LinkedPart
    """Its window is that of the links."""
    statuses: tuple[tuple[Status, LinkedPart], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlans:
    """The streams of one merchant, or of all: of payments, and of each status. The rows of all are alike."""

    inputs: tuple[str, ...]
    """The features needed; those that are kept come first."""
    payments: Plan
    statuses: tuple[tuple[Status, Plan], ...]
    blank: Blank
    resets: tuple[tuple[Status, int], ...]
    """Events after which counting starts anew: the status, and the group of its plan with the same key."""
    linked: tuple[LinkedPlan, ...] = ()
    """What is read behind all else, in this order: of each first what is made of payments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """What is kept for a merchant."""

    velocities: tuple[Velocity, ...]
    merchant: StreamPlans
    network: StreamPlans | None
    """What is counted over all merchants, where something is."""
    remembered_us: Mapping[Status | None, int]
    """How long an id is remembered: of payments (None), of events to each status that is counted."""
    arrange: Gather
    """Puts what is read, the merchant's and then the network's, into the order of the velocities."""


def gathering(indices: Sequence[int]) -> Callable[[Sequence[_Each]], tuple[_Each, ...]]:
    """What takes these out of a sequence, in their order."""
    if len(indices) > 1:
        return itemgetter(*indices)
    # With one index an itemgetter gives the bare value.
    return lambda values: tuple(values[index] for index in indices)
