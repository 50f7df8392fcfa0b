"""How a set of velocities is counted in memory, worked out once, so that nothing is looked up by name per payment."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeVar

from engine.features import Value
from engine.velocity import Count, Distinct, Total, Velocity

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
    """What a scope keeps and reads for a set of velocities."""

    inputs: tuple[str, ...]
    """The features needed; those that keys and links are made of come first."""
    columns: int
    """How many inputs keys and links are made of: a payment held keeps these."""
    windows_us: tuple[int, ...]
    """Every window in use, ascending."""
    groups: tuple[Group, ...]
    links: tuple[Pick, ...]
    """Combinations of a key and a value told apart. Cards by e-mail and e-mails by card are the same combination."""
    arrange: Callable[[Row], tuple[Value, ...]]
    """Puts all that the groups read, one group after the other, into the order of the velocities."""


def plan(velocities: Sequence[Velocity]) -> Plan:
    """Group by key, share windows and combinations."""
    assert velocities, "there is nothing to count"
    combinations = _unique(_combination(v) for v in velocities if isinstance(v.aggregate, Distinct))
    keys = _unique(velocity.key for velocity in velocities)
    kept = _unique(name for names in (*keys, *combinations) for name in names)
    inputs = _unique((*kept, *(name for velocity in velocities for name in velocity.inputs)))
    windows_us = tuple(sorted({velocity.window_us for velocity in velocities}))
    groups: list[Group] = []
    slots: dict[str, int] = {}
    start = 0
    for key in keys:
        members = [velocity for velocity in velocities if velocity.key == key]
        group, own_slots = _group(members, inputs, windows_us, combinations)
        groups.append(group)
        slots |= {name: start + slot for name, slot in own_slots.items()}
        start += len(group.unseen)
    assert len(slots) == len(velocities), "two velocities have one name"
    return Plan(
        inputs=inputs,
        columns=len(kept),
        windows_us=windows_us,
        groups=tuple(groups),
        links=tuple(_pick(names, inputs) for names in combinations),
        arrange=_arrange([slots[velocity.name] for velocity in velocities]),
    )


def _group(
    members: Sequence[Velocity],
    inputs: tuple[str, ...],
    windows_us: tuple[int, ...],
    combinations: tuple[tuple[str, ...], ...],
) -> tuple[Group, dict[str, int]]:
    """The group of the velocities of one key, and where each stands among its values: counts, totals, distincts."""
    totals = _unique(v.aggregate.amount for v in members if isinstance(v.aggregate, Total))
    links = _unique(_combination(v) for v in members if isinstance(v.aggregate, Distinct))
    windows = tuple(sorted({windows_us.index(velocity.window_us) for velocity in members}))
    slots = {}
    for velocity in members:
        match velocity.aggregate:
            case Count():
                block = 0
            case Total(amount=amount):
                block = 1 + totals.index(amount)
            case Distinct():
                block = 1 + len(totals) + links.index(_combination(velocity))
        slots[velocity.name] = block * len(windows) + windows.index(windows_us.index(velocity.window_us))
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
