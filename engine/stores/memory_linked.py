"""What is linked with a payment, found in what is held of its ids: nothing is held for it alone.

So a payment that is taken back, or that leaves the windows, takes its links with it.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Final

from engine.features import Value
from engine.stores.memory_few import US_PER_SECOND
from engine.stores.memory_plan import LinkedPart, LinkedPlan, Made, Row, gathering
from engine.stores.memory_scope import Held, Scope
from engine.velocity import Status
from engine.velocity.spec import LINKED_IDS_MAX, LINKED_LATEST, LINKED_SHARED_MAX

if TYPE_CHECKING:
    from engine.stores.memory_columns import Profile

Ids = tuple[Value, ...]
"""A payment's ids, by kind."""
Stream = tuple[Sequence[Held | None], Sequence[int]]
"""What a stream's groups hold of the own key values, and the ordinals that are left out of it."""
Streams = Sequence[Stream | None]
"""Of payments, then of each status; None of one that never began."""

_NOTHING: Final[Mapping[Made, Value]] = {Made.FIRST: None}


class Component:
    """What is linked with one payment."""

    __slots__ = ("followed", "ids", "new_pairs", "ordinals", "shared")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.ordinals: set[int] = set()
        self.ids: dict[Ids, None] = {}
        """What the payments have, each combination once."""
        self.followed: list[tuple[int, Value]] = []
        """The ids that were looked at and are not shared, with their kind."""
        self.shared = 0
        self.new_pairs = 0

    def new_of(self, ids: Mapping[Ids, None], known: set[tuple[int, Value]]) -> list[tuple[int, Value]]:
        """Take the combinations in; gives the ids that were not known yet, in their order, and knows them from now."""
        new: list[tuple[int, Value]] = []
        for each in ids:
            if each not in self.ids:
                self.ids[each] = None
                found = [one for one in enumerate(each) if one[1] is not None and one not in known]
                known.update(found)
                new += found
        return new


class Linked:
    """Finds and reads, for one plan, in the streams of one merchant."""

    __slots__ = (
        "_columns",
        "_get",
        "_ids_of",
        "_own_held",
        "_part",
        "_payments",
        "_plan",
        "_statuses",
        "_unknown",
        "_unseen",
    )

    def __init__(self, plan: LinkedPlan, payments: Scope, statuses: Mapping[Status, Scope]) -> None:
        """Read of these streams."""
        self._plan = plan
        self._payments = payments
        self._columns = payments.columns
        self._get = gathering(plan.kinds)
        is_profile = all(index < payments.plan.profile for index in plan.kinds)
        self._ids_of: Callable[[Profile], Ids] | None = self._get if is_profile else None
        self._part = _Part(payments, plan.payments)
        places = {status: place for place, status in enumerate(statuses, start=1)}
        self._statuses = [(places[status], _Part(statuses[status], part)) for status, part in plan.statuses]
        """Each by the place of its stream."""
        parts = (plan.payments, *(part for _, part in plan.statuses))
        self._unknown: list[Value] = [None] * sum(len(part.figures) for part in parts)
        self._unseen = [_NOTHING.get(made, 0) for part in parts for made, _ in part.figures]
        self._own_held = [(0, gathering(plan.payments.groups))]
        """By stream, what takes what is held of the own ids out of what its groups hold of the row."""
        self._own_held += [(places[status], gathering(part.groups)) for status, part in plan.statuses]

    def read(self, row: Row, at_us: int, streams: Streams) -> Sequence[Value]:
        """What is made of the payments linked with the row at a time; all unknown where none of its ids is known."""
        own = self._get(row)
        if own.count(None) == len(own):
            return self._unknown
        if self._is_unseen(streams):
            return self._unseen
        assert streams[0] is not None, "the stream of payments is there always"
        found = self._component(own, at_us, streams[0][1])
        values = self._part.values(found, at_us) if found.ordinals or found.shared else [*self._part.nothing]
        for place, part in self._statuses:
            stream = streams[place]
            values += part.nothing if stream is None else self._of_events(found, part, at_us, stream[1])
        return values

    def _is_unseen(self, streams: Streams) -> bool:
        """Whether no stream holds any of the own ids: so it is of most new shoppers."""
        for place, gather in self._own_held:
            stream = streams[place]
            if stream is not None:
                held = gather(stream[0])
                if held.count(None) != len(held):
                    return False
        return True

    def _component(self, own: Ids, at_us: int, excluded: Sequence[int]) -> Component:
        found, finds = Component(), self._part.finds
        bounds = self._payments.between(at_us - self._plan.payments.window_us, at_us)
        queue: list[tuple[int, Value]] = [each for each in enumerate(own) if each[1] is not None]
        known, of_own = set(queue), dict[int, dict[Ids, None]]()
        # By what is held: of one payment its ordinal, of more their place in memory, which is no ordinal with a minus.
        # What is held stands here too, so that nothing else takes its place in memory, and its name here.
        seen: dict[int, tuple[Sequence[int], Sequence[int], dict[Ids, None]]] = {}
        size = len(queue)
        # What is found is put behind, so that the nearest come first.
        for place, (kind, value) in enumerate(queue):
            if place == LINKED_IDS_MAX:
                break
            held = finds[kind](value)
            if not held:
                found.followed.append((kind, value))
                continue
            name = held[0] if len(held) == 1 else -id(held)
            latest = seen.get(name)
            if latest is not None and len(latest[2]) <= LINKED_SHARED_MAX:
                # A regular customer's ids have the same payments, and these are looked at already.
                if place < size and latest[2]:
                    of_own[kind] = latest[2]
                found.followed.append((kind, value))
                continue
            if latest is None:
                ordinals = _latest(held, bounds, excluded)
                latest = seen[name] = held, ordinals, self._ids(ordinals)
            _, ordinals, ids = latest
            if place < size and ids:
                of_own[kind] = ids
            if len(ids) > LINKED_SHARED_MAX and _is_shared(ids, kind):
                found.shared += 1
                continue
            found.followed.append((kind, value))
            found.ordinals.update(ordinals)
            queue += found.new_of(ids, known)
        found.new_pairs = _new_pairs(own, of_own)
        return found

    def _ids(self, ordinals: Sequence[int]) -> dict[Ids, None]:
        columns = self._columns
        if self._ids_of is None:
            rows = zip(*(columns.values(ordinals, index) for index in self._plan.kinds), strict=True)
            return dict.fromkeys(rows)
        base, profiles = columns.base, columns.profiles
        return dict.fromkeys(map(self._ids_of, [profiles[each - base] for each in ordinals]))

    def _of_events(self, found: Component, part: "_Part", at_us: int, excluded: Sequence[int]) -> list[Value]:
        bounds, its = part.scope.between(at_us - part.window_us, at_us), Component()
        for kind, value in found.followed:
            held = part.finds[kind](value)
            if held:
                its.ordinals.update(_inside(held, bounds))
        its.ordinals.difference_update(excluded)
        if not its.ordinals:
            return part.nothing
        columns, ordinals = part.scope.columns, [*its.ordinals]
        its.ids = dict.fromkeys(zip(*(columns.values(ordinals, index) for index in self._plan.kinds), strict=True))
        return part.values(its, at_us)


