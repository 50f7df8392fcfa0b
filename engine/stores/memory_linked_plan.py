"""Working out how what is linked is found in memory: by groups of single ids, which other velocities have anyway."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from engine.stores.memory_plan import LinkedPart, LinkedPlan, Made, Plan
from engine.velocity import Count, Distinct, Status, Total, Velocity
from engine.velocity.spec import Aggregate, FirstSeen, Linked, NewPairs, Shared

_MADE: Final[Mapping[type, Made]] = {
    Count: Made.COUNT,
    Total: Made.TOTAL,
    Distinct: Made.DISTINCT,
    FirstSeen: Made.FIRST,
    NewPairs: Made.NEW_PAIRS,
    Shared: Made.SHARED,
}


def finders(linked: Sequence[Velocity]) -> tuple[Velocity, ...]:
    """Counts by each kind of id alone: what they hold is looked at, and their numbers are not."""
    found: dict[Velocity, None] = {}
    for each in linked:
        assert isinstance(each.aggregate, Linked), f"velocity {each.name} is not linked"
        for kind in each.key:
            found[_finder(kind, None, each.aggregate.within)] = None
            if each.status is not None:
                found[_finder(kind, each.status, each.window)] = None
    return tuple(found)


def made_of(linked: Sequence[Velocity], status: Status | None) -> Iterator[Aggregate | NewPairs | Shared]:
    """What is made of the linked items of a stream."""
    for each in linked:
        if each.status is status and isinstance(each.aggregate, Linked):
            yield each.aggregate.of


def plans_of(
    linked: Sequence[Velocity],
    inputs: Sequence[str],
    streams: Mapping[Status | None, Plan],
    groups: Mapping[tuple[Status | None, tuple[str, ...]], int],
) -> tuple[tuple[LinkedPlan, ...], tuple[str, ...]]:
    """The plans, and the velocities' names in the order in which they are read.

    `groups` are the places of the streams' groups without a filter, by status and key.
    """
    plans: list[LinkedPlan] = []
    names: list[str] = []
    for key, within in dict.fromkeys((each.key, _linked(each).within) for each in linked):
        alike = [each for each in linked if (each.key, _linked(each).within) == (key, within)]
        parts: list[tuple[Status | None, LinkedPart]] = []
        for status, window_us in dict.fromkeys([(None, _linked(alike[0]).within_us), *map(_stream, alike)]):
            of_stream = [each for each in alike if _stream(each) == (status, window_us)]
            names += [each.name for each in of_stream]
            part = LinkedPart(
                groups=tuple(groups[status, (kind,)] for kind in key),
                window_us=window_us,
                figures=tuple(_figure(each, inputs, streams[status]) for each in of_stream),
            )
            parts.append((status, part))
        plan = LinkedPlan(
            kinds=tuple(inputs.index(kind) for kind in key),
            payments=parts[0][1],
            statuses=tuple((status, part) for status, part in parts if status is not None),
        )
        plans.append(plan)
    return tuple(plans), tuple(names)


def _linked(velocity: Velocity) -> Linked:
    assert isinstance(velocity.aggregate, Linked), f"velocity {velocity.name} is not linked"
    return velocity.aggregate


def _stream(velocity: Velocity) -> tuple[Status | None, int]:
    assert velocity.window_us is not None, f"velocity {velocity.name} links without an end"
    return velocity.status, velocity.window_us


def _figure(velocity: Velocity, inputs: Sequence[str], plan: Plan) -> tuple[Made, int]:
    of, index = _linked(velocity).of, 0
    if isinstance(of, Distinct):
        index = velocity.key.index(of.value)
    elif isinstance(of, Total):
        index = plan.amounts.index(inputs.index(of.amount))
    return _MADE[type(of)], index


def _finder(kind: str, status: Status | None, window: str) -> Velocity:
    name = f"linked_by_{kind}_{status or 'payments'}_{window}"
    return Velocity(name=name, key=(kind,), aggregate=Count(), window=window, status=status, doc="Finds by an id.")
