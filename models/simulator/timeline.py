"""Orders and what follows from their answers, as one stream in order of time."""

from collections.abc import Callable, Iterator
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

from engine.decision import Action
from models.simulator.events import Event
from models.simulator.journey import following, usual_action


class Timeline:
    """What happens next: the next order, or what follows from an earlier answer, whichever is first.

    Whoever takes an event tells how it was answered; until then nothing of its order follows.
    """

    def __init__(self, orders: Iterator[Event], until: datetime | None = None) -> None:
        """`orders` are first requests in order of time; they may be endless. What would follow after `until` does not.

        `dropped` counts the events that would have.
        """
        self.dropped = 0
        self._until = until
        self._orders = orders
        self._next_order = next(orders, None)
        self._later: list[tuple[datetime, int, Event]] = []
        self._number = count()

    @property
    def next_at(self) -> datetime | None:
        """When the next event is; None where no order comes any more and nothing is left to follow."""
        times = [self._later[0][0]] if self._later else []
        if self._next_order is not None:
            times.append(self._next_order.at)
        return min(times, default=None)

    def take(self) -> Event | None:
        """The next event; None where there is none."""
        order = self._next_order
        if self._later and (order is None or self._later[0][0] <= order.at):
            return heappop(self._later)[2]
        if order is not None:
            self._next_order = next(self._orders, None)
        return order

    def answered(self, event: Event, action: Action) -> None:
        """The event was answered so; an outcome is reported, its action is of no account."""
        for each in following(event, action):
            if self._until is None or each.at < self._until:
                heappush(self._later, (each.at, next(self._number), each))
            else:
                self.dropped += 1


def stream(
    orders: Iterator[Event], until: datetime | None = None, action_of: Callable[[Event], Action] = usual_action
) -> Iterator[Event]:
    """All events in order of time, each answered at once by `action_of`; what would follow after `until` does not."""
    timeline = Timeline(orders, until)
    while (event := timeline.take()) is not None:
        timeline.answered(event, action_of(event))
        yield event
