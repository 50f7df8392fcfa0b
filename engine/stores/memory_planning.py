"""Working out how a set of velocities is counted in memory."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from operator import itemgetter
from typing import Final, TypeVar

from engine.features import Value
from engine.stores.memory_linked_plan import finders, made_of, plans_of
from engine.stores.memory_plan import (
    EVER_US,
    LAG_US,
    ZERO_KINDS,
    Blank,
    Block,
    Group,
    Kind,
    Pick,
    Picks,
    Plan,
    Plans,
    Row,
    Span,
    StreamPlans,
    gathering,
)
from engine.velocity import Distinct, Status, Velocity
from engine.velocity.spec import (
    Average,
    Count,
    FirstSeen,
    LastSeen,
    Linked,
    Maximum,
    Minimum,
    Total,
    VelocityScope,
)

_Item = TypeVar("_Item", bound=Hashable)

CHANGING: Final = frozenset({"order"})
"""Features that are another with each payment: held apart, so that what is else the same of two is held once."""
_KINDS: Final[Mapping[type, Kind]] = {
    Count: Kind.COUNT,
    Total: Kind.TOTAL,
    Average: Kind.AVERAGE,
    Minimum: Kind.MINIMUM,
    Maximum: Kind.MAXIMUM,
    FirstSeen: Kind.FIRST,
    LastSeen: Kind.LAST,
}
_KIND_ORDER: Final = tuple(Kind)
"""A group's blocks are sorted so."""
_SUMS: Final = (Total, Average, Minimum, Maximum)

_Resets = tuple[tuple[Status, tuple[str, ...]], ...]


def plans(velocities: Sequence[Velocity]) -> Plans:
    """Set scopes and streams apart; within each, group by key and filter."""
    assert velocities, "there is nothing to count"
    assert len({velocity.name for velocity in velocities}) == len(velocities), "two velocities have one name"
    statuses = _unique(status for each in velocities for status in (each.status, each.since) if status is not None)
    remembered_us: dict[Status | None, int] = {None: max(map(reach_us, velocities))}
    for status in statuses:
        remembered_us[status] = max(reach_us(each) for each in velocities if status in (each.status, each.since))
    own = [each for each in velocities if each.scope is VelocityScope.MERCHANT]
    shared = [each for each in velocities if each.scope is VelocityScope.NETWORK]
    merchant, slots, size = _streams(own, velocities, remembered_us, is_in_order=True)
    network = None
    if shared:
        network, more, _ = _streams(shared, velocities, remembered_us, is_in_order=False)
        slots |= {name: size + slot for name, slot in more.items()}
    return Plans(
        velocities=tuple(velocities),
        merchant=merchant,
        network=network,
        remembered_us=remembered_us,
        arrange=gathering([slots[velocity.name] for velocity in velocities]),
    )


def reach_us(velocity: Velocity) -> int:
    """How long a velocity needs ids to be remembered: all time is no reason to remember them for ever."""
    return 0 if velocity.window_us is None else velocity.window_us + velocity.delay_us