class _Part:
    """How to find and read what is linked in one stream."""

    __slots__ = ("_figures", "finds", "nothing", "scope", "window_us")

    def __init__(self, scope: Scope, part: LinkedPart) -> None:
        self.scope = scope
        self.window_us = part.window_us
        self.finds = tuple(scope.finding(group) for group in part.groups)
        """By kind of id."""
        self._figures = [(_FIGURES[made], index) for made, index in part.figures]
        self.nothing = [_NOTHING.get(made, 0) for made, _ in part.figures]

    def values(self, found: Component, at_us: int) -> list[Value]:
        """What is made of some items, which have these ids."""
        return [figure(found, self.scope, index, at_us) for figure, index in self._figures]


def _inside(held: Sequence[int], bounds: tuple[int, int]) -> Sequence[int]:
    first, end = bounds
    return held[bisect_left(held, first) : bisect_left(held, end)]


def _latest(held: Sequence[int], bounds: tuple[int, int], excluded: Sequence[int]) -> Sequence[int]:
    """The latest of the ordinals held that lie within bounds and are not excluded, the latest first."""
    inside = _inside(held, bounds)
    if excluded:
        inside = [each for each in inside[-LINKED_LATEST - len(excluded) :] if each not in excluded]
    return inside[-LINKED_LATEST:][::-1]


def _is_shared(ids: Mapping[Ids, None], kind: int) -> bool:
    """Whether these payments of one id have too many different ids of one other kind."""
    columns = [*zip(*ids, strict=True)]
    return any(len(set(column) - {None}) > LINKED_SHARED_MAX for other, column in enumerate(columns) if other != kind)


def _new_pairs(own: Ids, of_own: Mapping[int, Mapping[Ids, None]]) -> int:
    """How many pairs of the own ids that were seen no payment looked at has both of."""
    if len(of_own) <= 1 or all(own in each for each in of_own.values()):
        return 0
    return sum(
        all(each[other] != own[other] for each in of_own[kind])
        and all(each[kind] != own[kind] for each in of_own[other])
        for kind, other in combinations(of_own, 2)
    )


def _count(found: Component, _scope: Scope, _index: int, _at_us: int) -> Value:
    return len(found.ordinals)


def _total(found: Component, scope: Scope, index: int, _at_us: int) -> Value:
    return sum(scope.columns.amounts[index].known([*found.ordinals], scope.columns.base)) if found.ordinals else 0


def _distinct(found: Component, _scope: Scope, index: int, _at_us: int) -> Value:
    return len({each[index] for each in found.ids} - {None})


def _first(found: Component, scope: Scope, _index: int, at_us: int) -> Value:
    return (at_us - scope.columns.time(min(found.ordinals))) // US_PER_SECOND if found.ordinals else None


def _new_pairs_of(found: Component, _scope: Scope, _index: int, _at_us: int) -> Value:
    return found.new_pairs


def _shared(found: Component, _scope: Scope, _index: int, _at_us: int) -> Value:
    return found.shared


_FIGURES: Final[Mapping[Made, Callable[[Component, Scope, int, int], Value]]] = {
    Made.COUNT: _count,
    Made.TOTAL: _total,
    Made.DISTINCT: _distinct,
    Made.FIRST: _first,
    Made.NEW_PAIRS: _new_pairs_of,
    Made.SHARED: _shared,
}
"""A figure is chosen once a plan: to tell members of an enumeration apart takes longer than to make most of these."""
