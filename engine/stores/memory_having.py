"""The payments that share an id with one: read of what counters hold by each of its ids."""

from collections.abc import Iterator, Mapping
from heapq import merge

from engine.features import Value
from engine.stores.memory_plan import StreamPlans
from engine.stores.memory_scope import Scope


def having(
    payments: Scope, plans: StreamPlans, ids: Mapping[str, Value], before: int | None
) -> Iterator[tuple[int, list[str]]]:
    """The ordinals of the payments held that have one of these ids, the latest first, and the names of what they share.

    `before` is an ordinal behind which none is read. Ids by which nothing is counted alone find nothing.
    """
    found = []
    groups = {group.key: place for place, group in enumerate(plans.payments.groups) if not group.where}
    for name, value in ids.items():
        place = groups.get((plans.inputs.index(name),)) if name in plans.inputs else None
        if place is not None and value is not None:
            found.append(_of(payments, place, (name, value), before))
    last, names = -1, list[str]()
    for ordinal, name in merge(*found, key=_ordinal, reverse=True):
        if ordinal != last and names:
            yield last, names
            names = []
        last = ordinal
        names.append(name)
    if names:
        yield last, names


def _of(payments: Scope, place: int, named: tuple[str, Value], before: int | None) -> Iterator[tuple[int, str]]:
    name, value = named
    for ordinal in reversed(payments.finding(place)(value)):
        if not payments.is_dropped(ordinal) and (before is None or ordinal < before):
            yield ordinal, name


def _ordinal(each: tuple[int, str]) -> int:
    return each[0]