def _streams(
    members: Sequence[Velocity],
    velocities: Sequence[Velocity],
    remembered_us: Mapping[Status | None, int],
    *,
    is_in_order: bool,
) -> tuple[StreamPlans, dict[str, int], int]:
    """The plans of some velocities among all, where each stands among their values, and how many these are."""
    kept, profile = _kept(velocities)
    inputs = _unique((*kept, *(name for each in velocities for name in each.inputs)))
    resets = _unique((each.since, each.key) for each in members if each.since is not None)
    found: dict[Status | None, Plan] = {}
    slots, size = dict[str, int](), 0
    linked, members = _with_finders(members)
    keyed: dict[tuple[Status | None, tuple[str, ...]], int] = {}
    for status, remembered in remembered_us.items():
        of_status = [each for each in members if each.status is status]
        its_resets = [key for since, key in resets if since is status]
        groups: list[Group] = []
        made = (*(each.aggregate for each in of_status), *made_of(linked, status))
        amounts = _unique(inputs.index(each.amount) for each in made if isinstance(each, _SUMS))
        names = _unique([*((each.key, each.where) for each in of_status), *((key, ()) for key in its_resets)])
        # Keys of one feature first: by them repeated texts are found.
        for key, where in sorted(names, key=lambda each: (len(each[0]) > 1, bool(each[1]))):
            alone = _alone(of_status, key, where)
            is_reset = status is not None and key in its_resets and not where
            group, own_slots = _group(key, where, alone, inputs, (resets, amounts), is_reset=is_reset)
            if not where:
                keyed[status, key] = len(groups)
            groups.append(group)
            slots |= {name: size + slot for name, slot in own_slots.items()}
            size += len(group.unseen)
        looking = [*of_status, *(each for each in members if status is not None and each.since is status)]
        found[status] = Plan(
            kept=len(kept),
            profile=len(profile),
            loose=tuple(inputs.index(name) for name in kept[len(profile) :] if name in _asked_for(looking)),
            has_sequences=status is None,
            amounts=amounts,
            hold_us=_hold_us(looking, remembered, is_in_order=is_in_order),
            is_in_order=is_in_order,
            groups=tuple(groups),
            picks=Picks(groups),
            slots=_slots(groups, size),
        )
    linked_plans, linked_names = plans_of(linked, inputs, found, keyed)
    slots |= {name: size + place for place, name in enumerate(linked_names)}
    payments = found.pop(None)
    if not is_in_order:
        # What is a repeat the merchants' streams know: in the network's only what is read is kept.
        found = {status: plan for status, plan in found.items() if plan.groups}
    planned = StreamPlans(
        inputs=inputs,
        payments=payments,
        statuses=tuple((status, plan) for status, plan in found.items() if status is not None),
        blank=Blank([group for plan in (payments, *found.values()) for group in plan.groups]),
        resets=tuple((since, keyed[since, key]) for since, key in resets),
        linked=linked_plans,
    )
    return planned, slots, size + len(linked_names)


def _slots(groups: Sequence[Group], end: int) -> tuple[slice, ...]:
    """Where the values of each group stand, if those of the last end there."""
    ends = [*accumulate([len(group.unseen) for group in groups], initial=0)]
    return tuple(slice(end - ends[-1] + start, end - ends[-1] + stop) for start, stop in pairwise(ends))


def _with_finders(members: Sequence[Velocity]) -> tuple[list[Velocity], list[Velocity]]:
    """Those that are linked, and all others with what the linked are found by."""
    linked = [each for each in members if isinstance(each.aggregate, Linked)]
    return linked, [*(each for each in members if not isinstance(each.aggregate, Linked)), *finders(linked)]


def _alone(members: Sequence[Velocity], key: tuple[str, ...], where: tuple[tuple[str, Value], ...]) -> list[Velocity]:
    """Those of one key and filter. What changes is told apart last: the others of it by profiles, all at once."""
    alone = [each for each in members if (each.key, each.where) == (key, where)]
    return sorted(alone, key=lambda each: isinstance(each.aggregate, Distinct) and each.aggregate.value in CHANGING)


