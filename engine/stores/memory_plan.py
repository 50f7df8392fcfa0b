"""How a set of velocities is counted in memory, worked out once, so that nothing is looked up by name per payment."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeVar

from engine.features import Value
from engine.velocity import Count, Distinct, Status, Total, Velocity
from engine.velocity.spec import VelocityScope

_Item = TypeVar("_Item", bound=Hashable)

Row = Sequence[Value]
"""The inputs of all velocities for one payment, in the order of `Plan.inputs`."""
Pick = Callable[[Row], Hashable]
"""Takes the combination of some inputs out of a row; None where one of them is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The velocities of one key. Every aggregate is read over every window, so the windows are looked up once."""

    pick: Pick
    windows: tuple[int, ...]
    """Indices into `Plan.windows_us`, ascending."""
    totals: tuple[int, ...]
    """Indices into `Plan.inputs` of the amounts."""
    links: tuple[int, ...]
    """Indices into `Plan.links`, one for each feature whose values are told apart."""
    unknown: tuple[Value, ...]
    """What is read where the key is unknown, one value for each aggregate and window."""
    unseen: tuple[Value, ...]
    """What is read where the key was not seen before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a scope keeps and reads for the velocities of one stream."""

    columns: int
    """How many inputs keys and links are made of: a payment held keeps these."""
    windows_us: tuple[int, ...]
    """Every window in use, ascending."""
    groups: tuple[Group, ...]
    links: tuple[Pick, ...]
    """Combinations of a key and a value told apart. Cards by e-mail and e-mails by card are the same combination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """What is kept for a merchant: a stream of payments, and one for each status. The rows of all are alike."""

    velocities: tuple[Velocity, ...]
    inputs: tuple[str, ...]
    """The features needed; those that keys and links are made of come first."""
    payments: Plan
    statuses: tuple[tuple[Status, Plan], ...]
    arrange: Callable[[Row], tuple[Value, ...]]
    """Puts what the groups of all streams read, one after the other, into the order of the velocities."""


def plans(velocities: Sequence[Velocity]) -> Plans:
    """Set streams apart; within each group by key, share windows and combinations."""
    assert velocities, "there is nothing to count"
    assert len({velocity.name for velocity in velocities}) == len(velocities), "two velocities have one name"
    combined = (_combination(velocity) for velocity in velocities if isinstance(velocity.aggregate, Distinct))
    kept = _unique(name for names in (*(velocity.key for velocity in velocities), *combined) for name in names)
    inputs = _unique((*kept, *(name for velocity in velocities for name in velocity.inputs)))
    statuses = _unique(velocity.status for velocity in velocities if velocity.status is not None)
    # Payments are remembered for the longest window of all, an event for the longest of its status.
    windows: dict[Status | None, set[int]] = {None: {max(_window_us(velocity) for velocity in velocities)}}
    slots: dict[str, int] = {}
    found: list[Plan] = []
    start = 0
    for status in (None, *statuses):
        members = [velocity for velocity in velocities if velocity.status is status]
        stream, own_slots = _plan(members, inputs, len(kept), windows.get(status, set()))
        found.append(stream)
        slots |= {name: start + slot for name, slot in own_slots.items()}
        start += sum(len(group.unseen) for group in stream.groups)
    return Plans(
        velocities=tuple(velocities),
        inputs=inputs,
        payments=found[0],
        statuses=tuple(zip(statuses, found[1:], strict=True)),
        arrange=_arrange([slots[velocity.name] for velocity in velocities]),
    )


def _plan(
    velocities: Sequence[Velocity], inputs: tuple[str, ...], columns: int, windows: set[int]
) -> tuple[Plan, dict[str, int]]:
    """The plan of one stream, with these windows too, and where each velocity stands among its values."""
    combinations = _unique(_combination(v) for v in velocities if isinstance(v.aggregate, Distinct))
    windows_us = tuple(sorted({_window_us(velocity) for velocity in velocities} | windows))
    groups: list[Group] = []
    slots: dict[str, int] = {}
    start = 0
    for key in _unique(velocity.key for velocity in velocities):
        members = [velocity for velocity in velocities if velocity.key == key]
        group, own_slots = _group(members, inputs, windows_us, combinations)
        groups.append(group)
        slots |= {name: start + slot for name, slot in own_slots.items()}
        start += len(group.unseen)
    links = tuple(_pick(names, inputs) for names in combinations)
    return Plan(columns=columns, windows_us=windows_us, groups=tuple(groups), links=links), slots


def _group(
    members: Sequence[Velocity],
    inputs: tuple[str, ...],
    windows_us: tuple[int, ...],
    combinations: tuple[tuple[str, ...], ...],
) -> tuple[Group, dict[str, int]]:
    """The group of the velocities of one key, and where each stands among its values: counts, totals, distincts."""
    totals = _unique(v.aggregate.amount for v in members if isinstance(v.aggregate, Total))
    links = _unique(_combination(v) for v in members if isinstance(v.aggregate, Distinct))
    windows = tuple(sorted({windows_us.index(_window_us(velocity)) for velocity in members}))
    slots = {}
    for velocity in members:
        match velocity.aggregate:
            case Count():
                block = 0
            case Total(amount=amount):
                block = 1 + totals.index(amount)
            case _:
                block = 1 + len(totals) + links.index(_combination(velocity))
        slots[velocity.name] = block * len(windows) + windows.index(windows_us.index(_window_us(velocity)))
    size = len(windows) * (1 + len(totals) + len(links))
    group = Group(
        pick=_pick(members[0].key, inputs),
        windows=windows,
        totals=tuple(inputs.index(name) for name in totals),
        links=tuple(combinations.index(names) for names in links),
        unknown=(None,) * size,
        unseen=(0,) * size,
    )
    return group, slots


def _window_us(velocity: Velocity) -> int:
    is_plain = not (velocity.delay or velocity.where or velocity.since) and velocity.scope is VelocityScope.MERCHANT
    is_counted = is_plain and isinstance(velocity.aggregate, Count | Total | Distinct)
    window_us = velocity.window_us if is_counted else None
    assert window_us is not None, f"velocity {velocity.name} is not counted in memory yet"
    return window_us


def _combination(velocity: Velocity) -> tuple[str, ...]:
    return tuple(sorted(velocity.inputs))


def _pick(names: tuple[str, ...], inputs: tuple[str, ...]) -> Pick:
    get = itemgetter(*(inputs.index(name) for name in names))
    if len(names) == 1:
        return get

    def combination(row: Row) -> Hashable:
        values: tuple[Value, ...] = get(row)
        return None if None in values else values

    return combination


def _arrange(order: Sequence[int]) -> Callable[[Row], tuple[Value, ...]]:
    # With one index an itemgetter gives the bare value.
    return itemgetter(*order) if len(order) > 1 else lambda row: (row[order[0]],)


def _unique(items: Iterable[_Item]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys(items))
