"""Filling counters from history in columns: what a key value holds follows from the ordinals of its items.

So nothing is counted one by one: the items are sorted by key once a group, and each key value is given its part. Only
what comes again and again, a payment under two sequences or to one status, is gone through in order.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from operator import itemgetter

import numpy as np

from engine.features import Value
from engine.stores.history import Items, MerchantHistory
from engine.stores.memory_inputs import Inputs, Loaded
from engine.stores.memory_plan import Plan, Plans, StreamPlans
from engine.stores.memory_streams import Streams
from engine.velocity import Status, StatusEvent
from engine.velocity.batch.stream import Mask


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """What was counted of one merchant's history."""

    inputs: Inputs
    payments: Items
    events: Mapping[Status, tuple[Items, Mask]]
    """Of those that some velocity asks for: which were counted, the others came again."""

    @property
    def sequence(self) -> int:
        """The newest of the payments'; 0 where there are none."""
        return int(self.payments.sequences.max(initial=0))


def load(streams: Streams, plans: Plans, own: MerchantHistory, inputs: Inputs) -> Counted:
    """Fill a merchant's streams, which hold nothing yet, as if all had been restored one by one.

    Raises NumberTooLarge or StreamInvalid where an amount is no whole number of 64 bits.
    """
    is_counted, _ = _counted(own.payments, plans.remembered_us[None])
    payments = own.payments.these(is_counted)
    scope = streams.payments
    kept = payments.these(_held(payments, scope.plan))
    scope.load(_loaded(kept, inputs, scope.plan, np.ones(len(kept), dtype=np.bool_)))
    events = {}
    for status, came in own.events.items():
        if streams.scope(status) is not None:
            events[status] = (came, _load_events(streams, status, came, plans.remembered_us[status], inputs))
    return Counted(inputs=inputs, payments=payments, events=events)


def _load_events(streams: Streams, status: Status, came: Items, remembered_us: int, inputs: Inputs) -> Mask:
    """Fill the stream of a status; which events were counted, the others keep their places."""
    scope = streams.scope(status)
    assert scope is not None, "some velocity asks for it"
    is_counted, runs = _counted(came, remembered_us)
    kept = _held(came, scope.plan)
    scope.load(_loaded(came.these(kept), inputs, scope.plan, is_counted[kept]))
    for name, places in runs.items():
        if places[-1] >= kept.start:
            events = [(each - kept.start, int(came.at_us[each]), inputs.row(int(came.rows[each]))) for each in places]
            streams.came_again(status, inputs.history.ids[name], events)
    return is_counted


def load_network(network: Streams, plans: StreamPlans, counted: Sequence[tuple[MerchantHistory, Counted]]) -> None:
    """Tell the network of a mode what was counted of its merchants, one by one in the order of all."""
    inputs = counted[0][1].inputs
    named = Inputs(inputs.history, plans.inputs, plans.payments.profile)
    for status in (None, *Status):
        if network.asks_for(status):
            for own, items, place, is_counted in _in_order(counted, status):
                row = named.row(int(items.rows[place]))
                name, at_us = f"{own.merchant_id}\0{named.history.ids[items.names[place]]}", int(items.at_us[place])
                if status is None:
                    network.payments.advance(at_us)
                    network.append(name, at_us, int(items.sequences[place]), row)
                else:
                    event = StatusEvent(
                        payment_id=name,
                        merchant_id=own.merchant_id,
                        test_mode=own.test_mode,
                        status=status,
                        at_us=at_us,
                        values=dict(zip(plans.inputs, row, strict=True)),
                    )
                    network.record(event, name, is_known=not is_counted)


def _in_order(
    counted: Sequence[tuple[MerchantHistory, Counted]], status: Status | None
) -> Iterator[tuple[MerchantHistory, Items, int, bool]]:
    """What was counted, and what came again, over all merchants: its place, and whether it was counted."""
    streams = []
    for number, (own, each) in enumerate(counted):
        if status is None:
            items, flags = each.payments, np.ones(len(each.payments), dtype=np.bool_)
        elif status in each.events:
            items, flags = each.events[status]
        else:
            continue
        rows = zip(items.order.tolist(), flags.tolist(), strict=True)
        streams.append([(order, number, place, own, items, flag) for place, (order, flag) in enumerate(rows)])
    for _, _, place, own, items, flag in merge(*streams, key=itemgetter(0, 1, 2)):
        yield own, items, place, flag


def _counted(items: Items, remembered_us: int) -> tuple[Mask, dict[int, list[int]]]:
    """Which of the items are counted: the first of a name, and again what comes when it is remembered no more.

    Beside it, by name, the places of those that came again and again, the counted one first; the last such run.
    """
    is_counted = np.ones(len(items), dtype=np.bool_)
    runs: dict[int, list[int]] = {}
    names, counts = np.unique(items.names, return_counts=True)
    again = np.flatnonzero(np.isin(items.names, names[counts > 1])) if len(names) < len(items) else ()
    for place in map(int, again):
        name = int(items.names[place])
        run = runs.get(name)
        if run is not None and items.at_us[run[0]] > items.at_us[place] - remembered_us:
            is_counted[place] = False
            run.append(place)
        else:
            runs[name] = [place]
    return is_counted, {name: run for name, run in runs.items() if len(run) > 1}


def _held(items: Items, plan: Plan) -> slice:
    """Those that a stream holds: what left its windows is needed where some of them have no start."""
    is_ever = any(group.is_ever for group in plan.groups)
    if plan.hold_us is None or is_ever or not len(items):
        return slice(0, None)
    return slice(int(np.searchsorted(items.at_us, items.at_us[-1] - plan.hold_us, "right")), None)


def _loaded(items: Items, inputs: Inputs, plan: Plan, is_counted: Mask) -> Loaded:
    """The items as a stream holds them; those that are not counted have their ordinals alone."""
    rows = np.where(is_counted, items.rows, -1)
    ids: list[str | None] = inputs.history.ids[items.names].tolist()
    if not is_counted.all():
        ids = [each if flag else None for each, flag in zip(ids, is_counted.tolist(), strict=True)]
    return Loaded(
        ids=ids,
        ordinals=np.fromiter(range(len(items)), dtype=np.object_, count=len(items)),
        at_us=items.at_us,
        sequences=items.sequences,
        profiles=inputs.profiles(rows),
        loose={index: _as_ids(inputs.values(index, rows), ids) for index in plan.loose},
        amounts=[inputs.amounts(index, rows) for index in plan.amounts],
        rows=rows,
        inputs=inputs,
        parts={},
    )


def _as_ids(values: list[Value], ids: Sequence[str | None]) -> list[Value]:
    """Where a payment has its order's name, the text is held once."""
    return [known if value == known else value for value, known in zip(values, ids, strict=True)]