def _kept(velocities: Sequence[Velocity]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The features that a payment held keeps, and the first of these, which seldom change."""
    named = _unique(name for each in velocities for name in each.key)
    told = _unique(each.aggregate.value for each in velocities if isinstance(each.aggregate, Distinct))
    kept = _unique((*named, *told, *(name for each in velocities for name, _ in each.where)))
    profile = tuple(name for name in kept if name not in CHANGING)
    return _unique((*profile, *kept)), profile


def _asked_for(velocities: Sequence[Velocity]) -> set[str]:
    """The features that these are counted by."""
    return {name for each in velocities for name in each.inputs}


def _hold_us(velocities: Sequence[Velocity], remembered_us: int, *, is_in_order: bool) -> int | None:
    """How long these need an item: for ever where they count all since some event, which may be taken back."""
    if any(each.window_us is None and each.since is not None for each in velocities):
        return None
    held_us = max((remembered_us, *((each.window_us or 0) + each.delay_us for each in velocities)))
    return held_us if is_in_order else held_us + LAG_US


def _group(
    key: tuple[str, ...],
    where: tuple[tuple[str, Value], ...],
    members: Sequence[Velocity],
    inputs: tuple[str, ...],
    known: tuple[_Resets, tuple[int, ...]],
    *,
    is_reset: bool,
) -> tuple[Group, dict[str, int]]:
    """The group of the velocities of one key and filter, and where each stands among its values."""
    resets, stream_amounts = known
    span_of = {each.name: _span(each, resets) for each in members}
    spans = tuple(sorted(set(span_of.values()), key=lambda each: (each.offset_us, each.delay_us, each.reset or 0)))
    amounts = _unique(
        stream_amounts.index(inputs.index(each.aggregate.amount))
        for each in members
        if isinstance(each.aggregate, _SUMS)
    )
    told = _unique(inputs.index(each.aggregate.value) for each in members if isinstance(each.aggregate, Distinct))
    tellings: list[tuple[int, int]] = []
    blocks: dict[tuple[Kind, int], list[tuple[int, str]]] = {}
    for each in members:
        span, index = span_of[each.name], 0
        if isinstance(each.aggregate, Distinct):
            index = told.index(inputs.index(each.aggregate.value))
            kind = Kind.DISTINCT_EVER if span.is_ever else Kind.DISTINCT
            # Without a start, what of it is excluded is found by the values told apart now.
            telling = (index, 0 if span.is_ever else span.delay_us)
            if telling not in tellings:
                tellings.append(telling)
            index = index if span.is_ever else tellings.index(telling)
        else:
            kind = _KINDS[type(each.aggregate)]
            if isinstance(each.aggregate, _SUMS):
                index = amounts.index(stream_amounts.index(inputs.index(each.aggregate.amount)))
        blocks.setdefault((kind, index), []).append((spans.index(span), each.name))
    made, slots, size = _blocks(dict(sorted(blocks.items(), key=lambda each: _KIND_ORDER.index(each[0][0]))))
    group = Group(
        pick=_pick(key, inputs),
        key=tuple(inputs.index(name) for name in key),
        where=tuple((inputs.index(name), value) for name, value in where),
        spans=spans,
        blocks=made,
        amounts=amounts,
        told=told,
        tellings=tuple(tellings),
        unknown=(None,) * size,
        unseen=tuple(0 if block.kind in ZERO_KINDS else None for block in made for _ in block.spans),
        is_now=not any(span.delay_us for span in spans),
        is_nested=not any(span.delay_us or span.reset is not None for span in spans),
        is_ever=any(span.is_ever for span in spans),
        evers=tuple(span.is_ever for span in spans),
        offsets_us=tuple(span.offset_us for span in spans),
        delays_us=tuple(span.delay_us for span in spans),
        resets=tuple((index, span.reset) for index, span in enumerate(spans) if span.reset is not None),
        is_reset=is_reset,
    )
    return group, slots


def _blocks(
    asked_of: Mapping[tuple[Kind, int], Sequence[tuple[int, str]]],
) -> tuple[tuple[Block, ...], dict[str, int], int]:
    """The blocks by what is asked of each, spans and velocities; where each velocity stands, and how many values."""
    slots: dict[str, int] = {}
    made: list[Block] = []
    size = 0
    for (kind, index), asked in asked_of.items():
        spans = tuple(sorted({span for span, _ in asked}))
        block = Block(kind, index, spans, gathering(spans))
        slots |= {name: size + block.spans.index(span) for span, name in asked}
        size += len(block.spans)
        made.append(block)
    return tuple(made), slots, size


def _span(velocity: Velocity, resets: _Resets) -> Span:
    offset_us = EVER_US if velocity.window_us is None else velocity.window_us + velocity.delay_us
    reset = None if velocity.since is None else resets.index((velocity.since, velocity.key))
    return Span(offset_us, velocity.delay_us, reset)


def _pick(names: tuple[str, ...], inputs: tuple[str, ...]) -> Pick:
    get = itemgetter(*(inputs.index(name) for name in names))
    if len(names) == 1:
        return get

    def combination(row: Row) -> Hashable:
        values: tuple[Value, ...] = get(row)
        return None if None in values else values

    return combination


def _unique(items: Iterable[_Item]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys(items))
